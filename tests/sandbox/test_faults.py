"""Fault switches: each failure that the product must tell apart, on the wire."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ReadTimeoutError

from sandbox.control import Control
from tests.sandbox.conftest import Fields, MakeClient, refusal
from tests.sandbox.test_aws_keys import CALLS

THROTTLED = {
    "sts": ("Throttling", 400),
    "iam": ("Throttling", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
    "lambda": ("TooManyRequestsException", 429),
    "kms": ("ThrottlingException", 400),
}
BROKEN = {
    "sts": ("InternalFailure", 500),
    "ec2": ("InternalError", 500),
    "s3": ("InternalError", 500),
    "kms": ("InternalServerError", 500),
}


@pytest.mark.parametrize("service", THROTTLED)
def test_throttling_has_the_services_own_shape(
    client: MakeClient, auditor: Fields, control: Control, service: str
) -> None:
    control.fault("throttle", service=service)
    assert refusal(getattr(client(service, auditor), CALLS[service][0])) == THROTTLED[service]


def test_throttling_ends_after_so_many_times(client: MakeClient, auditor: Fields, control: Control) -> None:
    control.fault("throttle", service="sts", times=2)
    sts = client("sts", auditor, retries={"total_max_attempts": 4, "mode": "standard"})
    assert sts.get_caller_identity()["ResponseMetadata"]["RetryAttempts"] == 2
    assert [call["code"] for call in control.calls()] == ["Throttling", "Throttling", ""]
    assert control.faults()[0]["hits"] == 2


@pytest.mark.parametrize("service", BROKEN)
def test_a_service_can_break(client: MakeClient, auditor: Fields, control: Control, service: str) -> None:
    control.fault("error", service=service)
    assert refusal(getattr(client(service, auditor), CALLS[service][0])) == BROKEN[service]


def test_an_error_can_have_another_status(client: MakeClient, auditor: Fields, control: Control) -> None:
    control.fault("error", service="iam", status=503)
    assert refusal(client("iam", auditor).list_users)[1] == 503


def test_a_service_can_be_slow(client: MakeClient, auditor: Fields, control: Control) -> None:
    control.fault("delay", service="sts", seconds=1.5)
    with pytest.raises(ReadTimeoutError):
        client("sts", auditor, read_timeout=0.5).get_caller_identity()
    began = time.monotonic()
    assert client("sts", auditor).get_caller_identity()
    assert time.monotonic() - began >= 1.5


def test_one_permission_can_be_taken_away(client: MakeClient, auditor: Fields, control: Control) -> None:
    control.fault("deny", permission="s3:ListAllMyBuckets")
    assert refusal(client("s3", auditor).list_buckets) == ("AccessDenied", 403)
    assert client("iam", auditor).list_users()["Users"]
    control.clear_faults()
    assert client("s3", auditor).list_buckets()["Buckets"]


def test_a_new_role_takes_a_while_to_be_everywhere(client: MakeClient, server: Fields, control: Control) -> None:
    arn = control.put_role("444455556666", "brand-new", external_id="owner-1")
    control.fault("deny", service="sts", action="AssumeRole", resource=arn, times=2)
    sts = client("sts", server)
    arguments = {"RoleArn": arn, "RoleSessionName": "probe", "ExternalId": "owner-1"}
    for _ in range(2):
        assert refusal(sts.assume_role, **arguments) == ("AccessDenied", 403)
    assert sts.assume_role(**arguments)["Credentials"]


def test_a_fault_can_concern_one_account_or_key(
    client: MakeClient, auditor: Fields, server: Fields, control: Control
) -> None:
    control.fault("throttle", account="111122223333")
    assert refusal(client("sts", auditor).get_caller_identity)[0] == "Throttling"
    assert client("sts", server).get_caller_identity()
    control.clear_faults()
    control.fault("throttle", key=server["access_key_id"])
    assert client("sts", auditor).get_caller_identity()
    assert refusal(client("sts", server).get_caller_identity)[0] == "Throttling"


def test_a_fault_can_concern_one_region(client: MakeClient, auditor: Fields, control: Control) -> None:
    control.fault("error", service="ec2", region="eu-west-1")
    assert refusal(client("ec2", auditor, region="eu-west-1").describe_vpcs)[1] == 500
    assert client("ec2", auditor, region="us-east-1").describe_vpcs()["Vpcs"]


@pytest.mark.parametrize(
    ("kind", "service", "code"),
    [
        ("clock_skew", "sts", "SignatureDoesNotMatch"),
        ("clock_skew", "s3", "RequestTimeTooSkewed"),
        ("expired_token", "iam", "ExpiredToken"),
        ("expired_token", "ec2", "RequestExpired"),
    ],
)
def test_clocks_and_tokens_can_be_off(
    client: MakeClient, auditor: Fields, control: Control, kind: str, service: str, code: str
) -> None:
    control.fault(kind, service=service)
    assert refusal(getattr(client(service, auditor), CALLS[service][0]))[0] == code


def test_one_switch_is_cleared_without_the_others(client: MakeClient, auditor: Fields, control: Control) -> None:
    first = control.fault("throttle", service="sts")
    control.fault("throttle", service="iam")
    control.clear_faults(first)
    assert client("sts", auditor).get_caller_identity()
    assert refusal(client("iam", auditor).list_users)[0] == "Throttling"


def test_the_journal_tells_each_call(client: MakeClient, auditor: Fields, control: Control) -> None:
    client("iam", auditor).list_roles()
    (call,) = control.calls("aws")
    assert call["permission"] == "iam:ListRoles"
    assert (call["service"], call["action"], call["account"]) == ("iam", "ListRoles", "111122223333")
    assert (call["key"], call["status"], call["code"]) == (auditor["access_key_id"], 200, "")
