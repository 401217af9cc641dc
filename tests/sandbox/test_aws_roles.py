"""AssumeRole across accounts: existence, trust, external ID, permission and durations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Control
from sandbox.rig import Rig
from tests.sandbox.conftest import Fields, MakeClient, refusal

CUSTOMER = "444455556666"
OURS = "999900001111"
DENIED = ("AccessDenied", 403)


@pytest.fixture
def sts(client: MakeClient, server: Fields) -> Any:
    return client("sts", server, region="eu-west-1")


def fields_of(answer: Any) -> Fields:
    given = answer["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }


def test_it_lets_in_the_right_external_id(sts: Any, client: MakeClient, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "reader-1", external_id="owner-1")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="scan", ExternalId="owner-1")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{CUSTOMER}:assumed-role/reader-1/scan"
    fields = fields_of(answer)
    identity = client("sts", fields).get_caller_identity()
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert client("iam", fields).list_users()["Users"]
    assert client("s3", fields).list_buckets()["Buckets"]
    assert client("ec2", fields, region="eu-west-1").describe_instances()["Reservations"]


def test_it_refuses_an_omitted_external_id(sts: Any, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "reader-2", external_id="owner-1")
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED


def test_it_refuses_a_wrong_external_id(sts: Any, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "reader-3", external_id="owner-1")
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe", ExternalId="owner-2") == DENIED


def test_a_role_without_a_condition_lets_in_any_external_id_and_none(sts: Any, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "careless")
    assert sts.assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    assert sts.assume_role(RoleArn=arn, RoleSessionName="probe", ExternalId="anything")["Credentials"]


def test_it_refuses_a_role_that_does_not_exist(sts: Any) -> None:
    arn = f"arn:aws:iam::{CUSTOMER}:role/never-made"
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED
    assert refusal(sts.assume_role, RoleArn=arn.replace(CUSTOMER, "123123123123"), RoleSessionName="probe") == DENIED


def test_the_path_is_part_of_the_arn(sts: Any, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "in-a-path", "/audit/external/")
    assert arn == f"arn:aws:iam::{CUSTOMER}:role/audit/external/in-a-path"
    assert sts.assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    without = f"arn:aws:iam::{CUSTOMER}:role/in-a-path"
    assert refusal(sts.assume_role, RoleArn=without, RoleSessionName="probe") == DENIED


def test_it_refuses_a_trust_in_another_account(sts: Any, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "for-others", principal="arn:aws:iam::123456789012:root")
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED


def test_a_trust_may_name_the_very_user(sts: Any, control: Control) -> None:
    exact = f"arn:aws:iam::{OURS}:user/service/cloud-accounts-server"
    arn = control.put_role(CUSTOMER, "for-our-server", principal=exact)
    assert sts.assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    arn = control.put_role(CUSTOMER, "for-our-server", principal=f"arn:aws:iam::{OURS}:user/somebody-else")
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED


def test_a_caller_needs_permission_to_assume(client: MakeClient, control: Control) -> None:
    weak = control.put_user(OURS, "without-permission", policies=[])
    arn = control.put_role(CUSTOMER, "reader-4")
    assert refusal(client("sts", weak).assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED


def test_within_an_account_a_trust_in_the_very_user_suffices(client: MakeClient, control: Control) -> None:
    user = control.put_user(CUSTOMER, "operator", policies=[])
    arn = control.put_role(CUSTOMER, "operations", principal=user["arn"])
    assert client("sts", user).assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]


def test_a_trust_may_ask_for_more_than_one_condition(sts: Any, control: Control) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OURS},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"sts:ExternalId": ["owner-1", "owner-2"]},
            "StringLike": {"sts:RoleSessionName": "scan-*"},
        },
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn = control.put_role(CUSTOMER, "picky", trust_policy=trust)
    assert sts.assume_role(RoleArn=arn, RoleSessionName="scan-1", ExternalId="owner-2")["Credentials"]
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe", ExternalId="owner-2") == DENIED


def test_an_external_id_compared_without_case_is_seen_as_such(sts: Any, control: Control) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OURS}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEqualsIgnoreCase": {"sts:ExternalId": "OWNER-1"}},
    }
    arn = control.put_role(CUSTOMER, "any-case", trust_policy=json.dumps({"Statement": [trust]}))
    assert sts.assume_role(RoleArn=arn, RoleSessionName="probe", ExternalId="owner-1")["Credentials"]


def test_root_may_not_assume_roles(client: MakeClient, rig: Rig, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "reader-5", principal="arn:aws:iam::777788889999:root")
    sts = client("sts", rig.scenario("Root user's key")["fields"])
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"DurationSeconds": 7200}, "MaxSessionDuration"),
        ({"RoleSessionName": "no spaces"}, "roleSessionName"),
        ({"ExternalId": "not allowed!"}, "externalId"),
        ({"RoleArn": "arn:aws:iam::444455556666:user/x"}, "is invalid"),
    ],
)
def test_it_validates_what_it_is_given(sts: Any, control: Control, arguments: dict[str, Any], words: str) -> None:
    arn = control.put_role(CUSTOMER, "reader-6")
    with pytest.raises(ClientError, match=words) as caught:
        sts.assume_role(**{"RoleArn": arn, "RoleSessionName": "probe", **arguments})
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_chained_roles_last_an_hour_at_most(client: MakeClient, sts: Any, control: Control) -> None:
    first = control.put_role(CUSTOMER, "hop-1", inline={"hop": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    second = control.put_role(CUSTOMER, "hop-2", principal=first, max_session_seconds=43_200)
    hop = client("sts", fields_of(sts.assume_role(RoleArn=first, RoleSessionName="one")))
    assert hop.assume_role(RoleArn=second, RoleSessionName="two")["Credentials"]
    with pytest.raises(ClientError, match="role chaining"):
        hop.assume_role(RoleArn=second, RoleSessionName="two", DurationSeconds=7200)


def test_a_session_policy_narrows_what_the_role_may_do(sts: Any, client: MakeClient, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "reader-7")
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}
    narrow = fields_of(sts.assume_role(RoleArn=arn, RoleSessionName="scan", Policy=json.dumps(policy)))
    assert client("s3", narrow).list_buckets()["Buckets"]
    assert refusal(client("iam", narrow).list_users) == DENIED


def test_a_session_ends_with_its_role(sts: Any, client: MakeClient, control: Control) -> None:
    arn = control.put_role(CUSTOMER, "short-lived")
    fields = fields_of(sts.assume_role(RoleArn=arn, RoleSessionName="scan"))
    control.delete_role(CUSTOMER, "short-lived")
    assert refusal(client("iam", fields).list_users) == ("InvalidClientTokenId", 403)


def test_a_user_gets_a_session_token(client: MakeClient, auditor: Fields) -> None:
    fields = fields_of(client("sts", auditor).get_session_token(DurationSeconds=900))
    assert client("iam", fields).list_users()["Users"]


def test_a_role_in_another_partition_is_out_of_reach(sts: Any, control: Control) -> None:
    arn = control.put_role("222233334444", "reader")
    assert arn.startswith("arn:aws-us-gov:")
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="probe") == DENIED
