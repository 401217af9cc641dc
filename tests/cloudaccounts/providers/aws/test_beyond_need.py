"""What is granted although no scan needs it: by the same questions to the simulator, stored with the report."""

from __future__ import annotations

from typing import Any

from cloudaccounts.contract.report import AccessKind, BeyondNeed, CloudValidationResult
from cloudaccounts.providers.aws.beyond_need import ACTIONS
from cloudaccounts.providers.aws.least_privilege import ACTIONS as READINGS
from cloudaccounts.providers.aws.permission_check import BATCH
from cloudaccounts.providers.aws.permissions import BY_ACTION, PERMISSIONS
from tests.cloudaccounts.providers.aws.conftest import Cloud


def allow(action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*"}


def test_nothing_that_a_scan_needs_is_beyond_need_and_two_calls_ask_all() -> None:
    assert not ACTIONS.keys() & (BY_ACTION.keys() | frozenset().union(*READINGS.values()))
    assert len(PERMISSIONS) <= BATCH  # a heartbeat's probe asks for these alone
    assert len(PERMISSIONS) + len(ACTIONS) <= 2 * BATCH


def test_the_policies_of_the_guides_grant_nothing_beyond(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("beyond-none"), regions=("us-east-1",))
    assert report.beyond == ()
    assert len(cloud.calls("SimulatePrincipalPolicy")) == 2  # of a hundred actions at most


def test_what_is_beyond_names_the_policies_that_grant_it_and_writing_comes_first(cloud: Cloud) -> None:
    statements = {"storage": [allow("s3:*")], "people": [allow("iam:CreateUser")]}
    report = cloud.validate(cloud.keys("beyond-more", inline=statements))
    assert report.beyond == (
        BeyondNeed("iam:CreateUser", AccessKind.WRITE, ("people",)),
        BeyondNeed("s3:PutObject", AccessKind.WRITE, ("storage",)),
        BeyondNeed("s3:GetObject", AccessKind.DATA, ("storage",)),
    )
    assert CloudValidationResult.from_dict(report.to_dict()) == report


def test_without_the_simulator_it_is_not_known(cloud: Cloud) -> None:
    denial = allow("iam:SimulatePrincipalPolicy") | {"Effect": "Deny"}
    report = cloud.validate(cloud.keys("beyond-unknown", inline={"denial": [denial], "storage": [allow("s3:*")]}))
    assert report.ok
    assert report.beyond is None
    assert "beyond" not in report.to_dict()
