"""A secret in a property that nobody thought of reaches neither evidence nor reason, for any rule of any cloud."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import PostureCheck, Verdict
from cloudaccounts.providers.aws.provider import PROVIDER as AWS
from cloudaccounts.providers.azure.provider import PROVIDER as AZURE
from cloudaccounts.providers.gcp.provider import PROVIDER as GCP
from scans.findings.evaluation import Evaluator
from tests.cloudaccounts.providers.aws.checks.test_three_each import EVERY as AWS_CASES
from tests.cloudaccounts.providers.azure.test_checks import TABLE as AZURE_CASES
from tests.cloudaccounts.providers.gcp.test_benchmark_checks import EVERY_CASE as GCP_CASES

F = Verdict.FAIL
CASES: dict[str, tuple[Any, list[tuple[str, Verdict, dict[str, Any]]]]] = {
    "aws": (AWS, AWS_CASES),
    "azure": (AZURE, AZURE_CASES),
    "gcp": (GCP, GCP_CASES),
}
# Short and plain on purpose: no look would tell it from a name.
SECRET = "Zqhunterzz"
ODD_NAMES = ("favouriteColour", "description", "userData", "x_pw_backup")
TRIES = 3  # of each rule, each with another name and another shape
SHAPES: list[Callable[[str], Any]] = [
    lambda secret: secret,
    lambda secret: {"deep": [{"er": secret}]},
    lambda secret: f"https://app:{secret}@db.example/",
    lambda secret: json.dumps({"db": {"pw": secret}}),
    lambda secret: f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
]


def planted(told: Any, name: str, hidden: Any) -> Any:
    """With the secret in every object, however deep."""
    if isinstance(told, dict):
        return {name: hidden, **{key: planted(item, name, hidden) for key, item in told.items()}}
    return [planted(item, name, hidden) for item in told] if isinstance(told, list) else told


def asset_of(check: PostureCheck, properties: dict[str, Any]) -> Asset:
    own = dict(properties)
    name, tags = str(own.pop("name", "one")), own.pop("tags", None)
    tags = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    return Asset(check.asset_type, check.service, "eu-west-1", "arn:aws:x::1:y", name, tags, own)


@pytest.mark.parametrize("cloud", CASES)
def test_what_no_rule_looks_at_is_in_no_finding(cloud: str) -> None:
    provider, cases = CASES[cloud]
    evaluator = Evaluator(provider)
    checks = {check.id: check for check in provider.posture_checks()}
    tried: Counter[str] = Counter()
    failed = set()
    for turn, (identifier, verdict, properties) in enumerate(cases):
        if verdict != F or tried[identifier] == TRIES:
            continue
        tried[identifier] += 1
        name, hidden = ODD_NAMES[turn % len(ODD_NAMES)], SHAPES[turn % len(SHAPES)](SECRET)
        # Beside all that the rule is told, and inside of it.
        for told in ({name: hidden, **properties}, planted(properties, name, hidden)):
            failure = evaluator.evaluate(asset_of(checks[identifier], told)).failures.get(identifier)
            if failure is not None:
                failed.add(identifier)
                assert SECRET not in json.dumps(failure.evidence), (identifier, name, failure.evidence)
                assert SECRET not in failure.reason, (identifier, name)
                assert failure.evidence, identifier
    assert len(failed) > 0.9 * len(checks), "planting must not end the failures themselves"
