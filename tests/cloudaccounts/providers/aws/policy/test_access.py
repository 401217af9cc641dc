"""Who is let in by a resource's policy: each condition by its value, and what Deny takes back."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.policy.access import openings
from cloudaccounts.providers.aws.policy.document import parse_resource_policy

OPEN, UNSURE, CLOSED = "open", "unsure", "closed"
OWN = "111122223333"


def allow(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*", **more}


def deny(**more: Any) -> dict[str, Any]:
    return allow(**{"Effect": "Deny", "Action": "*", **more})


def answer(*statements: dict[str, Any], through_services: bool = True) -> str:
    policy = parse_resource_policy({"Version": "2012-10-17", "Statement": list(statements)})
    found = openings(policy, through_services=through_services)
    return OPEN if any(one.sure for one in found) else UNSURE if found else CLOSED


def under(operator: str, key: str, value: Any) -> str:
    """What becomes of an Allow for everybody under one condition."""
    return answer(allow(Condition={operator: {key: value}}))


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", OPEN),
        ({"AWS": "*"}, OPEN),
        ({"AWS": [f"arn:aws:iam::{OWN}:root", "*"]}, OPEN),
        ({"AWS": OWN}, CLOSED),
        ({"AWS": f"arn:aws:iam::{OWN}:root"}, CLOSED),
        ({"AWS": "arn:aws:iam::444455556666:role/partner"}, CLOSED),
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, CLOSED),
        ({"AWS": "arn:aws:iam::*:root"}, UNSURE),  # AWS matches no part of a name
        ({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}, CLOSED),
        ({"Martian": "*"}, UNSURE),
        ({}, UNSURE),
        (["*"], OPEN),
        ({"Service": "*"}, OPEN),
        ({"Service": "sns.amazonaws.com"}, OPEN),
        ({"Service": ["s3.amazonaws.com", "ec2.amazonaws.com"]}, OPEN),
        ({"Service": "logs.eu-west-1.amazonaws.com"}, OPEN),
        ({"Service": "sns.amazonaws.com.cn"}, OPEN),
        ({"Service": "brand-new.amazonaws.com"}, UNSURE),
    ],
)
def test_the_principal_says_whom_a_statement_is_about(principal: Any, expected: str) -> None:
    assert answer(allow(principal)) == expected


def test_services_are_left_alone_where_nobody_asks_about_them() -> None:
    assert answer(allow({"Service": "cloudtrail.amazonaws.com"}), through_services=False) == CLOSED


def test_everybody_but_somebody_is_everybody() -> None:
    statement = allow()
    del statement["Principal"]
    assert answer(statement | {"NotPrincipal": {"AWS": OWN}}) == OPEN
    assert answer(statement | {"NotPrincipal": "*"}) == CLOSED


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:*", OPEN),
        ("ArnEquals", "aws:SourceArn", "arn:aws:s3:*:*:*", OPEN),
        ("StringLike", "aws:SourceArn", "arn:aws:s3:*:*:*", OPEN),
        ("StringEquals", "aws:SourceArn", "arn:aws:s3:*:*:*", CLOSED),  # a text that no ARN is
        ("ArnLike", "aws:SourceArn", "*", OPEN),
        ("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{OWN}:*", CLOSED),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:1111*:*", OPEN),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::my-bucket", CLOSED),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:my-bucket", CLOSED),  # as AWS's guide to notifications has it
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::my-*", OPEN),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:accesspoint/*", OPEN),
        ("ArnLike", "aws:SourceArn", ["arn:aws:s3:::my-bucket", "arn:aws:sns:*:*:*"], OPEN),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin", OPEN),
        ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/*", CLOSED),
        ("StringLike", "aws:PrincipalArn", f"*{OWN}*", OPEN),  # a stranger's role may be called so
        ("StringEquals", "aws:SourceAccount", OWN, CLOSED),
        ("StringEquals", "AWS:SourceOwner", OWN, CLOSED),
        ("StringLike", "aws:SourceAccount", "*", OPEN),
        ("StringLike", "aws:SourceAccount", "11112222????", OPEN),
        ("StringEquals", "aws:SourceAccount", [], UNSURE),
        ("StringEquals", "aws:PrincipalAccount", [OWN, "444455556666"], CLOSED),
        ("StringEquals", "aws:PrincipalOrgID", "o-abcdefghij", CLOSED),
        ("StringLike", "aws:PrincipalOrgID", "o-*", OPEN),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-abcdefghij", OPEN),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abcdefghij/r-ab12/*", CLOSED),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*/r-ab12/*", OPEN),
        ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-abcdefghij/r-ab12/*", OPEN),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-abcdefghij", OPEN),
        ("ForSomeValues:StringEquals", "aws:PrincipalOrgID", "o-abcdefghij", UNSURE),
        ("StringResembles", "aws:PrincipalOrgID", "o-abcdefghij", UNSURE),
        ("StringEquals", "aws:PrincipalMood", "good", UNSURE),
        ("StringEquals", "aws:SourceOrgID", "o-abcdefghij", CLOSED),
        ("StringEquals", "aws:SourceVpc", "vpc-1a2b3c4d", CLOSED),
        ("StringEquals", "aws:SourceVpce", "vpce-1a2b3c4d", CLOSED),
        ("StringLike", "aws:SourceVpce", "vpce-*", OPEN),
        ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/16", OPEN),  # anybody's network may have these addresses
        ("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE123:*", CLOSED),
        ("StringLike", "aws:userid", "AROA*", OPEN),
        ("StringLike", "aws:userid", "*:session", OPEN),
        ("StringEquals", "aws:PrincipalServiceName", "cloudtrail.amazonaws.com", CLOSED),
        ("StringLike", "aws:PrincipalServiceName", "*", OPEN),
        ("Bool", "aws:PrincipalIsAWSService", "true", CLOSED),
        ("Bool", "aws:PrincipalIsAWSService", False, OPEN),
        ("StringEquals", "aws:PrincipalTag/team", "data", OPEN),  # who may tag his own role
        ("StringEquals", "aws:username", "ana", OPEN),
        ("Bool", "aws:SecureTransport", True, OPEN),
        ("Bool", "aws:ViaAWSService", "true", OPEN),
        ("StringLike", "aws:Referer", "https://example.com/*", OPEN),
        ("StringEquals", "sts:ExternalId", "12345", OPEN),
        ("StringEquals", "aws:ResourceAccount", OWN, OPEN),
        ("StringEquals", "aws:ResourceOrgID", "${aws:PrincipalOrgID}", CLOSED),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}", CLOSED),
        ("StringEquals", "aws:PrincipalAccount", "${aws:PrincipalTag/account}", UNSURE),
        ("Null", "aws:PrincipalOrgID", "false", OPEN),
        ("Null", "aws:SourceArn", "true", OPEN),
        ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", UNSURE),
        ("NumericEquals", "aws:SourceAccount", 111122223333, UNSURE),
        ("StringEquals", "kms:CallerAccount", OWN, CLOSED),
        ("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", OPEN),
        ("StringLike", "sns:Endpoint", "*@example.com", CLOSED),
        ("StringLike", "sns:Endpoint", "https://*", OPEN),
        ("StringEquals", "sns:Protocol", "https", OPEN),
        ("StringEquals", "lambda:FunctionUrlAuthType", "NONE", OPEN),
        ("StringEquals", "lambda:EventSourceToken", "amzn1.ask.skill.1", CLOSED),
        ("StringEquals", "s3:DataAccessPointAccount", OWN, CLOSED),
        ("ArnLike", "s3:DataAccessPointArn", f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/*", CLOSED),
    ],
)
def test_a_condition_narrows_by_its_value(operator: str, key: str, value: Any, expected: str) -> None:
    assert under(operator, key, value) == expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("IpAddress", "0.0.0.0/0", OPEN),
        ("IpAddress", ["0.0.0.0/1", "128.0.0.0/1"], OPEN),
        ("IpAddress", "128.0.0.0/1", OPEN),
        ("IpAddress", "::/0", OPEN),
        ("IpAddress", ["203.0.113.0/24", "::/0"], OPEN),
        ("IpAddress", "203.0.113.0/24", CLOSED),
        ("IpAddress", "203.0.113.7", CLOSED),
        ("IpAddress", "11.0.0.0/8", CLOSED),
        ("IpAddress", "12.0.0.0/7", OPEN),
        ("IpAddress", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], CLOSED),
        ("IpAddress", "2001:db8::/32", CLOSED),
        ("IpAddress", "2000::/3", OPEN),
        ("IpAddress", "*", OPEN),
        ("IpAddress", "the office", UNSURE),
        ("IpAddressIfExists", "203.0.113.0/24", OPEN),
        ("NotIpAddress", "203.0.113.0/24", OPEN),
        ("NotIpAddress", "0.0.0.0/0", OPEN),  # IPv6 is left
        # Requests through a VPC endpoint lack the key, and a negated condition then holds.
        ("NotIpAddress", ["0.0.0.0/0", "::/0"], OPEN),
        ("NotIpAddress", "the office", OPEN),
        ("StringEquals", "203.0.113.7", UNSURE),
    ],
)
def test_addresses_are_a_set_and_not_a_spelling(operator: str, value: Any, expected: str) -> None:
    assert under(operator, "aws:SourceIp", value) == expected


def test_addresses_of_several_conditions_count_together() -> None:
    halves = {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}, "NotIpAddress": {"aws:SourceIp": "0.0.0.0/1"}}
    assert answer(allow(Condition=halves)) == CLOSED


def test_null_makes_a_key_necessary() -> None:
    nowhere = {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}
    assert answer(allow(Condition=nowhere | {"Null": {"aws:SourceIp": "false"}})) == CLOSED
    needed = {"Null": {"aws:PrincipalOrgPaths": "false"}}
    paths = {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/*"}}
    assert answer(allow(Condition=paths | needed)) == CLOSED
    loose = {"StringEqualsIfExists": {"aws:SourceAccount": OWN}}
    assert answer(allow(Condition=loose)) == OPEN
    assert answer(allow(Condition=loose | {"Null": {"aws:SourceAccount": ["false"]}})) == CLOSED


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, OPEN),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, OPEN),
        ({"StringEquals": {"aws:PrincipalServiceName": "sns.amazonaws.com"}}, OPEN),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{OWN}:*"}}, CLOSED),
        ({"StringEquals": {"aws:SourceAccount": OWN}}, CLOSED),
        ({"StringEquals": {"aws:SourceOrgID": "o-abcdefghij"}}, CLOSED),
        ({"StringEquals": {"sns:Mood": "good"}}, UNSURE),
    ],
)
def test_a_service_acts_for_whoever_has_it_do_so_unless_the_source_is_named(
    condition: dict[str, Any], expected: str
) -> None:
    assert answer(allow({"Service": "sns.amazonaws.com"}, Condition=condition)) == expected


OUTSIDERS = {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        (deny(), CLOSED),
        (deny(Condition=OUTSIDERS), CLOSED),
        (deny(Condition=OUTSIDERS | {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}), CLOSED),
        # Requests without a signature lack the key.
        (deny(Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}), OPEN),
        (deny(Condition={"ForAnyValue:Bool": {"aws:PrincipalIsAWSService": "false"}}), OPEN),
        (deny(Condition={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}), CLOSED),
        (deny(Condition={"StringNotEquals": {"aws:PrincipalIsAWSService": "true"}}), CLOSED),
        (deny(Condition={"StringNotEquals": {"aws:PrincipalIsAWSService": "false"}}), OPEN),
        (deny(Condition={"ForAnyValue:StringNotEquals": {"aws:PrincipalIsAWSService": "true"}}), OPEN),
        (deny(Condition={"StringNotLike": {"aws:PrincipalOrgID": "o-*"}}), OPEN),
        (deny(Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), CLOSED),
        (deny(Condition={"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}), OPEN),
        (deny(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), OPEN),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), OPEN),
        (deny(Condition={"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}), OPEN),
        (deny(Condition={"StringNotEquals": {"aws:PrincipalMood": "good"}}), UNSURE),
        (deny(Condition={"StringVaguely": {"aws:PrincipalOrgID": "o-abcdefghij"}}), UNSURE),
        (deny(Action="sqs:Send*"), CLOSED),
        (deny(Action="sqs:ReceiveMessage"), OPEN),
        (deny(Resource="arn:aws:sqs:eu-west-1:111122223333:other"), OPEN),
        (deny(Principal={"AWS": "444455556666"}), OPEN),
    ],
)
def test_a_deny_takes_back_what_it_covers_whole(denied: dict[str, Any], expected: str) -> None:
    assert answer(allow(), denied) == expected
    assert answer(denied, allow()) == expected


def test_a_deny_for_all_but_somebody_takes_back_everything_from_strangers() -> None:
    but_own = {**deny(), "NotPrincipal": {"AWS": f"arn:aws:iam::{OWN}:root"}}
    del but_own["Principal"]
    assert answer(allow(), but_own) == CLOSED


def test_not_action_and_not_resource_count_as_what_they_leave() -> None:
    most = allow()
    del most["Action"]
    most["NotAction"] = "sqs:DeleteQueue"
    assert answer(most) == OPEN
    rest = deny()
    del rest["Action"]
    assert answer(most, {**rest, "NotAction": "sqs:DeleteQueue"}) == CLOSED
    assert answer(most, {**rest, "NotAction": ["sqs:DeleteQueue", "sqs:SendMessage"]}) == OPEN
    assert answer(allow(), {**rest, "NotAction": "sqs:Receive*"}) == CLOSED
    assert answer(allow(), {**rest, "NotAction": "sqs:S*"}) == OPEN


def test_an_opening_names_its_statement() -> None:
    policy = parse_resource_policy({"Statement": [deny(Action="sqs:Purge*"), allow(Sid="Partners"), allow()]})
    first, second = openings(policy)
    assert (first.statement, first.who, first.actions) == ('statement "Partners"', "everybody", ("sqs:SendMessage",))
    assert second.statement == "statement 3"
