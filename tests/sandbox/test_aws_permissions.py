"""Who may do what: enforcement on each call, and the simulation of it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Control
from sandbox.rig import Rig
from tests.sandbox.conftest import Fields, MakeClient, refusal

PAYMENTS = "444455556666"
AUDITOR = "arn:aws:iam::111122223333:user/service/cloud-accounts-auditor"


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "expected"),
    [
        ("iam", "list_users", {}, ("AccessDenied", 403)),
        ("ec2", "describe_instances", {}, ("UnauthorizedOperation", 403)),
        ("s3", "list_buckets", {}, ("AccessDenied", 403)),
        ("s3control", "get_public_access_block", {"AccountId": PAYMENTS}, ("AccessDenied", 403)),
        ("account", "list_regions", {}, ("AccessDeniedException", 403)),
        ("lambda", "list_functions", {}, ("AccessDeniedException", 403)),
        ("kms", "list_keys", {}, ("AccessDeniedException", 400)),
        ("cloudwatch", "list_metrics", {}, ("AccessDeniedException", 400)),
        ("rds", "describe_db_instances", {}, ("AccessDenied", 403)),
    ],
)
def test_a_missing_permission_is_told_in_the_protocols_own_shape(
    client: MakeClient,
    rig: Rig,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    expected: tuple[str, int],
) -> None:
    fields = rig.scenario("No permission at all")["fields"]
    assert refusal(getattr(client(service, fields), operation), **arguments) == expected


def test_a_refusal_names_caller_action_and_reason(client: MakeClient, rig: Rig) -> None:
    nobody = client("iam", rig.scenario("No permission at all")["fields"])
    words = (
        r"user/service/nobody is not authorized to perform: iam:ListUsers .* because no identity-based policy allows"
    )
    with pytest.raises(ClientError, match=words):
        nobody.list_users()
    gaps = client("ec2", rig.scenario("Some permissions denied")["fields"])
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        gaps.describe_volumes()


def test_an_explicit_deny_leaves_the_rest_alone(client: MakeClient, rig: Rig) -> None:
    fields = rig.scenario("Some permissions denied")["fields"]
    s3 = client("s3", fields, region="eu-west-1")
    bucket = "storefront-prod-orders"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert refusal(s3.get_bucket_encryption, Bucket=bucket) == ("AccessDenied", 403)
    assert refusal(s3.get_bucket_tagging, Bucket=bucket) == ("AccessDenied", 403)
    ec2 = client("ec2", fields, region="eu-west-1")
    assert ec2.describe_instances()["Reservations"]
    assert refusal(ec2.describe_security_groups) == ("UnauthorizedOperation", 403)


def test_an_auditor_may_not_write(client: MakeClient, auditor: Fields) -> None:
    assert refusal(client("s3", auditor).create_bucket, Bucket="not-for-auditors") == ("AccessDenied", 403)
    assert refusal(client("iam", auditor).create_user, UserName="intruder") == ("AccessDenied", 403)


def test_permissions_of_a_group_count(client: MakeClient, control: Control) -> None:
    """moto keeps groups; the administrator's user makes one through the API."""
    everything = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    admin = client("iam", control.put_user(PAYMENTS, "iam-admin", policies=[], inline={"iam": [everything]}))
    member = control.put_user(PAYMENTS, "member", policies=[])
    assert refusal(client("ec2", member).describe_vpcs) == ("UnauthorizedOperation", 403)
    admin.create_group(GroupName="viewers")
    admin.attach_group_policy(GroupName="viewers", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    admin.add_user_to_group(GroupName="viewers", UserName="member")
    assert client("ec2", member).describe_vpcs()["Vpcs"]


def test_a_permission_for_one_bucket_is_for_that_one(client: MakeClient, control: Control) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetBucketTagging", "Resource": "arn:aws:s3:::payments-prod-s*"}
    user = control.put_user(PAYMENTS, "one-bucket", policies=[], inline={"tags": [statement]})
    s3 = client("s3", user, region="eu-west-1")
    assert s3.get_bucket_tagging(Bucket="payments-prod-settlements")["TagSet"]
    assert refusal(s3.get_bucket_tagging, Bucket="payments-prod-receipts") == ("AccessDenied", 403)


def test_a_new_permission_counts_at_once(client: MakeClient, control: Control) -> None:
    user = control.put_user(PAYMENTS, "growing", policies=[])
    iam = client("iam", user)
    assert refusal(iam.list_roles) == ("AccessDenied", 403)
    control.put_user(PAYMENTS, "growing", policies=["SecurityAudit"])
    assert iam.list_roles()["Roles"]


def simulate(iam: Any, source: str, *actions: str, **more: Any) -> dict[str, str]:
    answer = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=list(actions), **more)
    assert answer["IsTruncated"] is False
    return {one["EvalActionName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}


def test_simulation_tells_granted_from_missing(client: MakeClient, auditor: Fields) -> None:
    results = simulate(client("iam", auditor), AUDITOR, "iam:ListUsers", "s3:ListAllMyBuckets", "ec2:RunInstances")
    assert results == {"iam:ListUsers": "allowed", "s3:ListAllMyBuckets": "allowed", "ec2:RunInstances": "implicitDeny"}


def test_simulation_tells_an_explicit_deny_and_its_policy(client: MakeClient, rig: Rig) -> None:
    iam = client("iam", rig.scenario("Some permissions denied")["fields"])
    arn = client("sts", rig.scenario("Some permissions denied")["fields"]).get_caller_identity()["Arn"]
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["ec2:DescribeVolumes"])
    (result,) = answer["EvaluationResults"]
    assert result["EvalDecision"] == "explicitDeny"
    (statement,) = result["MatchedStatements"]
    assert (statement["SourcePolicyId"], statement["SourcePolicyType"]) == ("no-card-data", "user")


def test_simulation_agrees_with_what_happens(client: MakeClient, rig: Rig) -> None:
    fields = rig.scenario("Some permissions denied")["fields"]
    arn = client("sts", fields).get_caller_identity()["Arn"]
    results = simulate(client("iam", fields), arn, "ec2:DescribeVolumes", "ec2:DescribeInstances")
    ec2 = client("ec2", fields)
    assert results == {"ec2:DescribeVolumes": "explicitDeny", "ec2:DescribeInstances": "allowed"}
    assert refusal(ec2.describe_volumes)[1] == 403
    assert ec2.describe_instances()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_role_simulates_itself_by_its_stored_arn(client: MakeClient, server: Fields, control: Control) -> None:
    arn = control.put_role(PAYMENTS, "simulated", "/audit/", external_id="owner-1")
    given = client("sts", server).assume_role(RoleArn=arn, RoleSessionName="self", ExternalId="owner-1")["Credentials"]
    iam = client(
        "iam",
        {
            "access_key_id": given["AccessKeyId"],
            "secret_access_key": given["SecretAccessKey"],
            "session_token": given["SessionToken"],
        },
    )
    assert simulate(iam, arn, "iam:ListRoles") == {"iam:ListRoles": "allowed"}
    without_path = arn.replace("/audit", "")
    arguments = {"PolicySourceArn": without_path, "ActionNames": ["iam:ListRoles"]}
    assert refusal(iam.simulate_principal_policy, **arguments) == ("NoSuchEntity", 404)
    arguments["PolicySourceArn"] = f"arn:aws:sts::{PAYMENTS}:assumed-role/simulated/self"
    assert refusal(iam.simulate_principal_policy, **arguments) == ("InvalidInput", 400)


def test_simulation_itself_can_be_forbidden(client: MakeClient, rig: Rig) -> None:
    fields = rig.scenario("Permissions that cannot be simulated")["fields"]
    arn = client("sts", fields).get_caller_identity()["Arn"]
    iam = client("iam", fields)
    arguments = {"PolicySourceArn": arn, "ActionNames": ["iam:ListUsers"]}
    assert refusal(iam.simulate_principal_policy, **arguments) == ("AccessDenied", 403)
    assert iam.list_users()["Users"]


def test_simulation_answers_page_by_page(client: MakeClient, auditor: Fields) -> None:
    iam = client("iam", auditor)
    actions = [f"ec2:DescribeThing{number}" for number in range(7)]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=AUDITOR, ActionNames=actions, PaginationConfig={"PageSize": 3}
    )
    answers = [page["EvaluationResults"] for page in pages]
    assert [len(answer) for answer in answers] == [3, 3, 1]
    assert [one["EvalActionName"] for answer in answers for one in answer] == actions


def test_simulation_takes_a_hundred_actions_in_one_call(client: MakeClient, auditor: Fields) -> None:
    actions = [f"ec2:Describe{number}" for number in range(100)]
    assert len(simulate(client("iam", auditor), AUDITOR, *actions)) == 100


def test_simulation_weighs_named_resources(client: MakeClient, control: Control) -> None:
    statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::payments-prod-tmp"}
    simulation = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
    user = control.put_user(PAYMENTS, "weighed", policies=[], inline={"both": [statement, simulation]})
    iam = client("iam", user)
    assert simulate(iam, user["arn"], "s3:GetBucketTagging") == {"s3:GetBucketTagging": "implicitDeny"}
    named = {"ResourceArns": ["arn:aws:s3:::payments-prod-tmp"]}
    assert simulate(iam, user["arn"], "s3:GetBucketTagging", **named) == {"s3:GetBucketTagging": "allowed"}


def test_simulation_refuses_what_is_no_action(client: MakeClient, auditor: Fields) -> None:
    arguments = {"PolicySourceArn": AUDITOR, "ActionNames": ["ListUsers"]}
    assert refusal(client("iam", auditor).simulate_principal_policy, **arguments) == ("InvalidInput", 400)
