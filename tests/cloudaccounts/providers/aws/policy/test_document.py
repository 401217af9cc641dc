"""What is read as a policy, and what is refused instead of being passed over."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.aws.policy.document import (
    LONGEST,
    PolicyError,
    parse_identity_policy,
    parse_resource_policy,
)

GOOD = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


def without(name: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name} | more


@pytest.mark.parametrize(
    "document",
    [
        None,
        "text",
        [],
        {},
        {"statement": GOOD},
        {"Statement": "text"},
        {"Statement": [GOOD, None]},
        {"Statement": without("Effect")},
        {"Statement": GOOD | {"Effect": "Perhaps"}},
        {"Statement": without("Action")},
        {"Statement": GOOD | {"NotAction": "s3:*"}},
        {"Statement": GOOD | {"Action": []}},
        {"Statement": GOOD | {"Action": [1]}},
        {"Statement": GOOD | {"Action": "x" * (LONGEST + 1)}},
        {"Statement": GOOD | {"Resource": {"AWS": "*"}}},
        {"Statement": without("Principal")},
        {"Statement": GOOD | {"NotPrincipal": "*"}},
        {"Statement": GOOD | {"Unless": {}}},
        {"Statement": GOOD | {"Condition": "never"}},
        {"Statement": GOOD | {"Condition": {"Bool": "never"}}},
        {"Statement": GOOD | {"Condition": {"Bool": {"aws:SecureTransport": {}}}}},
    ],
)
def test_what_is_no_policy_is_refused(document: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_resource_policy(document)
    assert str(caught.value).endswith(".")


def test_an_identitys_policy_names_resources_and_no_principal() -> None:
    parse_identity_policy({"Statement": without("Principal")})
    for statement in (GOOD, without("Principal", Resource=[]), {"Effect": "Allow", "Action": "*"}):
        with pytest.raises(PolicyError):
            parse_identity_policy({"Statement": statement})


def test_a_policy_of_a_resource_may_leave_the_resource_out() -> None:
    statement = parse_resource_policy({"Statement": without("Resource")}).statements[0]
    assert statement.resources.surely_cover("arn:aws:ecr:eu-west-1:111122223333:repository/x")


def test_conditions_are_read_with_their_qualifiers() -> None:
    condition = {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a", True, 1]}}
    (found,) = parse_resource_policy({"Statement": GOOD | {"Condition": condition}}).statements[0].conditions
    assert (found.operator, found.key, found.values) == ("stringlike", "aws:tagkeys", ("a", "true", "1"))
    assert (found.all_values, found.any_value, found.if_exists) == (True, False, True)
