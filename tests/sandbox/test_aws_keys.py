"""Which keys AWS accepts, and how it refuses the others: in each protocol's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.control import Control
from sandbox.rig import Rig
from tests.sandbox.conftest import Fields, MakeClient, refusal
from tests.stack import wait_for

# One operation per protocol: query, EC2 query, REST-XML of S3, REST-JSON, JSON, REST-XML of others, CBOR.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "sts": ("get_caller_identity", {}),
    "iam": ("list_users", {}),
    "ec2": ("describe_instances", {}),
    "s3": ("list_buckets", {}),
    "lambda": ("list_functions", {}),
    "kms": ("list_keys", {}),
    "s3control": ("get_public_access_block", {"AccountId": "111122223333"}),
    "cloudwatch": ("list_metrics", {}),
}
UNKNOWN = {
    "sts": ("InvalidClientTokenId", 403),
    "iam": ("InvalidClientTokenId", 403),
    "ec2": ("AuthFailure", 401),
    "s3": ("InvalidAccessKeyId", 403),
    "lambda": ("UnrecognizedClientException", 403),
    "kms": ("UnrecognizedClientException", 400),
    "s3control": ("InvalidClientTokenId", 403),
    "cloudwatch": ("UnrecognizedClientException", 400),
}
WRONG_SECRET = {
    **UNKNOWN,
    "sts": ("SignatureDoesNotMatch", 403),
    "iam": ("SignatureDoesNotMatch", 403),
    "s3": ("SignatureDoesNotMatch", 403),
    "lambda": ("InvalidSignatureException", 403),
    "kms": ("InvalidSignatureException", 400),
    "s3control": ("SignatureDoesNotMatch", 403),
    "cloudwatch": ("InvalidSignatureException", 400),
}
EXPIRED = {
    "sts": ("ExpiredToken", 403),
    "iam": ("ExpiredToken", 403),
    "ec2": ("RequestExpired", 400),
    "s3": ("ExpiredToken", 400),
    "lambda": ("ExpiredTokenException", 403),
    "kms": ("ExpiredTokenException", 400),
    "s3control": ("ExpiredToken", 403),
    "cloudwatch": ("ExpiredTokenException", 400),
}


def ask(make: MakeClient, service: str, fields: Fields) -> Any:
    operation, arguments = CALLS[service]
    return getattr(make(service, fields), operation)(**arguments)


def refused(make: MakeClient, service: str, fields: Fields) -> tuple[str, int]:
    operation, arguments = CALLS[service]
    return refusal(getattr(make(service, fields), operation), **arguments)


@pytest.mark.parametrize("service", [name for name in CALLS if name != "s3control"])
def test_a_good_key_is_accepted(client: MakeClient, auditor: Fields, service: str) -> None:
    assert ask(client, service, auditor)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("service", CALLS)
def test_an_unknown_key_is_refused(client: MakeClient, auditor: Fields, service: str) -> None:
    assert refused(client, service, {**auditor, "access_key_id": "AKIA" + "Z" * 16}) == UNKNOWN[service]


@pytest.mark.parametrize("service", CALLS)
def test_a_wrong_secret_is_refused(client: MakeClient, auditor: Fields, service: str) -> None:
    assert refused(client, service, {**auditor, "secret_access_key": "x" * 40}) == WRONG_SECRET[service]


@pytest.mark.parametrize("service", CALLS)
def test_an_inactive_key_is_refused_like_an_unknown_one(client: MakeClient, rig: Rig, service: str) -> None:
    assert refused(client, service, rig.scenario("Inactive key")["fields"]) == UNKNOWN[service]


@pytest.mark.parametrize("service", CALLS)
def test_expired_temporary_credentials_are_refused(client: MakeClient, control: Control, service: str) -> None:
    expired = control.open_session("111122223333", user="cloud-accounts-auditor", seconds=-60)
    assert refused(client, service, expired) == EXPIRED[service]


@pytest.mark.parametrize("service", CALLS)
def test_a_temporary_key_needs_its_session_token(client: MakeClient, rig: Rig, service: str) -> None:
    fields = dict(rig.scenario("Temporary credentials")["fields"])
    del fields["session_token"]
    assert refused(client, service, fields) == UNKNOWN[service]


@pytest.mark.parametrize("service", CALLS)
def test_a_wrong_session_token_is_refused(client: MakeClient, rig: Rig, service: str) -> None:
    fields = {**rig.scenario("Temporary credentials")["fields"], "session_token": "someone-elses"}
    expected = ("InvalidToken", 400) if service == "s3" else UNKNOWN[service]
    assert refused(client, service, fields) == expected


def test_sessions_can_be_ended(client: MakeClient, control: Control) -> None:
    fields = control.open_session("444455556666", user="nobody")
    sts = client("sts", fields)
    assert sts.get_caller_identity()["Account"] == "444455556666"
    assert control.expire_sessions("444455556666") >= 1
    assert refusal(sts.get_caller_identity) == ("ExpiredToken", 403)


def test_temporary_credentials_work(client: MakeClient, rig: Rig) -> None:
    fields = rig.scenario("Temporary credentials")["fields"]
    assert fields["access_key_id"].startswith("ASIA")
    identity = client("sts", fields).get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::666600003333:user/service/cloud-accounts-auditor"
    assert client("s3", fields).list_buckets()["Buckets"]


def test_a_root_key_shows_the_root_user(client: MakeClient, rig: Rig) -> None:
    fields = rig.scenario("Root user's key")["fields"]
    identity = client("sts", fields).get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::777788889999:root"
    assert identity["UserId"] == identity["Account"] == "777788889999"
    assert client("iam", fields).get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 1


def test_an_unsigned_request_is_refused(rig: Rig) -> None:
    config = Config(signature_version=UNSIGNED, proxies={"https": rig.proxy_url}, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", region_name="us-east-1", config=config, verify=rig.ca_bundle)
    assert refusal(sts.get_caller_identity) == ("MissingAuthenticationToken", 403)


def test_identity_needs_no_permission(client: MakeClient, rig: Rig) -> None:
    fields = rig.scenario("No permission at all")["fields"]
    assert client("sts", fields).get_caller_identity()["Arn"].endswith(":user/service/nobody")


def test_a_key_of_another_partition_is_unknown(client: MakeClient, rig: Rig, auditor: Fields) -> None:
    government = rig.scenario("AWS GovCloud (US)")["fields"]
    assert refusal(client("sts", government).get_caller_identity) == ("InvalidClientTokenId", 403)
    sts = client("sts", auditor, region="us-gov-west-1")
    assert refusal(sts.get_caller_identity) == ("InvalidClientTokenId", 403)


@pytest.mark.parametrize(
    ("title", "partition", "region"),
    [("AWS GovCloud (US)", "aws-us-gov", "us-gov-west-1"), ("AWS China", "aws-cn", "cn-north-1")],
)
def test_other_partitions_answer_on_their_own_hosts(
    client: MakeClient, rig: Rig, control: Control, title: str, partition: str, region: str
) -> None:
    fields = rig.scenario(title)["fields"]
    arn = client("sts", fields, region=region).get_caller_identity()["Arn"]
    assert arn.split(":")[1] == partition
    users = client("iam", fields, region=region).list_users()["Users"]
    assert [user["Arn"] for user in users] == [arn]
    assert client("s3", fields, region=region).list_buckets()["Buckets"]
    assert client("ec2", fields, region=region).describe_vpcs()["Vpcs"]
    policies = client("iam", fields, region=region).list_attached_user_policies(UserName="cloud-accounts-auditor")
    assert policies["AttachedPolicies"][0]["PolicyArn"] == f"arn:{partition}:iam::aws:policy/SecurityAudit"
    assert control.refused_hosts() == []


def _opens(client: MakeClient, key: Fields) -> bool:
    try:
        client("sts", key).get_caller_identity()
    except ClientError:
        return False
    return True


def test_a_key_rotates_through_the_iam_api(client: MakeClient, control: Control) -> None:
    own_keys = {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "arn:aws:iam::444455556666:user/turning"}
    old = control.put_user("444455556666", "turning", inline={"own-keys": [own_keys]}, key_age_days=100)
    iam = client("iam", old)
    made = iam.create_access_key(UserName="turning")["AccessKey"]
    new = {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}
    # As at AWS, a new key is not known everywhere at once.
    wait_for(lambda: _opens(client, new), seconds=30, what="the new key")
    assert client("sts", new).get_caller_identity()["Arn"] == old["arn"]
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.create_access_key(UserName="turning")
    client("iam", new).update_access_key(UserName="turning", AccessKeyId=old["access_key_id"], Status="Inactive")
    assert refusal(client("sts", old).get_caller_identity) == ("InvalidClientTokenId", 403)
    client("iam", new).delete_access_key(UserName="turning", AccessKeyId=old["access_key_id"])
    keys = client("iam", new).list_access_keys(UserName="turning")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [new["access_key_id"]]


def test_an_administrator_deactivates_a_key(client: MakeClient, control: Control) -> None:
    user = control.put_user("444455556666", "paused")
    control.set_key_status(user["access_key_id"], "Inactive")
    assert refusal(client("sts", user).get_caller_identity) == ("InvalidClientTokenId", 403)
    control.set_key_status(user["access_key_id"], "Active")
    assert client("sts", user).get_caller_identity()["Arn"] == user["arn"]


@pytest.mark.parametrize(
    ("service", "code"),
    [("sts", "SignatureDoesNotMatch"), ("s3", "RequestTimeTooSkewed"), ("ec2", "RequestExpired")],
)
def test_a_clock_that_is_wrong_by_more_than_15_minutes_is_refused(
    client: MakeClient, auditor: Fields, monkeypatch: pytest.MonkeyPatch, service: str, code: str
) -> None:
    def late(remove_tzinfo: bool = True) -> datetime:
        moment = datetime.now(UTC) - timedelta(minutes=20)
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    monkeypatch.setattr("botocore.auth.get_current_datetime", late)
    assert refused(client, service, auditor)[0] == code
