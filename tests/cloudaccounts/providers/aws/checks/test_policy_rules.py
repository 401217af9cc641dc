"""Rules that read policies: reasons that name the statement, and facts that are missing or not understood."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.aws.checks import CHECKS

BY_ID = {check.id: check for check in CHECKS}
PASS, FAIL, UNKNOWN, OTHER = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
OWN = "111122223333"
TEAM_POLICY = f"arn:aws:iam::{OWN}:policy/team"
OF_AWS = "arn:aws:iam::aws:policy/"
AWS_ADMIN, AWS_POWER = f"{OF_AWS}AdministratorAccess", f"{OF_AWS}PowerUserAccess"


def judge(identifier: str, properties: dict[str, Any], native_id: str = f"arn:aws:iam::{OWN}:role/x") -> Evaluation:
    check = BY_ID[identifier]
    return check.evaluate(Asset(check.asset_type, "x", "eu-west-1", native_id, "data", {}, properties))


def document(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "x:Read", "Resource": "*", **more}]}


def identity(action: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}


RULES = (
    *("aws_sqs_queue_public", "aws_sns_topic_public", "aws_lambda_function_public", "aws_kms_key_public"),
    *("aws_secretsmanager_secret_public", "aws_ecr_repository_public"),
)


def resource(policy: Any) -> dict[str, Any]:
    return {"policy": policy, "alias_policies": {}, "state": "Enabled"}


NOT_RESTRICTED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": False,
}


@pytest.mark.parametrize("identifier", RULES)
@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (document({"AWS": OWN}), PASS),
        (document(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}), PASS),
        (document(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{OWN}:*"}}), PASS),
        (document(), FAIL),
        (document({"AWS": ["*"]}), FAIL),
        (document(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}}), FAIL),
        (document(Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}), FAIL),
        (document(Condition={"StringEquals": {"x:Unheard": "of"}}), UNKNOWN),
        (document(Condition={"StringUnheard": {"aws:PrincipalOrgID": "o-abcdefghij"}}), UNKNOWN),
        ({"Statement": [{"Effect": "Allow"}]}, UNKNOWN),
        ({}, UNKNOWN),
        ("{not json", UNKNOWN),
    ],
)
def test_a_resource_is_public_by_what_its_policy_says(identifier: str, policy: Any, verdict: Verdict) -> None:
    assert judge(identifier, resource(policy)).verdict == verdict


def test_the_reason_names_statement_and_actions() -> None:
    policy = document(Sid="Partners", Action=["sqs:SendMessage", "sqs:A", "sqs:B", "sqs:C"])
    assert judge("aws_sqs_queue_public", resource(policy)).reason == (
        'The policy lets everybody in: statement "Partners" (sqs:SendMessage, sqs:A, sqs:B …).'
    )
    policy = document({"Service": "s3.amazonaws.com"})
    assert judge("aws_sqs_queue_public", resource(policy)).reason == (
        "The policy lets s3.amazonaws.com, on behalf of whichever account, in: statement 1 (x:Read)."
    )


@pytest.mark.parametrize(
    ("identifier", "verdict"),
    [
        ("aws_sqs_queue_public", FAIL),
        ("aws_sns_topic_public", FAIL),
        ("aws_lambda_function_public", FAIL),
        ("aws_kms_key_public", PASS),
        ("aws_secretsmanager_secret_public", PASS),
        ("aws_ecr_repository_public", PASS),
    ],
)
def test_what_receives_from_services_is_open_to_whoever_uses_them(identifier: str, verdict: Verdict) -> None:
    policy = document({"Service": "sns.amazonaws.com"}, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}})
    assert judge(identifier, resource(policy)).verdict == verdict


def account(condition: str = "aws:SourceAccount", value: str = OWN) -> dict[str, Any]:
    return {"StringEquals": {condition: value}}


LOGS_ARN = "kms:EncryptionContext:aws:logs:arn"


@pytest.mark.parametrize(
    ("service", "action", "condition", "verdict"),
    [
        ("cloudfront.amazonaws.com", "kms:Decrypt", {}, FAIL),
        ("cloudfront.amazonaws.com", ["kms:DescribeKey", "kms:*"], {}, FAIL),
        ("sns.amazonaws.com", "kms:GenerateDataKey*", {}, FAIL),
        ("s3.amazonaws.com", "kms:Decrypt", account(), PASS),
        ("s3.amazonaws.com", "kms:Decrypt", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"}}, PASS),
        # To look at it is no use of it: so CloudTrail's own console writes a key's policy.
        ("cloudtrail.amazonaws.com", "kms:DescribeKey", {}, PASS),
        ("unheard.amazonaws.com", "kms:Decrypt", {}, UNKNOWN),
        ("unheard.amazonaws.com", "kms:Decrypt", account(), PASS),
        # What a service says of the resource that it works for; of which account is told only without a wildcard.
        ("logs.eu-west-1.amazonaws.com", "kms:Decrypt", {"ArnLike": {LOGS_ARN: f"arn:aws:logs:*:{OWN}:*"}}, PASS),
        ("logs.eu-west-1.amazonaws.com", "kms:Decrypt", {"ArnLike": {LOGS_ARN: "arn:aws:logs:*:*:*"}}, FAIL),
        ("logs.eu-west-1.amazonaws.com", "kms:Decrypt", account("kms:EncryptionContext:mine"), FAIL),
    ],
)
def test_a_service_uses_a_key_for_whomever_no_condition_leaves_out(
    service: str, action: Any, condition: Any, verdict: Verdict
) -> None:
    more = {"Condition": condition} if condition else {}
    policy = document({"Service": service}, Action=action, **more)
    assert judge("aws_kms_key_public", resource(policy)).verdict == verdict


def test_what_anybody_writes_into_the_context_leaves_nobody_out() -> None:
    policy = document(Action="kms:Decrypt", Condition={"ArnLike": {LOGS_ARN: f"arn:aws:logs:*:{OWN}:*"}})
    assert judge("aws_kms_key_public", resource(policy)).verdict == FAIL


def test_a_key_without_a_policy_was_not_read() -> None:
    assert judge("aws_kms_key_public", resource(None)).verdict == UNKNOWN


def test_an_alias_is_called_by_a_policy_of_its_own() -> None:
    def function(**aliases: Any) -> Evaluation:
        return judge("aws_lambda_function_public", {"policy": None, "alias_policies": aliases})

    assert function(live=document({"AWS": OWN})).verdict == PASS
    assert function(live=document({"AWS": OWN})).reason.endswith("Policies of single versions are not read.")
    assert function(beta={}, live=document()).reason.startswith("The policy of alias live lets everybody in")
    assert function(beta={}, live=document({"AWS": OWN})).verdict == UNKNOWN
    refused = {"policy": document(), "alias_policies": None, "unreadable": {"alias_policies": "permission_denied"}}
    assert judge("aws_lambda_function_public", refused).verdict == FAIL
    assert judge("aws_lambda_function_public", refused | {"policy": None}).verdict == UNKNOWN


BUCKET: dict[str, Any] = {
    "public_access_block": None,
    "account_public_access_block": None,
    "policy_is_public": False,
    "ownership": None,
    "acl_grants": [],
}


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({"policy": document({"AWS": OWN})}, PASS),
        ({"policy": document({"Service": "cloudtrail.amazonaws.com"})}, PASS),
        ({"policy": document(Condition={"StringEquals": {"x:Unheard": "of"}})}, PASS),  # S3 itself says no
        ({"policy": document()}, FAIL),
        ({"policy": document(), "public_access_block": {"RestrictPublicBuckets": True}}, PASS),
        ({"policy": document(), "account_public_access_block": {"RestrictPublicBuckets": True}}, PASS),
        ({"policy": document(), "account_public_access_block": NOT_RESTRICTED}, FAIL),
        ({"policy": document({"AWS": OWN}), "policy_is_public": True}, FAIL),
        ({"policy": document({"AWS": OWN}), "unreadable": {"policy_is_public": "x"}}, UNKNOWN),
        ({"policy": document(), "unreadable": {"policy_is_public": "x"}}, FAIL),
    ],
)
def test_a_bucket_is_public_by_s3s_word_or_by_its_policy(properties: dict[str, Any], verdict: Verdict) -> None:
    assert judge("aws_s3_bucket_public", BUCKET | properties).verdict == verdict


RESTRICTED = {"public_access_block": dict.fromkeys(NOT_RESTRICTED, True)}
CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}


@pytest.mark.parametrize(
    ("principal", "more", "verdict"),
    [
        (CLOUDFRONT, {"Action": "s3:GetObject"}, FAIL),
        (CLOUDFRONT, {"Action": "s3:*"}, FAIL),
        (CLOUDFRONT, {"Action": "s3:GetObject", "Condition": account()}, PASS),
        (CLOUDFRONT, {"Action": "s3:ListBucket"}, PASS),
        ({"Service": "unheard.amazonaws.com"}, {"Action": "s3:GetObject"}, UNKNOWN),
        # Where a load balancer's logs go is named by the account that they are of.
        ({"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, {"Action": "s3:PutObject"}, PASS),
    ],
)
def test_a_service_reads_a_bucket_for_whomever_no_condition_leaves_out(
    principal: Any, more: dict[str, Any], verdict: Verdict
) -> None:
    found = BUCKET | {"policy": document(principal, **more)}
    assert judge("aws_s3_bucket_public", found).verdict == verdict
    # A block of public access is not about services.
    assert judge("aws_s3_bucket_public", found | RESTRICTED).verdict == verdict


@pytest.mark.parametrize(
    ("principal", "condition", "verdict"),
    [
        ("*", account("s3:DataAccessPointAccount"), UNKNOWN),
        ({"AWS": "*"}, {"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/*"}}, UNKNOWN),
        ({"AWS": OWN}, account("s3:DataAccessPointAccount"), PASS),
        ("*", {"StringEquals": {"s3:DataAccessPointAccount": OWN, "aws:PrincipalAccount": OWN}}, PASS),
        ("*", {"StringLike": {"s3:DataAccessPointAccount": "*"}}, FAIL),
    ],
)
def test_a_bucket_that_leaves_it_to_access_points_is_as_open_as_they_are(
    principal: Any, condition: Any, verdict: Verdict
) -> None:
    found = BUCKET | {"policy": document(principal, Action="s3:GetObject", Condition=condition)}
    assert judge("aws_s3_bucket_public", found).verdict == verdict
    # A block of the bucket or the account stands before its access points as well.
    assert judge("aws_s3_bucket_public", found | RESTRICTED).verdict == PASS


def test_a_bucket_is_closed_to_plain_requests_only_as_a_whole() -> None:
    def tls(resource: Any) -> Verdict:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource}
        statement["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
        return judge("aws_s3_bucket_tls_only", {"policy": {"Statement": [statement]}}, "arn:aws-cn:s3:::data").verdict

    assert tls(["arn:aws-cn:s3:::data", "arn:aws-cn:s3:::data/*"]) == PASS
    assert tls(["arn:aws-cn:s3:::data", "arn:aws-cn:s3:::data/private/*"]) == FAIL
    assert tls("arn:aws-cn:s3:::data/*") == FAIL
    assert judge("aws_s3_bucket_tls_only", {"policy": {"Statement": [{}]}}).verdict == UNKNOWN
    assert judge("aws_s3_bucket_tls_only", {"policy": "{not json"}).verdict == UNKNOWN


def role(**more: Any) -> dict[str, Any]:
    return {
        "path": "/",
        "trust_policy": document({"AWS": OWN}, Action="sts:AssumeRole"),
        "attached_policies": [],
        "attached_documents": {},
        "inline_policies": {},
        "permissions_boundary": None,
        "boundary_document": None,
        "members": ["ana"],
        **more,
    }


IDENTITIES = ("aws_iam_user_admin", "aws_iam_group_admin", "aws_iam_role_admin")


@pytest.mark.parametrize("identifier", IDENTITIES)
@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        (role(), PASS),
        (role(attached_policies=[AWS_POWER], inline_policies={"a": identity("s3:*")}), PASS),
        (role(attached_policies=[TEAM_POLICY], attached_documents={TEAM_POLICY: identity("s3:*")}), PASS),
        (role(attached_policies=[AWS_ADMIN]), FAIL),
        (role(attached_policies=["arn:aws-us-gov:iam::aws:policy/AdministratorAccess"]), FAIL),
        (role(inline_policies={"a": identity()}), FAIL),
        (role(attached_policies=[TEAM_POLICY], attached_documents={TEAM_POLICY: identity()}), FAIL),
        (role(inline_policies={"a": {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}}), FAIL),
        (role(attached_policies=[TEAM_POLICY], attached_documents={}), UNKNOWN),
        (role(attached_policies=[TEAM_POLICY], attached_documents={TEAM_POLICY: None}), UNKNOWN),
        (role(attached_policies=[TEAM_POLICY, AWS_ADMIN], attached_documents={}), FAIL),
        (role(inline_policies={"a": "{not json"}), UNKNOWN),
        (role(inline_policies={"a": identity(Condition={"StringEquals": {"x:Unheard": "of"}})}), UNKNOWN),
        (role(attached_policies=[AWS_ADMIN], permissions_boundary=AWS_ADMIN), FAIL),
        (role(attached_policies=[AWS_ADMIN], permissions_boundary=AWS_POWER), PASS),
        (role(attached_policies=[AWS_ADMIN], permissions_boundary=TEAM_POLICY), UNKNOWN),
        (role(permissions_boundary=TEAM_POLICY), PASS),
        (role(attached_policies=[AWS_ADMIN], permissions_boundary=OF_AWS + "AmazonNovaFullAccess"), UNKNOWN),
        (role(attached_policies=[AWS_ADMIN], permissions_boundary=OF_AWS + "ReadOnlyAccess"), PASS),
        (
            role(
                attached_policies=[AWS_ADMIN],
                permissions_boundary=OF_AWS + "AmazonNovaFullAccess",
                boundary_document=identity("nova-act:*"),
            ),
            PASS,
        ),
        (role(attached_policies=[AWS_POWER], inline_policies={"a": identity("iam:*")}), FAIL),
        (role(attached_policies=[OF_AWS + "AmazonNovaFullAccess"]), UNKNOWN),
        (role(attached_policies=[OF_AWS + "AmazonNovaFullAccess", AWS_ADMIN]), FAIL),
        (role(attached_policies=[OF_AWS + "ReadOnlyAccess", OF_AWS + "job-function/ViewOnlyAccess"]), PASS),
        (role(attached_policies=[OF_AWS + "service-role/AWSLambdaBasicExecutionRole"]), PASS),
        (
            role(
                attached_policies=[OF_AWS + "AmazonNovaFullAccess"],
                attached_documents={OF_AWS + "AmazonNovaFullAccess": identity("nova-act:*")},
            ),
            PASS,
        ),
        (  # what the account tells comes before what the name says
            role(attached_policies=[AWS_POWER], attached_documents={AWS_POWER: identity()}),
            FAIL,
        ),
        (
            role(attached_policies=[AWS_ADMIN], permissions_boundary=TEAM_POLICY, boundary_document=identity("s3:*")),
            PASS,
        ),
    ],
)
def test_users_groups_and_roles_are_judged_alike(identifier: str, properties: dict[str, Any], verdict: Verdict) -> None:
    assert judge(identifier, properties).verdict == verdict


PASS_ROLE = identity("iam:PassRole")


@pytest.mark.parametrize("identifier", ["aws_iam_user_escalation", "aws_iam_role_escalation"])
@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        (role(attached_policies=[AWS_POWER], inline_policies={"a": PASS_ROLE}), FAIL),
        (role(attached_policies=[OF_AWS + "AmazonEC2FullAccess"], inline_policies={"a": PASS_ROLE}), FAIL),
        (role(attached_policies=[OF_AWS + "AmazonEC2FullAccess"]), PASS),
        (role(attached_policies=[OF_AWS + "AmazonNovaFullAccess"], inline_policies={"a": PASS_ROLE}), UNKNOWN),
        (role(attached_policies=[OF_AWS + "ReadOnlyAccess"], inline_policies={"a": PASS_ROLE}), PASS),
        (
            role(
                attached_policies=[OF_AWS + "AmazonNovaFullAccess"],
                attached_documents={OF_AWS + "AmazonNovaFullAccess": identity(["glue:*"])},
                inline_policies={"a": PASS_ROLE},
            ),
            FAIL,
        ),
        (role(inline_policies={"a": identity("iam:PutUserPolicy")}, permissions_boundary=TEAM_POLICY), UNKNOWN),
        (role(inline_policies={"a": identity("s3:*")}, permissions_boundary=TEAM_POLICY), PASS),
        (
            role(inline_policies={"a": identity("iam:PutUserPolicy")}, permissions_boundary=OF_AWS + "ReadOnlyAccess"),
            PASS,
        ),
    ],
)
def test_policies_of_aws_open_ways_as_the_accounts_own(
    identifier: str, properties: dict[str, Any], verdict: Verdict
) -> None:
    assert judge(identifier, properties).verdict == verdict


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_boundary_that_its_holder_may_lift_holds_nobody(kind: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html"""

    def verdicts(allowed: dict[str, Any], boundary: dict[str, Any]) -> tuple[Verdict, Verdict]:
        properties = role(inline_policies={"a": allowed}, permissions_boundary=TEAM_POLICY, boundary_document=boundary)
        found = [judge(f"aws_iam_{kind}_{rule}", properties).verdict for rule in ("admin", "escalation")]
        return found[0], found[1]

    of_aws = role(attached_policies=[AWS_ADMIN], permissions_boundary=OF_AWS + "IAMFullAccess")
    assert judge(f"aws_iam_{kind}_admin", of_aws).verdict == FAIL
    title, other = kind.title(), "Role" if kind == "user" else "User"
    lifts, fails = identity(f"iam:Delete{title}PermissionsBoundary"), (PASS, FAIL)
    assert verdicts(identity(), lifts) == (FAIL, OTHER)
    assert verdicts(identity(), identity(f"iam:Put{title}PermissionsBoundary")) == (FAIL, OTHER)
    assert verdicts(identity(["iam:PutUserPolicy", "iam:Delete*"]), lifts) == fails
    # Another kind's boundary, nothing behind it, or no permission to lift it.
    assert verdicts(identity(), identity(f"iam:Delete{other}PermissionsBoundary")) == (PASS, PASS)
    assert verdicts(identity(["s3:*", "iam:Delete*"]), lifts) == (PASS, PASS)
    assert verdicts(identity("iam:PutUserPolicy"), lifts) == (PASS, PASS)
    assert verdicts(identity(), identity("s3:*")) == (PASS, PASS)


def test_the_reason_names_the_policies() -> None:
    properties = role(
        attached_policies=[TEAM_POLICY, AWS_ADMIN],
        attached_documents={TEAM_POLICY: identity()},
        inline_policies={"own": identity("s3:*")},
    )
    assert judge("aws_iam_user_admin", properties).reason == (
        "The user may do everything: by the policy team, AWS's AdministratorAccess."
    )
    halves = {"a": identity("iam:*"), "b": {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}}
    assert judge("aws_iam_group_admin", role(inline_policies=halves)).reason == (
        "Members may do everything: its policies together allow it."
    )


@pytest.mark.parametrize(
    ("properties", "people", "services"),
    [
        (role(inline_policies={"a": identity()}), FAIL, OTHER),
        (role(inline_policies={"a": identity()}, trust_policy=document({"Service": "ec2.amazonaws.com"})), OTHER, FAIL),
        (role(trust_policy=document({"Service": "ec2.amazonaws.com"})), OTHER, PASS),
        (role(inline_policies={"a": identity()}, path="/aws-reserved/sso.amazonaws.com/eu-west-1/"), OTHER, OTHER),
        (role(inline_policies={"a": identity()}, path="/aws-service-role/x.amazonaws.com/"), OTHER, OTHER),
        (role(trust_policy=None), UNKNOWN, UNKNOWN),
        (role(trust_policy={"Statement": [None]}), UNKNOWN, UNKNOWN),
    ],
)
def test_a_role_is_judged_by_who_takes_it_on(properties: dict[str, Any], people: Verdict, services: Verdict) -> None:
    assert judge("aws_iam_role_admin", properties).verdict == people
    assert judge("aws_iam_service_role_admin", properties).verdict == services


def test_a_group_without_members_makes_nobody_anything() -> None:
    assert judge("aws_iam_group_admin", role(members=[], attached_policies=[AWS_ADMIN])).verdict == OTHER


def test_who_may_assume_a_role_is_told() -> None:
    partner = {"trust_policy": document({"AWS": "arn:aws:iam::444455556666:root"}, Action="sts:AssumeRole")}
    found = judge("aws_iam_role_trust", partner)
    assert found.verdict == PASS
    assert found.reason.endswith("other accounts: 444455556666 (without an external ID).")
    github = {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"}
    found = judge(
        "aws_iam_role_trust", {"trust_policy": document(github, Action="sts:AssumeRoleWithWebIdentity", Sid="CI")}
    )
    assert found.verdict == FAIL
    assert found.reason == (
        'The trust policy lets any GitHub repository in: statement "CI" (sts:AssumeRoleWithWebIdentity).'
    )


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (identity(), FAIL),
        ({"Statement": {"Effect": "Allow", "NotAction": "iam:Get*", "Resource": "*"}}, FAIL),
        ({"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}}, FAIL),
        (identity("s3:*"), PASS),
        ({"Statement": []}, PASS),
        ({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}, PASS),
        (identity(Condition={"StringEquals": {"x:Unheard": "of"}}), UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_a_policy_in_use_is_an_administrators_by_what_it_leaves(policy: dict[str, Any], verdict: Verdict) -> None:
    assert judge("aws_iam_policy_admin", {"attachment_count": 1, "document": policy}).verdict == verdict


def test_what_only_the_organization_may_read_is_named_in_the_evidence() -> None:
    """Of the services that resource control policies are for, and of what is open."""
    shown = {
        identifier: {fact.path for fact in judge(identifier, resource(document())).evidence} for identifier in RULES
    }
    controlled = {identifier for identifier, paths in shown.items() if "resource_control_policies" in paths}
    assert controlled == {*RULES} - {"aws_sns_topic_public", "aws_lambda_function_public"}
    assert all(paths - {"resource_control_policies"} for paths in shown.values()), shown
    assert judge("aws_sqs_queue_public", resource(document({"AWS": OWN}))).verdict is PASS


@pytest.mark.parametrize(
    ("key", "variable", "verdict"),
    [
        ("aws:PrincipalOrgID", "${aws:ResourceOrgID}", PASS),
        ("aws:PrincipalAccount", "${aws:ResourceAccount}", PASS),
        ("aws:ResourceAccount", "${aws:PrincipalAccount}", PASS),
        ("aws:ResourceOrgID", "${aws:principalorgid}", PASS),
        ("aws:SourceAccount", "${aws:ResourceAccount}", PASS),
        # What must equal itself does so in everybody's request.
        ("aws:PrincipalOrgID", "${aws:PrincipalOrgID}", FAIL),
        ("AWS:principalaccount", "${aws:PrincipalAccount}", FAIL),
        ("aws:ResourceAccount", "${aws:ResourceAccount}", FAIL),
        ("aws:PrincipalAccount", "${aws:SourceAccount}", UNKNOWN),
        ("aws:PrincipalAccount", "${aws:username}", UNKNOWN),
        ("aws:PrincipalAccount", "${aws:ResourceAccount, 'x'}", UNKNOWN),
    ],
)
def test_a_variable_narrows_by_what_it_stands_for(key: str, variable: str, verdict: Verdict) -> None:
    result = judge("aws_sqs_queue_public", resource(document(Condition={"StringEquals": {key: variable}})))
    assert result.verdict == verdict, result.reason


def statements(*given: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": [*given]}


def denial(**more: Any) -> dict[str, Any]:
    told = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", **more}
    return {name: value for name, value in told.items() if f"Not{name}" not in told}


OPENED = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (document(Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abcdefghij"}}), FAIL),
        (document(Condition={"ForAllValues:StringEquals": {"aws:PrincipalOrgID": []}}), FAIL),
        (document(Condition={"StringEquals": {"aws:PrincipalOrgID": []}}), UNKNOWN),
        (document(Condition={"StringLike": {"aws:PrincipalAccount": "????????????"}}), FAIL),
        (document(Condition={"StringLike": {"aws:PrincipalOrgID": "o-?*"}}), FAIL),
        (document(Condition={"IpAddress": {"aws:SourceIp": "2000::/3"}}), FAIL),
        (document(Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), FAIL),
        (document(Condition={"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}), FAIL),
        (document(Condition={"Null": {"aws:PrincipalOrgID": "true"}}), FAIL),
        (document(Condition={"StringLike": {"aws:userid": "*"}}), FAIL),
        (document(Condition={"STRINGEQUALS": {"AWS:PRINCIPALORGID": "o-abcdefghij"}}), PASS),
        (statements(OPENED, denial()), PASS),
        (statements(OPENED, denial(NotAction="sqs:SendMessage")), FAIL),
        (statements({**OPENED, "Action": "sqs:ReceiveMessage"}, denial(NotAction="sqs:SendMessage")), PASS),
        (statements(OPENED, denial(NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:root"})), PASS),
        (statements(OPENED, denial(Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})), PASS),
        (statements(OPENED, denial(Condition={"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgPaths": "o/*"}})), FAIL),
        (
            statements(
                OPENED,
                denial(
                    Condition={
                        "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                        "Null": {"aws:PrincipalOrgID": "false"},
                    }
                ),
            ),
            FAIL,
        ),
        (statements(OPENED, denial(Condition={"StringNotLike": {"aws:SourceVpce": "vpce-*"}})), FAIL),
        (statements({**OPENED, "Effect": "allow"}), UNKNOWN),
        (statements(), PASS),
    ],
)
def test_hostile_statements_have_their_verdict(policy: Any, verdict: Verdict) -> None:
    result = judge("aws_sqs_queue_public", resource(policy))
    assert result.verdict == verdict, result.reason
