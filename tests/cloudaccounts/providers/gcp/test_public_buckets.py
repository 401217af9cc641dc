"""What an organization policy may still prevent is said beside the verdict on a bucket, which goes by the bucket."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.gcp.checks import CHECKS

RULE = next(check for check in CHECKS if check.id == "gcp_storage_public")
UNIFORM = {"uniformBucketLevelAccess": {"enabled": True}}


@pytest.mark.parametrize(
    ("prevention", "roles", "verdict"),
    [
        ("inherited", ["roles/storage.objectViewer"], Verdict.FAIL),
        ("enforced", ["roles/storage.objectViewer"], Verdict.PASS),
        ("inherited", [], Verdict.PASS),
    ],
)
def test_the_reason_names_the_policy_that_is_not_read(prevention: str, roles: list[str], verdict: Verdict) -> None:
    told: dict[str, Any] = {
        "iamConfiguration": {**UNIFORM, "publicAccessPrevention": prevention},
        "public_roles": roles,
        "conditional_bindings": [],
    }
    result = RULE.evaluate(Asset("gcp.storage.bucket", "storage", "eu", "//x", "x", properties=told))
    assert result.verdict == verdict, result.reason
    assert ("organization policy" in result.reason) == (verdict == Verdict.FAIL)
