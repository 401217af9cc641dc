"""What AWS's checks share beyond `provider_kit.posture`: texts in policies, and references."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from cloudaccounts.contract.rules import PostureCheck, Reference, Severity, Threshold
from cloudaccounts.provider_kit.posture import Expected, Rule, posture_check


def texts(value: Any) -> list[str]:
    """The texts of a list; a single text counts as a list of one, as in AWS's policies."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def aws_docs(title: str, url: str) -> Reference:
    return Reference(title, url=url)


def security_hub(control: str) -> Reference:
    """A control of AWS Security Hub's catalogue, such as ``RDS.11``."""
    # Security Hub's documentation has a page for each service and an anchor for each control.
    service = control.partition(".")[0].lower()
    page = f"https://docs.aws.amazon.com/securityhub/latest/userguide/{service}-controls.html"
    return Reference("AWS Security Hub", control, f"{page}#{control.lower().replace('.', '-')}")


def check(
    identifier: str,
    title: str,
    severity: Severity,
    asset_type: str,
    rule: Rule,
    *,
    why: str,
    console: str,
    command: str,
    references: tuple[Reference, ...] = (),
    time_dependent: bool = False,
    every_region: bool = False,
    terraform: str = "",
    expected: Expected = MappingProxyType({}),
    thresholds: tuple[Threshold, ...] = (),
) -> PostureCheck:
    """A posture check of AWS. The service is the second part of the asset's type. See `posture_check`."""
    make = posture_check(
        f"aws_{identifier}",
        title,
        severity,
        asset_type.split(".")[1],
        asset_type,
        why=why,
        console=console,
        command=command,
        references=references,
        time_dependent=time_dependent,
        every_region=every_region,
        thresholds=thresholds,
        terraform=terraform,
        expected=expected,
    )
    return make(rule)


BEST_PRACTICES = aws_docs(
    "Security best practices in IAM", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
)
