"""Risk and coverage of many accounts together."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.accounts.posture import Posture, by_environment, coverage_and_weights, total
from cloudaccounts.accounts.summaries import posture_columns, write_posture
from cloudaccounts.models import CloudAccount, Environment
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount

POSTURE = {"critical": 3, "high": 9, "medium": 1, "low": 0, "score": 63, "passed_weight": 63, "failed_weight": 37}


def test_the_score_is_the_weight_passed_in_that_evaluated_and_100_means_that_nothing_failed() -> None:
    assert Posture(passed_weight=63, failed_weight=37).score == 63
    assert Posture(passed_weight=9_999, failed_weight=1).score == 99
    assert Posture(passed_weight=1).score == 100
    assert Posture().score is None


def test_what_was_not_seen_is_in_neither_share() -> None:
    seen = Posture(accounts=2, known=1, covered=100, passed_weight=30, failed_weight=10)
    assert seen.coverage == 50  # of the other account nothing is known, so nothing is covered
    assert (seen.passed_share, seen.failed_share, seen.unseen) == (37.5, 12.5, 50)
    assert Posture(accounts=1).coverage is None


def test_points_are_what_the_score_gains_and_never_more_than_is_missing() -> None:
    posture = Posture(passed_weight=75, failed_weight=25)
    assert posture.points(10) == 10
    assert posture.points(1000) == 25


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_it_adds_up_the_accounts_of_the_scope_in_one_query(
    alice: User, bob: User, make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    rows = [
        make_account(alice, environment=Environment.PRODUCTION, coverage_percent=100),
        make_account(alice, environment=Environment.PRODUCTION, coverage_percent=71),
        make_account(alice, environment=Environment.DEVELOPMENT),
        make_account(bob, coverage_percent=100),
    ]
    for row in rows[:2]:
        write_posture(row.pk, POSTURE)
    with django_assert_num_queries(1, using="cloud_security"):
        production, dev = by_environment(Scope(str(alice.pk)))
    assert (production.accounts, production.critical, production.score, production.coverage) == (2, 6, 63, 85)
    assert (dev.accounts, dev.score, dev.coverage) == (1, None, None)
    assert total([production, dev]).coverage == 57
    assert coverage_and_weights(str(alice.pk)) == {
        "accounts": 3, "covered": 171, "passed_weight": 126, "failed_weight": 74,
    }  # fmt: skip
    assert by_environment(Scope(str(alice.pk), groups=frozenset())) == []


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_the_columns_say_what_the_posture_says(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    write_posture(account.pk, POSTURE)
    row = CloudAccount.objects.get()
    assert row.posture == {"critical": 3, "high": 9, "medium": 1, "low": 0, "score": 63}
    assert (row.open_critical, row.open_high, row.score, row.passed_weight, row.failed_weight) == (3, 9, 63, 63, 37)
    assert posture_columns({"critical": 0, "score": None})["score"] is None
