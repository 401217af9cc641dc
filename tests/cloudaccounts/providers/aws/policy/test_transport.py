"""A bucket is closed to requests without TLS where one Deny, or several, leave none of them out."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import parse_resource_policy
from cloudaccounts.providers.aws.policy.transport import denies_plain_transport

YES, UNSURE, NO = Answer.YES, Answer.UNSURE, Answer.NO
BUCKET = "arn:aws:s3:::data"
BOTH = [BUCKET, f"{BUCKET}/*"]
PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BOTH, "Condition": PLAIN, **more}


def answer(*statements: dict[str, Any]) -> Answer:
    return denies_plain_transport(parse_resource_policy({"Statement": list(statements)}), BUCKET)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (deny(), YES),
        (deny(Principal={"AWS": "*"}), YES),
        (deny(Action="*"), YES),
        (deny(Action=["S3:*"]), YES),
        (deny(Resource="*"), YES),
        (deny(Resource="arn:aws:s3:::data*"), YES),
        (deny(Condition={"Bool": {"aws:securetransport": False}}), YES),
        (deny(Condition={"BoolIfExists": {"aws:SecureTransport": ["false"]}}), YES),
        (deny(Condition={"StringEquals": {"aws:SecureTransport": "false"}}), YES),
        (deny(Condition={"StringNotEquals": {"aws:SecureTransport": "true"}}), YES),
        (deny(Condition={}), YES),
        (deny(Effect="Allow"), NO),
        (deny(Principal={"AWS": "111122223333"}), NO),
        (deny(Action="s3:GetObject"), NO),
        (deny(Action=["s3:Get*", "s3:Put*"]), NO),
        (deny(Resource=BUCKET), NO),
        (deny(Resource=f"{BUCKET}/*"), NO),
        (deny(Resource=[BUCKET, f"{BUCKET}/private/*"]), NO),
        (deny(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]), NO),
        (deny(Condition={"Bool": {"aws:SecureTransport": "true"}}), NO),
        (deny(Condition={"Null": {"aws:SecureTransport": "true"}}), NO),
        (deny(Condition=PLAIN | {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}), NO),
        (deny(Condition=PLAIN | {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), NO),
        (deny(Condition={"NumericLessThan": {"s3:TlsVersion": 1.2}}), NO),
        (deny(Condition={"NumericLessThanIfExists": {"s3:TlsVersion": 1.2}}), UNSURE),
        (deny(Condition={"BoolMaybe": {"aws:SecureTransport": "false"}}), UNSURE),
        (deny(Condition=PLAIN | {"StringEquals": {"s3:Mood": "good"}}), UNSURE),
    ],
)
def test_everything_is_denied_to_everybody(statement: dict[str, Any], expected: Answer) -> None:
    assert answer(statement) is expected


def test_bucket_and_objects_may_be_closed_by_two_statements() -> None:
    assert answer(deny(Resource=BUCKET), deny(Resource=f"{BUCKET}/*")) is YES


def test_a_deny_that_leaves_something_out_is_none() -> None:
    rest = deny()
    del rest["Action"]
    assert answer(rest | {"NotAction": "s3:GetObject"}) is NO
    assert answer(rest | {"NotAction": "sqs:*"}) is YES
    people = deny()
    del people["Principal"]
    assert answer(people | {"NotPrincipal": {"AWS": "111122223333"}}) is NO


def test_without_a_statement_nothing_is_denied() -> None:
    assert answer() is NO
