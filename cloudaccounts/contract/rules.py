"""Posture checks: rules about assets, and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.severity import Severity as Severity  # rules take both from here

if TYPE_CHECKING:
    from cloudaccounts.contract.inventory import Asset


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 # a verdict
    FAIL = "fail"
    # Neither passed nor failed: the posture score is of what was evaluated either way (docs/coverage.md).
    NOT_APPLICABLE = "not_applicable"
    # What could not be read, is new or is absent: neither best nor worst case (docs/decisions/0017-dates-not-lists).
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """A property that decided a verdict, so that a person can look it up in the console.

    ``path`` is where it lies in the asset's properties (``versioning.status``, ``ingress[3].cidrs``). ``value`` is what
    it held, in JSON types; None where the cloud leaves it out. ``expected`` is what the check wants to see there: a
    value in JSON types, or words (``at most 90 days``); None where the check does not say.
    """

    path: str
    value: Any
    expected: Any = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of a check on one asset. ``reason`` is a sentence: what was found, or why there is no result.

    ``evidence`` holds the facts behind a failure or an unknown, most telling first. See `provider_kit.evidence`.
    """

    verdict: Verdict
    reason: str = ""
    # Collected by asking the rule again, not listed by it: docs/decisions/0019-evidence-by-asking-the-rule.
    evidence: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that a check compares with, and that a team may set for itself.

    ``stricter`` says which way is stricter than ``default``: ``lower`` for an age, ``higher`` for a retention.
    """

    key: str  # stable: settings hold it
    label: str
    default: int
    least: int
    most: int
    unit: str = "days"
    stricter: str = "lower"


@dataclass(frozen=True, slots=True)
class Reference:
    """A page of the vendor that a check rests on; ``section`` is its number there (``RDS.11`` of Security Hub)."""

    source: str
    section: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Remediation:
    """How to remediate one finding: filled in with its resource, safe to paste, empty or None where there is no way."""

    cli: str = ""
    terraform: str | None = None


@dataclass(frozen=True, slots=True)
class PostureCheck:
    """A rule about one type of asset.

    ``id`` is stable and unique over all providers (``aws_s3_bucket_public_access``). ``evaluate`` is a pure function:
    no network, and no clock but the asset's (`Asset.as_of`), so that a result can be repeated from what is stored. What
    could not be read is UNKNOWN with the reason, never PASS. ``console``, ``command`` and ``terraform`` are the ways to
    remediate; the latter two may hold placeholders in angle brackets (`provider_kit.remediation`). ``terraform`` is
    empty where no snippet of a few lines remediates it.
    """

    # Findings, exports and frameworks name it.
    id: str
    title: str
    severity: Severity
    service: str
    asset_type: str
    why: str
    console: str
    # Filled in when somebody looks, and never stored with a finding (docs/decisions/0019-evidence-by-asking-the-rule).
    command: str
    # A benchmark's numbers are not among them: which check answers which control, scans/compliance/frameworks/ alone
    # says.
    references: tuple[Reference, ...]
    evaluate: Callable[[Asset], Evaluation]
    # It says something of all regions: while an enabled region is not read, there is no result for it.
    every_region: bool = False
    # Time alone can change the verdict. So unchanged assets are evaluated again at each scan, and not skipped.
    time_dependent: bool = False
    terraform: str = ""
    # What it compares with, and what a team may set otherwise (`provider_kit.thresholds`).
    thresholds: tuple[Threshold, ...] = ()
