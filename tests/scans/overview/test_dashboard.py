from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.models import CloudAccountStatus
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION
from tests.scans.findings.test_views import make as finding

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def page(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def test_it_sends_a_stranger_to_the_login(client: Client, db: None) -> None:
    response = client.get("/")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/"


def test_it_invites_to_connect_the_first_account(alices: Client) -> None:
    text = page(alices)
    assert "Connect your first account" in text
    assert 'action="/wizard/"' in text


def test_it_counts_the_accounts_by_status(alice: User, alices: Client, make_account: MakeAccount) -> None:
    make_account(alice)
    make_account(alice, status=CloudAccountStatus.FAILED)
    make_account(alice, status=CloudAccountStatus.SUSPENDED)
    numbers = alices.get("/").context["numbers"]
    assert (numbers.total, numbers.failed) == (3, 1)


def test_it_leaves_other_peoples_accounts_out(alices: Client, bob: User, make_account: MakeAccount) -> None:
    make_account(bob, name="bobs-secret-project")
    text = page(alices)
    assert "bobs-secret-project" not in text
    assert "Connect your first account" in text


def test_a_superuser_sees_no_more_than_anybody(operator: User, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="data-platform", status=CloudAccountStatus.FAILED)
    client = Client()
    client.force_login(operator)
    assert "data-platform" not in page(client)


def test_a_failed_account_is_told_with_cause_and_remedy(alice: User, alices: Client, make_account: MakeAccount) -> None:
    make_account(
        alice,
        status=CloudAccountStatus.FAILED,
        last_check_cause="The key was deactivated.",
        last_check={"remedy": "Activate it in IAM."},
    )
    text = page(alices)
    assert "The key was deactivated." in text
    assert "Activate it in IAM." in text


def test_credentials_past_the_limits_are_told_oldest_first(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    make_account(alice, name="younger", age_days=61)
    make_account(alice, name="older", age_days=112)
    make_account(alice, name="fresh", age_days=59)
    rows = [entry.title for entry in alices.get("/").context["attention"]]
    assert rows == ["The credential of older is overdue", "The credential of younger is due"]
    assert "22 days past its limit of 90" in page(alices)


def test_an_expiring_credential_is_told(alice: User, alices: Client, make_account: MakeAccount) -> None:
    make_account(alice, credential_expires_at=timezone.now() + timedelta(days=9, hours=1))
    assert "expires in 9 d" in page(alices)


def test_it_asks_the_same_few_questions_however_many_accounts_there_are(
    alice: User, alices: Client, make_account: MakeAccount, django_assert_num_queries: object
) -> None:
    make_account(alice, age_days=70)
    with django_assert_num_queries(NAVIGATION + 19, using="cloud_security"):  # type: ignore[operator]
        alices.get("/")
    for _ in range(12):
        make_account(alice, age_days=70)
    with django_assert_num_queries(NAVIGATION + 19, using="cloud_security"):  # type: ignore[operator]
        alices.get("/")


def test_criticals_of_scans_that_did_not_end_are_told_beside_the_others(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    account = make_account(alice, open_critical=2, posture={"critical": 2, "high": 0, "medium": 0, "low": 0})
    for number in range(2):
        finding(account, f"old-{number}", severity="critical")
    assert "more critical" not in page(alices)
    for number in range(3):
        finding(account, f"new-{number}", severity="critical")
    assert "3 more critical by scans that did not end yet" in page(alices)


def test_the_bars_of_the_worst_rules_are_as_long_as_what_ranks_them(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    for number in range(13):
        finding(account, f"mild-{number}", severity="medium", check_id="aws_mild")
    finding(account, "worst", severity="critical", check_id="aws_worst")
    lines = alices.get("/overview/rules/").context["lines"]
    assert [line["row"].check_id for line in lines] == ["aws_worst", "aws_mild"]
    assert [round(line["share"]) for line in lines] == [100, 98]


def test_an_account_that_is_not_fully_read_needs_attention_though_it_works(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    make_account(
        alice, name="halfblind", coverage_percent=11, secretless=True,
        coverage={"regions": {"enabled": 17, "read": 2}, "units": {"total": 9, "read": 8, "stale": 0}},
    )  # fmt: skip
    make_account(alice, name="seen", coverage_percent=100, secretless=True)
    page = " ".join(alices.get("/").content.decode().split())
    assert "halfblind" in page
    assert "11% is read: 15 enabled regions are not read, 1 reading failed." in page
    assert "1 with gaps" in page
    assert "halfblind is partly blinded" in page
    assert "?coverage=gaps" in page


def test_an_account_of_which_nothing_is_known_is_not_called_read(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    make_account(alice, secretless=True)
    page = " ".join(alices.get("/").content.decode().split())
    assert "1 not known" in page
    assert "all of them are read completely" not in page


def test_an_index_answers_for_all_numbers_without_reading_a_report(alice: User, make_account: MakeAccount) -> None:
    """SQLite says in its plan which index it reads, and whether that is enough."""
    connection = connections["cloud_security"]
    if connection.vendor != "sqlite":
        pytest.skip("It reads SQLite's plan.")
    make_account(alice)
    with CaptureQueriesContext(connection) as asked:
        account_queries.overview(Scope(str(alice.pk)))
        account_queries.credential_numbers(Scope(str(alice.pk)))
    plans = []
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plans.append(" ".join(str(row[3]) for row in cursor.fetchall()))
    assert len(plans) > 10
    assert all("USING COVERING INDEX" in plan for plan in plans), plans
