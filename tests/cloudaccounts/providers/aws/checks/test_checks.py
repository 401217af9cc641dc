"""Each rule with an asset that passes, one that fails, one it does not apply to, and one that tells too little."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.contract.rules import PostureCheck, Verdict
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.checks.cases import CASES
from tests.cloudaccounts.providers.aws.checks.examples import (
    ALL_USERS,
    BLOCKED,
    BUCKET,
    BY_ID,
    NOW,
    ago,
    asset,
    everybody,
    judge,
    seen,
)


def test_every_check_is_shown_here() -> None:
    assert set(CASES) == set(BY_ID)
    assert len(BY_ID) == len(CHECKS) >= 40
    assert PROVIDER.posture_checks() is CHECKS


@pytest.mark.parametrize("identifier", CASES)
def test_a_good_asset_passes(identifier: str) -> None:
    judgement = judge(identifier, CASES[identifier][0])
    assert judgement.verdict == Verdict.PASS, judgement
    assert judgement.reason


@pytest.mark.parametrize("identifier", CASES)
def test_a_bad_asset_fails_with_what_was_seen(identifier: str) -> None:
    judgement = judge(identifier, CASES[identifier][1])
    assert judgement.verdict == Verdict.FAIL, judgement
    assert judgement.reason.endswith(".")


@pytest.mark.parametrize("identifier", CASES)
def test_what_a_rule_is_not_about_is_left_alone(identifier: str) -> None:
    good, _, other = CASES[identifier]
    elsewhere = Asset("aws.other.thing", "other", "global", "arn", "n", {}, good)
    assert BY_ID[identifier].evaluate(elsewhere).verdict == Verdict.NOT_APPLICABLE
    if other is not None:
        assert judge(identifier, other).verdict == Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("identifier", CASES)
def test_what_was_not_told_is_unknown_and_never_a_pass(identifier: str) -> None:
    judgement = judge(identifier, {})
    assert judgement.verdict == Verdict.UNKNOWN, judgement
    assert judgement.reason


@pytest.mark.parametrize("identifier", CASES)
def test_what_could_not_be_read_is_unknown_with_the_reason(identifier: str) -> None:
    good = CASES[identifier][0]
    names = [name for name in good if name != OBSERVED]
    refused: dict[str, Any] = dict.fromkeys(names) | {"unreadable": dict.fromkeys(names, "permission_denied")}
    judgement = judge(identifier, refused)
    assert judgement.verdict == Verdict.UNKNOWN, judgement
    assert "permission denied" in judgement.reason


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_each_check_tells_a_person_what_to_do(check: PostureCheck) -> None:
    assert re.fullmatch("aws_[a-z0-9_]+", check.id)
    assert check.asset_type.startswith("aws.")
    assert check.service == check.asset_type.split(".")[1]
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert len(check.console) > 20
    assert "aws " in check.command


def test_the_rules_about_ages_and_no_others_look_at_the_time() -> None:
    moving = set()
    for identifier, (good, bad, _) in CASES.items():
        for properties in (good, bad):
            check = BY_ID[identifier]
            found = asset(check, properties)
            verdicts = {check.evaluate(found.as_of(NOW + timedelta(days=days))).verdict for days in (-2000, 0, 2000)}
            if len(verdicts) > 1:
                moving.add(identifier)
    assert moving == {check.id for check in CHECKS if check.time_dependent}


def test_an_unchanged_key_grows_old() -> None:
    check = BY_ID["aws_iam_access_key_age"]
    found = asset(check, {"access_keys": [{"active": True, "created_at": ago(80)}], **seen()})
    assert check.evaluate(found).verdict == Verdict.PASS
    later = found.as_of(NOW + timedelta(days=11))
    assert check.evaluate(later).verdict == Verdict.FAIL
    assert later.fingerprint() == found.fingerprint()


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        (BUCKET | {"policy_is_public": True, "public_access_block": BLOCKED}, Verdict.PASS),
        (BUCKET | {"policy_is_public": True, "account_public_access_block": BLOCKED}, Verdict.PASS),
        (BUCKET | {"acl_grants": [ALL_USERS]}, Verdict.FAIL),
        (BUCKET | {"acl_grants": [ALL_USERS], "ownership": "BucketOwnerEnforced"}, Verdict.PASS),
        (
            BUCKET | {"policy_is_public": True, "unreadable": {"account_public_access_block": "permission_denied"}},
            Verdict.UNKNOWN,
        ),
        (BUCKET | {"acl_grants": [ALL_USERS], "unreadable": {"policy_is_public": "x"}}, Verdict.FAIL),
        (BUCKET | {"unreadable": {"acl_grants": "permission_denied"}}, Verdict.UNKNOWN),
    ],
)
def test_a_bucket_is_public_only_where_no_block_stands_in_between(properties: dict[str, Any], verdict: Verdict) -> None:
    assert judge("aws_s3_bucket_public", properties).verdict == verdict


@pytest.mark.parametrize(
    ("policy", "is_open"),
    [
        (everybody("*"), True),
        (everybody({"AWS": "*"}), True),
        (everybody({"Service": "*"}), True),  # any service, so anybody who has one call the function
        (everybody({"AWS": "arn:aws:iam::1:root"}), False),
        (everybody(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (everybody(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), True),
        (everybody(Condition={"StringLike": {"aws:SourceAccount": "*"}}), True),
        (everybody(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), True),
        (everybody(Condition={"Bool": {"aws:SecureTransport": "true"}}), True),
        (everybody(Condition={"StringEqualsIfExists": {"aws:SourceAccount": "1"}}), True),
        (everybody(Effect="Deny"), False),
        (None, False),
    ],
)
def test_everybody_is_everybody_unless_a_condition_names_somebody(policy: Any, is_open: bool) -> None:
    expected = Verdict.FAIL if is_open else Verdict.PASS
    assert judge("aws_lambda_function_public", {"policy": policy, "alias_policies": {}}).verdict == expected


NAMES = sorted({name for cases in CASES.values() for case in cases if case for name in case} | {"unreadable"})
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab*:/é\n", max_size=5)
    | st.sampled_from(["*", "Allow", "0.0.0.0/0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Principal", "Action", "AWS", "active", "at", "cidrs", "protocol", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=8))
def test_no_odd_property_makes_a_rule_fail_by_itself(properties: dict[str, Any]) -> None:
    for check in CHECKS:
        judgement = check.evaluate(asset(check, properties))
        assert judgement.verdict in Verdict
        assert judgement.reason


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(st.sampled_from(sorted(CASES)), st.data())
def test_a_single_odd_property_makes_no_error_either(identifier: str, data: st.DataObject) -> None:
    good = dict(CASES[identifier][0])
    good[data.draw(st.sampled_from(sorted(good)))] = data.draw(ODD)
    assert judge(identifier, good).verdict in Verdict
