"""The policy evaluator by itself: IAM's rules of evaluation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.conditions import holds
from sandbox.aws.policy import UNKNOWN_RESOURCE, Decision, Policy, compiled, decide, trusts

ALLOW, IMPLICIT, EXPLICIT = Decision.ALLOWED, Decision.IMPLICIT_DENY, Decision.EXPLICIT_DENY


def decision(
    *statements: dict[str, Any], action: str = "s3:GetObject", resource: str = "*", **context: str
) -> Decision:
    policy = Policy("p", "user", json.dumps({"Statement": list(statements)}))
    return decide([policy], action, resource, context)[0]


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_nothing_is_allowed_by_nothing() -> None:
    assert decide([], "s3:GetObject", "*", {}) == (IMPLICIT, [])


def test_a_deny_beats_every_allow() -> None:
    assert decision(allow(), {**allow("s3:*"), "Effect": "Deny"}) is EXPLICIT


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("s3:Get*", ALLOW),
        ("S3:getobject", ALLOW),
        ("s3:Get?bject", ALLOW),
        ("s3:Put*", IMPLICIT),
        ("*:GetObject", ALLOW),
    ],
)
def test_actions_match_by_pattern_and_without_case(pattern: str, expected: Decision) -> None:
    assert decision(allow(["ec2:RunInstances", pattern])) is expected


def test_not_action_means_all_others() -> None:
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert decision(statement) is ALLOW
    assert decision(statement, action="iam:ListUsers") is IMPLICIT


def test_resources_match_by_pattern_with_case() -> None:
    statement = allow("s3:*", "arn:aws:s3:::Data-*")
    assert decision(statement, resource="arn:aws:s3:::Data-1") is ALLOW
    assert decision(statement, resource="arn:aws:s3:::data-1") is IMPLICIT


def test_not_resource_means_all_others() -> None:
    statement = {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::open"}
    assert decision(allow(), statement, resource="arn:aws:s3:::shut") is EXPLICIT
    assert decision(allow(), statement, resource="arn:aws:s3:::open") is ALLOW


def test_a_resource_that_cannot_be_told_is_not_denied_by_a_narrow_deny() -> None:
    narrow = {**allow("lambda:*", "arn:aws:lambda:*:*:function:x"), "Effect": "Deny"}
    assert decision(allow(), narrow, action="lambda:GetFunction", resource=UNKNOWN_RESOURCE) is ALLOW


@pytest.mark.parametrize(
    ("conditions", "context", "expected"),
    [
        (None, {}, True),
        ({"StringEquals": {"sts:ExternalId": "x"}}, {"sts:externalid": "x"}, True),
        ({"StringEquals": {"sts:ExternalId": "x"}}, {"sts:externalid": "X"}, False),
        ({"StringEquals": {"sts:ExternalId": "x"}}, {}, False),
        ({"StringEquals": {"sts:ExternalId": ["x", "y"]}}, {"sts:externalid": "y"}, True),
        ({"StringEqualsIfExists": {"sts:ExternalId": "x"}}, {}, True),
        ({"StringNotEquals": {"sts:ExternalId": "x"}}, {}, True),
        ({"StringNotEquals": {"sts:ExternalId": "x"}}, {"sts:externalid": "x"}, False),
        ({"StringLike": {"sts:ExternalId": "o-*"}}, {"sts:externalid": "o-1"}, True),
        ({"StringLike": {"sts:ExternalId": "*"}}, {}, False),
        ({"Null": {"sts:ExternalId": "true"}}, {}, True),
        ({"Null": {"sts:ExternalId": "false"}}, {}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:securetransport": "true"}, True),
        (
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/*"}},
            {"aws:principalarn": "arn:aws:iam::1:role/a"},
            True,
        ),
        ({"NoSuchOperator": {"sts:ExternalId": "x"}}, {"sts:externalid": "x"}, False),
        ({"StringEquals": {"a": "1"}, "StringLike": {"b": "2"}}, {"a": "1"}, False),
    ],
)
def test_conditions(conditions: Any, context: dict[str, str], expected: bool) -> None:
    assert holds(conditions, context) is expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": "arn:aws:iam::1:root"}, (ALLOW, False)),
        ({"AWS": ["arn:aws:iam::2:root", "1"]}, (ALLOW, False)),
        ({"AWS": "arn:aws:iam::1:user/u"}, (ALLOW, True)),
        ({"AWS": "arn:aws:iam::1:user/"}, (IMPLICIT, False)),
        ({"Service": "ec2.amazonaws.com"}, (IMPLICIT, False)),
        ("*", (ALLOW, True)),
    ],
)
def test_trust_in_principals(principal: Any, expected: tuple[Decision, bool]) -> None:
    names = {"*": True, "1": False, "arn:aws:iam::1:root": False, "arn:aws:iam::1:user/u": True}
    document = {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}}
    assert trusts(json.dumps(document), names, {}) == expected


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"Statement": [{"Action": "*"}]}', "null"])
def test_what_is_no_policy_is_refused(document: str) -> None:
    with pytest.raises(ValueError):
        compiled(document)
