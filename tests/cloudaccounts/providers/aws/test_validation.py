"""Access keys, each way that they can be right or wrong, on the wire."""

from __future__ import annotations

import logging
import time

import pytest

from cloudaccounts.contract.report import CheckStatus, CloudValidationResult, PermissionStatus, ValidationProgress
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, OTHER_ACCOUNT, Cloud, check, keys, make_target

WRONG_SECRET = "w" * 40


def test_a_good_key_passes_every_check(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("aged", path="/teams/audit/", key_age_days=12))
    assert report.ok
    assert report.finished
    assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan("access_keys")]
    assert {item.status for item in report.checks} == {CheckStatus.PASSED}
    assert {item.status for item in report.permissions} == {PermissionStatus.GRANTED}
    enabled = {item.name for item in report.regions if item.enabled}
    assert {"us-east-1", "eu-west-1"} < enabled
    assert len(enabled) == 17
    assert "15 more regions" in check(report, "regions").detail
    assert report.identity == f"arn:aws:iam::{ACCOUNT}:user/teams/audit/aged"
    assert "12 days ago" in check(report, "key_age").detail
    assert report.credential_created_at
    assert CloudValidationResult.from_dict(report.to_dict()) == report


def test_it_asks_only_hosts_of_aws_and_only_regional_sts(cloud: Cloud) -> None:
    cloud.validate(cloud.keys("good"), regions=("eu-central-2", "eu-west-1"))
    hosts = {item["host"] for item in cloud.control.hosts()}
    assert hosts == {"sts.eu-west-1.amazonaws.com", "iam.amazonaws.com", "ec2.eu-west-1.amazonaws.com"}


def test_the_simulator_is_asked_twice_at_most(cloud: Cloud) -> None:
    """A hundred actions in each call, and for services without regions in a call of their own elsewhere."""
    cloud.validate(cloud.keys("good"))
    assert len(cloud.calls("SimulatePrincipalPolicy")) <= 2


def test_each_step_is_shown_as_it_happens(cloud: Cloud) -> None:
    seen: list[CloudValidationResult] = []
    PROVIDER.validate(cloud.keys("good"), make_target(), ValidationProgress(seen.append))
    running = list(dict.fromkeys(report.running for report in seen if report.running))
    assert running == [item.name for item in PROVIDER.plan("access_keys")]
    assert seen[0].running == "identity"
    assert not seen[0].checks


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_other_partitions_are_asked_at_their_own_hosts(cloud: Cloud, partition: str) -> None:
    title = {"aws-us-gov": "AWS GovCloud (US)", "aws-cn": "AWS China"}[partition]
    region = {"aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}[partition]
    account = cloud.rig.scenario(title)["account_id"]
    report = cloud.validate(cloud.scenario(title), account_id=account, partition=partition, regions=(region,))
    assert report.ok
    assert all(".cn" in item["host"] or "us-gov" in item["host"] for item in cloud.control.hosts())


def test_an_unknown_key_is_told_with_all_its_causes(cloud: Cloud) -> None:
    report = cloud.validate(keys("AKIA" + "Z" * 16, WRONG_SECRET))
    assert (report.ok, report.code, report.permanent) == (False, "access_key_refused", True)
    assert "inactive" in report.cause
    assert "does not exist" in report.cause
    assert check(report, "identity").sdk_error == "InvalidClientTokenId"
    assert {item.status for item in report.checks[1:]} == {CheckStatus.SKIPPED}
    assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan("access_keys")]


def test_an_inactive_key_is_refused(cloud: Cloud) -> None:
    assert cloud.validate(cloud.scenario("Inactive key"), account_id="777788889999").code == "access_key_refused"


def test_a_wrong_secret_is_told_apart_from_a_wrong_key(cloud: Cloud) -> None:
    good = cloud.keys("good")
    report = cloud.validate(keys(good["access_key_id"], WRONG_SECRET))
    assert (report.code, check(report, "identity").sdk_error) == ("secret_access_key_wrong", "SignatureDoesNotMatch")


def test_a_key_of_another_account_is_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("good"), account_id=OTHER_ACCOUNT)
    assert report.code == "account_mismatch"
    assert ACCOUNT in report.cause
    assert check(report, "permissions").status == CheckStatus.SKIPPED
    assert not cloud.calls("SimulatePrincipalPolicy")


def test_a_root_key_is_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.scenario("Root user's key"), account_id="777788889999")
    assert report.code == "root_key_refused"
    assert not cloud.calls("SimulatePrincipalPolicy")


def test_temporary_keys_are_proven_by_reads_and_have_no_age(cloud: Cloud) -> None:
    cloud.keys("good")
    made = cloud.control.open_session(ACCOUNT, user="good")
    report = cloud.validate(keys(made["access_key_id"], made["secret_access_key"], made["session_token"]))
    assert report.ok
    assert check(report, "key_age").status == CheckStatus.SKIPPED
    assert not cloud.calls("SimulatePrincipalPolicy")


def test_expired_temporary_keys_are_refused(cloud: Cloud) -> None:
    made = cloud.control.open_session(ACCOUNT, user="good", seconds=-10)
    report = cloud.validate(keys(made["access_key_id"], made["secret_access_key"], made["session_token"]))
    assert report.code == "credentials_expired"


def test_some_missing_permissions_are_a_warning_with_what_mends_them(cloud: Cloud) -> None:
    denied = {"Effect": "Deny", "Action": ["s3:GetBucketAcl", "ec2:DescribeVolumes"], "Resource": "*"}
    report = cloud.validate(cloud.keys("gaps", inline={"no-volumes": [denied]}))
    assert report.ok
    verdict = check(report, "permissions")
    assert (verdict.status, verdict.code) == (CheckStatus.WARNING, "permissions_missing")
    assert "Findings about public access to buckets and volumes will be missing" in verdict.detail
    told = {item.permission: item for item in report.permissions if item.status == PermissionStatus.DENIED}
    assert set(told) == {"s3:GetBucketAcl", "ec2:DescribeVolumes"}
    assert told["s3:GetBucketAcl"].reason == "explicitly denied by no-volumes"
    assert report.mending.splitlines() == ["ec2:DescribeVolumes", "s3:GetBucketAcl"]


def test_no_permission_at_all_is_refused(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("nobody", policies=[]))
    assert report.code == "no_permissions"
    assert check(report, "key_age").status == CheckStatus.SKIPPED
    assert check(report, "regions").code == "permission_denied"
    assert report.mending


def test_a_temporary_refusal_of_every_permission_can_be_retried(cloud: Cloud) -> None:
    cloud.control.fault("throttle", service="iam")
    report = cloud.validate(cloud.keys("good"))
    assert (report.ok, report.code, report.permanent) == (False, "throttled", False)


def test_one_throttled_answer_is_ridden_out(cloud: Cloud) -> None:
    cloud.control.fault("throttle", service="sts", times=1)
    assert cloud.validate(cloud.keys("good")).ok


@pytest.mark.parametrize(
    ("fault", "code", "permanent"),
    [
        ({"kind": "throttle", "service": "sts"}, "throttled", False),
        ({"kind": "error", "service": "sts", "status": 503}, "aws_unavailable", False),
        ({"kind": "clock_skew", "service": "sts"}, "clock_skew", True),
        ({"kind": "unreachable", "host": "sts.*", "mode": "refuse"}, "proxy_refused", False),
        ({"kind": "unreachable", "host": "sts.*", "mode": "drop"}, "network_broken", False),
    ],
)
def test_what_is_not_the_customers_fault_is_told_so(
    cloud: Cloud, fault: dict[str, str], code: str, permanent: bool
) -> None:
    good = cloud.keys("good")
    cloud.control.fault(**fault)
    report = cloud.validate(good)
    assert (report.ok, report.code, report.permanent) == (False, code, permanent)


def test_a_host_that_never_answers_ends_at_the_deadline(cloud: Cloud) -> None:
    good = cloud.keys("good")
    cloud.control.fault("unreachable", host="iam.amazonaws.com", mode="hang", seconds=60)
    began = time.monotonic()
    report = cloud.validate(good, timeout=30.0, deadline=1.0)
    assert time.monotonic() - began < 20
    assert (report.ok, report.code, report.permanent) == (False, "deadline_exceeded", False)
    assert check(report, "identity").status == CheckStatus.PASSED


def test_slow_answers_are_cut_by_the_request_timeout(cloud: Cloud) -> None:
    good = cloud.keys("good")
    cloud.control.fault("delay", service="sts", seconds=3)
    began = time.monotonic()
    report = cloud.validate(good, timeout=0.3)
    assert time.monotonic() - began < 8
    assert (report.code, report.permanent) == ("aws_timeout", False)


def test_a_region_that_is_off_is_a_warning(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("good"), regions=("us-east-1", "eu-central-2"))
    assert report.ok
    assert check(report, "regions").code == "region_not_enabled"
    enabled = {item.name: item.enabled for item in report.regions}
    assert (enabled["us-east-1"], enabled["eu-central-2"]) == (True, False)


def test_with_all_regions_every_enabled_one_is_counted(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("good"), regions=(), all_regions=True)
    assert check(report, "regions").status == CheckStatus.PASSED
    assert "17 regions are enabled in this account" in check(report, "regions").detail


def test_regions_are_asked_of_account_management_where_ec2_says_no(cloud: Cloud) -> None:
    statement = {"Effect": "Allow", "Action": ["iam:*", "account:ListRegions"], "Resource": "*"}
    report = cloud.validate(cloud.keys("lister", policies=[], inline={"some": [statement]}))
    assert check(report, "regions").status == CheckStatus.PASSED
    assert cloud.calls("ListRegions")


def test_a_region_of_another_partition_never_reaches_a_host_name(cloud: Cloud) -> None:
    report = cloud.validate(cloud.keys("good"), regions=("us-east-1", "evil.com/"))
    assert report.code == "region_unknown"
    assert not cloud.control.hosts()


def test_no_secret_is_in_the_report_or_the_log(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    made = cloud.control.open_session(ACCOUNT, user="good")
    credentials = keys(made["access_key_id"], WRONG_SECRET, made["session_token"])
    told = f"{cloud.validate(credentials).to_dict()} {caplog.text} {credentials!r}"
    assert WRONG_SECRET not in told
    assert made["session_token"][:20] not in told
