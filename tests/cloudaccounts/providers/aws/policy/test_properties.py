"""What holds for all policies: opening more never makes a verdict better, closing more never makes it worse."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.policy.patterns import covers, overlaps

BY_ID = {check.id: check for check in CHECKS}
RANK = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2}
GITHUB = "token.actions.githubusercontent.com"

Statements = list[dict[str, Any]]

KEYS = st.sampled_from(
    [
        *("aws:SourceArn", "aws:SourceAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceIp"),
        *("aws:userid", "aws:PrincipalServiceName", "aws:PrincipalIsAWSService", "aws:SecureTransport"),
        *("aws:CurrentTime", "aws:ViaAWSService", "sts:ExternalId", "x:Unheard", "aws:ResourceOrgID"),
        *(f"{GITHUB}:sub", f"{GITHUB}:aud"),
    ]
)
OPERATORS = st.sampled_from(
    [
        *("StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "ArnLike", "ArnNotLike", "Null", "Bool"),
        *("IpAddress", "NotIpAddress", "DateLessThan", "StringEqualsIfExists", "ForAllValues:StringLike"),
        *(
            "ForAnyValue:StringLike",
            "ForAnyValue:StringNotLike",
            "BoolIfExists",
            "NotIpAddressIfExists",
            "StringUnheard",
        ),
    ]
)
VALUES = st.lists(
    st.sampled_from(
        [
            *("*", "true", "false", "111122223333", "1111*", "o-abcdefghij", "o-*", "o-abcdefghij/r-ab12/*"),
            *("arn:aws:s3:*:*:*", "arn:aws:sns:*:111122223333:*", "AROAEXAMPLEEXAMPLE123:*", "${aws:PrincipalOrgID}"),
            *("0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24", "::/0", "repo:acme/*", "repo:*", "sns.amazonaws.com"),
        ]
    ),
    min_size=1,
    max_size=2,
)
CONDITIONS = st.dictionaries(OPERATORS, st.dictionaries(KEYS, VALUES, min_size=1, max_size=2), max_size=2)
PRINCIPALS = st.sampled_from(
    [
        *("*", {"AWS": "*"}, {"AWS": ["111122223333", "*"]}, {"AWS": "111122223333"}, {"AWS": "arn:aws:iam::*:root"}),
        *({"Service": "sns.amazonaws.com"}, {"Service": ["new.amazonaws.com"]}, {"CanonicalUser": "abc"}),
        {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{GITHUB}"},
    ]
)
ACTIONS = st.lists(
    st.sampled_from(["*", "s3:*", "sts:AssumeRole", "sts:TagSession", "s3:Get*", "iam:*", "iam:Put*", "?3:*"]),
    min_size=1,
    max_size=2,
)
RESOURCES = st.lists(
    st.sampled_from(["*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b*", "arn:aws:iam::*:*", "arn:*"]),
    min_size=1,
    max_size=2,
)


@st.composite
def statements(draw: st.DrawFn, effect: str = "", identity: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": effect or draw(st.sampled_from(["Allow", "Deny"]))}
    if not identity:
        made[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(PRINCIPALS)
    made[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(ACTIONS)
    made[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(RESOURCES)
    if condition := draw(CONDITIONS):
        made["Condition"] = condition
    return made


def facts(identifier: str, listed: Statements) -> dict[str, Any]:
    document = {"Statement": listed}
    if identifier == "aws_iam_role_trust":
        return {"trust_policy": document}
    if identifier == "aws_iam_user_admin":
        return {"attached_policies": [], "inline_policies": {"one": document}}
    return {"policy": document, "alias_policies": {}, "state": "Enabled"}


def rank(identifier: str, listed: Statements) -> int:
    check = BY_ID[identifier]
    found = Asset(check.asset_type, "x", "eu-west-1", "arn:aws:s3:::b", "b", {}, facts(identifier, listed))
    return RANK[check.evaluate(found).verdict]


OPEN_RULES = st.sampled_from(
    [
        *("aws_sqs_queue_public", "aws_lambda_function_public", "aws_kms_key_public", "aws_ecr_repository_public"),
        "aws_iam_role_trust",
    ]
)
SEVERAL = st.lists(statements(), max_size=3)
SEVERAL_OF_IDENTITY = st.lists(statements(identity=True), max_size=3)
ADMIN, TLS = "aws_iam_user_admin", "aws_s3_bucket_tls_only"


@given(OPEN_RULES, SEVERAL, statements("Allow"))
def test_one_more_allow_never_makes_it_better(identifier: str, listed: Statements, more: dict[str, Any]) -> None:
    assert rank(identifier, [*listed, more]) >= rank(identifier, listed)


@given(OPEN_RULES, SEVERAL, statements("Deny"))
def test_one_more_deny_never_makes_it_worse(identifier: str, listed: Statements, more: dict[str, Any]) -> None:
    assert rank(identifier, [*listed, more]) <= rank(identifier, listed)


@given(SEVERAL_OF_IDENTITY, statements("Allow", identity=True), statements("Deny", identity=True))
def test_an_administrator_is_made_by_allows_and_unmade_by_denies(
    listed: Statements, more: dict[str, Any], less: dict[str, Any]
) -> None:
    assert rank(ADMIN, [*listed, more]) >= rank(ADMIN, listed) >= rank(ADMIN, [*listed, less])


@given(SEVERAL, statements("Allow"), statements("Deny"))
def test_only_denies_close_a_bucket_to_plain_requests(
    listed: Statements, more: dict[str, Any], less: dict[str, Any]
) -> None:
    assert rank(TLS, [*listed, less]) <= rank(TLS, listed) == rank(TLS, [*listed, more])


@given(OPEN_RULES | st.just(ADMIN), SEVERAL, statements("Allow"), OPERATORS, KEYS, VALUES)
def test_a_condition_on_an_allow_never_makes_it_worse(
    identifier: str, listed: Statements, allowing: dict[str, Any], operator: str, key: str, values: list[str]
) -> None:
    more = copy.deepcopy(allowing)
    if key in more.setdefault("Condition", {}).setdefault(operator, {}):
        return
    more["Condition"][operator][key] = values
    if identifier == ADMIN:
        for one in (*listed, allowing, more):
            one.pop("Principal", None)
            one.pop("NotPrincipal", None)
    assert rank(identifier, [*listed, more]) <= rank(identifier, [*listed, allowing])


@given(OPEN_RULES, SEVERAL, statements("Allow"), KEYS, VALUES)
def test_an_operator_that_is_not_known_never_makes_a_pass(
    identifier: str, listed: Statements, allowing: dict[str, Any], key: str, values: list[str]
) -> None:
    more = copy.deepcopy(allowing)
    more.setdefault("Condition", {})["StringAlmostEquals"] = {key: values}
    without = rank(identifier, [*listed, allowing])
    assert rank(identifier, [*listed, more]) >= min(without, RANK[Verdict.UNKNOWN])


def respelled(statement: dict[str, Any]) -> dict[str, Any]:
    """Single texts in place of lists of one."""
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in statement.items()
    }


@given(OPEN_RULES | st.just(TLS), SEVERAL, st.randoms())
def test_neither_order_nor_spelling_counts(identifier: str, listed: Statements, random: Any) -> None:
    shuffled = [respelled(one) for one in listed]
    random.shuffle(shuffled)
    assert rank(identifier, shuffled) == rank(identifier, listed)
    if len(listed) == 1:
        single: Any = listed[0]
        assert rank(identifier, single) == rank(identifier, listed)


PATTERNS = st.text("ab*?", max_size=6)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=5))
def test_what_a_pattern_covers_it_matches(general: str, special: str, plain: str) -> None:
    if covers(general, special) and covers(special, plain):
        assert covers(general, plain)
    if covers(general, plain) and covers(special, plain):
        assert overlaps(general, special)
    if covers(general, special) and "*" not in special and "?" not in special:
        assert overlaps(general, special)


@given(PATTERNS, PATTERNS)
def test_patterns_overlap_either_way_round(one: str, other: str) -> None:
    assert overlaps(one, other) == overlaps(other, one)
    assert overlaps(one, one)


def test_patterns_made_to_take_long_do_not() -> None:
    long = "*a" * 1000
    assert overlaps(long, "b" * 2000)  # assumed, though none is there
    assert not covers(long, "b" * 2000)
