"""Secrets that nothing here has used for long are told once, by the team's own number of days."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.rotation.automatic.requests import set_policy
from cloudaccounts.rotation.unused import notify_unused_credentials
from cloudaccounts.tasks import notify_credential_ages
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def put(account: CloudAccount, **days_ago: int | None) -> CloudAccount:
    now = timezone.now()
    values: dict[str, Any] = {k: None if v is None else now - timedelta(days=v, hours=1) for k, v in days_ago.items()}
    CloudAccount.objects.filter(pk=account.pk).update(**values)
    return account


def told() -> list[str]:
    return sorted(Notice.objects.filter(kind="credential.unused").values_list("account_label", flat=True))


@pytest.mark.parametrize(
    ("uses", "is_told"),
    [
        ({"created_at": 200, "last_checked_at": 91, "scanned_at": 120}, True),
        ({"created_at": 200, "last_checked_at": 90, "scanned_at": None}, True),
        ({"created_at": 90, "last_checked_at": None, "scanned_at": None}, True),  # never used at all
        ({"created_at": 200, "last_checked_at": 89, "scanned_at": 120}, False),
        ({"created_at": 200, "last_checked_at": 120, "scanned_at": 5}, False),
        ({"created_at": 89, "last_checked_at": None, "scanned_at": None}, False),
    ],
)
def test_a_use_is_a_check_or_a_scan(
    alice: User, make_account: MakeAccount, uses: dict[str, int | None], is_told: bool
) -> None:
    put(make_account(alice, name="forgotten", status="suspended"), **uses)
    assert notify_unused_credentials() == is_told
    assert notify_unused_credentials() == 0  # once
    assert bool(told()) is is_told


def test_what_holds_no_secret_is_not_told(alice: User, make_account: MakeAccount) -> None:
    put(make_account(alice, secretless=True), created_at=900)
    assert notify_unused_credentials() == 0


def test_a_team_has_its_own_number_of_days(alice: User, bob: User, make_account: MakeAccount) -> None:
    for user in (alice, bob):
        put(make_account(user, name=user.username), created_at=40)
    set_policy(str(alice.pk), automatic=False, max_age_days=60, unused_days=30, actor=SYSTEM)
    notify_credential_ages()
    assert [label.split()[0] for label in told()] == ["alice"]


def test_one_that_is_used_again_and_forgotten_again_is_told_again(alice: User, make_account: MakeAccount) -> None:
    account = put(make_account(alice), created_at=500, last_checked_at=300)
    assert notify_unused_credentials() == 1
    put(account, last_checked_at=1)
    assert notify_unused_credentials() == 0
    put(account, last_checked_at=95)
    assert notify_unused_credentials() == 1


def test_the_list_shows_it_and_leaves_as_a_file(client: Client, alice: User, make_account: MakeAccount) -> None:
    put(make_account(alice, name="=forgotten"), created_at=500, last_checked_at=300)
    make_account(alice, name="fresh")
    client.force_login(alice)
    page = seen(client.get("/rotation/standing-secrets/"))
    assert page.count("days unused") == 1
    assert "300 days unused" in page
    answer: Any = client.get("/rotation/standing-secrets/?format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["name"].lstrip("'"), row["unused_days"]) for row in rows] == [("=forgotten", "300"), ("fresh", "0")]
    assert "owner" not in rows[0]
