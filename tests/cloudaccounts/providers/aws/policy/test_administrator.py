"""Who is an administrator: by one statement, by several together, and what keeps from it."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.policy.administrator import administrative_statement, is_administrator, matters
from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import Policy, parse_identity_policy

YES, UNSURE, NO = Answer.YES, Answer.UNSURE, Answer.NO


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def but(action: Any, resource: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "NotAction": action, "Resource": resource, **more}


def off(resource: Any, action: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "NotResource": resource}


def policy(*statements: dict[str, Any]) -> Policy:
    return parse_identity_policy({"Version": "2012-10-17", "Statement": list(statements)})


LETTERS = [f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz"]
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow()], YES),
        ([allow("*:*")], YES),
        ([allow(["s3:GetObject", "*"], ["arn:aws:s3:::x", "*"])], YES),
        ([allow("**")], YES),
        ([allow("?*")], YES),
        ([allow(LETTERS)], YES),
        ([allow(resource="arn:aws:*")], YES),
        ([allow(resource="arn:*:*:*:*:*")], YES),
        ([but("s3:DeleteBucket")], YES),
        ([but(["s3:*", "ec2:*"])], YES),
        ([off("arn:aws:s3:::archive/*")], YES),
        ([off(["arn:aws:s3:::archive", "arn:aws:iam::111122223333:role/audit"])], YES),
        ([but("iam:*"), allow("iam:*")], YES),
        ([but("iam:*"), allow("iam:Put*Policy", "arn:aws:iam::111122223333:*")], YES),
        ([allow(Condition=MFA)], YES),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})], YES),
        ([allow(), deny("s3:*")], YES),
        ([allow(), deny(Condition=NO_MFA)], YES),
        ([allow(), deny("iam:*", "arn:aws:iam::111122223333:role/audit")], YES),
        ([allow(), deny("iam:CreateUser")], YES),
        ([], NO),
        ([allow("s3:*")], NO),
        ([allow(resource="arn:aws:s3:::data/*")], NO),
        ([allow(resource="arn:aws:iam::*:*")], NO),
        ([allow(["s3:*", "ec2:*", "iam:Get*"])], NO),
        ([but(["iam:*", "organizations:*", "account:*"])], NO),  # AWS's PowerUserAccess
        ([but(["iam:*"]), allow(["iam:ListRoles", "iam:CreateServiceLinkedRole"])], NO),
        ([but("*")], NO),
        ([off("*")], NO),
        ([off("arn:aws:iam::*:*")], NO),
        ([allow(), deny("iam:*")], NO),
        ([allow(), deny()], NO),
        ([allow(), deny("iam:*", "arn:aws:iam::111122223333:*")], NO),
        ([allow(), but(["s3:*", "sqs:*"], effect="Deny")], NO),
        ([allow(Condition={"StringEquals": {"aws:ResourceTag/team": "data"}})], NO),
        ([allow(Condition={"Bool": {"aws:IsMcpServiceAction": "true"}})], NO),
        ([deny()], NO),
        ([allow(Condition={"StringEquals": {"aws:Mood": "good"}})], UNSURE),
        ([allow(Condition={"StringPerhaps": {"aws:SourceIp": "203.0.113.0/24"}})], UNSURE),
        ([allow(), deny("iam:*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})], UNSURE),
    ],
)
def test_an_administrator_may_do_everything_or_give_himself_the_rest(
    statements: list[dict[str, Any]], expected: Answer
) -> None:
    assert is_administrator([policy(*statements)]) is expected
    assert is_administrator([policy(one) for one in reversed(statements)]) is expected


def test_a_boundary_limits_whatever_is_attached() -> None:
    assert is_administrator([policy(allow())], policy(allow("s3:*"))) is NO
    assert is_administrator([policy(allow())], policy(allow())) is YES
    assert is_administrator([policy(allow())], policy(but("iam:*"))) is NO
    assert is_administrator([policy(allow("s3:*"))], policy(allow())) is NO


def test_only_policies_that_give_or_take_iam_weigh() -> None:
    assert matters(policy(allow()))
    assert matters(policy(but("s3:*")))
    assert matters(policy(deny("iam:Put*")))
    assert not matters(policy(allow("s3:*"), allow("iam:Get*")))
    assert not matters(policy())


def test_the_statement_is_named() -> None:
    assert administrative_statement(policy(allow("s3:*"), allow(Sid="All"))) == 'statement "All"'
    assert administrative_statement(policy(allow("s3:*"))) == ""
