"""What people are told of credentials' ages: each fact once, at the exact moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.rotation import reminders as rotation_reminders
from cloudaccounts.rotation.reminders import notify_credential_ages
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
GIVEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def kinds() -> list[str]:
    return sorted(Notice.objects.values_list("kind", flat=True))


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice, credential_since=GIVEN)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (timedelta(days=59), []),
        (timedelta(days=60) - timedelta(seconds=1), []),
        (timedelta(days=60), ["rotation.warning"]),
        (timedelta(days=89), ["rotation.warning"]),
        (timedelta(days=90) - timedelta(seconds=1), ["rotation.warning"]),
        (timedelta(days=90), ["rotation.critical"]),
    ],
)
def test_the_days_are_exact(account: CloudAccount, after: timedelta, told: list[str]) -> None:
    notify_credential_ages(now=GIVEN + after)
    assert kinds() == told


def test_each_fact_is_told_once(account: CloudAccount) -> None:
    for day in (60, 61, 75, 90, 91, 120):
        notify_credential_ages(now=GIVEN + timedelta(days=day))
    assert kinds() == ["rotation.critical", "rotation.warning"]
    notice = Notice.objects.get(kind="rotation.warning")
    assert (notice.owner, notice.account) == (account.owner, account.pk)
    assert "60 days old" in notice.text


def test_another_credential_is_another_fact(account: CloudAccount) -> None:
    notify_credential_ages(now=GIVEN + timedelta(days=60))
    CloudAccount.objects.update(credential_generation=1, credential_since=GIVEN + timedelta(days=60))
    assert notify_credential_ages(now=GIVEN + timedelta(days=100)) == 0
    assert notify_credential_ages(now=GIVEN + timedelta(days=120)) == 1


def test_an_end_is_told_before_and_when_it_has_come(account: CloudAccount) -> None:
    ends = GIVEN + timedelta(days=30)
    CloudAccount.objects.update(credential_expires_at=ends)
    assert notify_credential_ages(now=ends - timedelta(days=14)) == 0
    assert notify_credential_ages(now=ends - timedelta(days=13)) == 1
    assert notify_credential_ages(now=ends - timedelta(days=1)) == 0
    assert notify_credential_ages(now=ends) == 1
    assert kinds() == ["credential.expiring"] * 2
    assert "has expired" in Notice.objects.latest("created_at").text


@pytest.mark.parametrize("fields", [{"status": "suspended"}, {"credential_secretless": True}])
def test_nothing_is_told_of_what_rests_or_has_no_secret(account: CloudAccount, fields: dict[str, Any]) -> None:
    CloudAccount.objects.update(**fields)
    assert notify_credential_ages(now=GIVEN + timedelta(days=400)) == 0


def test_a_round_is_bounded_and_the_next_one_goes_on(
    alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        make_account(alice, credential_since=GIVEN)
    monkeypatch.setattr(rotation_reminders, "MAX_PER_RUN", 2)
    monkeypatch.setattr(rotation_reminders, "CHUNK", 2)
    now = GIVEN + timedelta(days=90)
    assert [notify_credential_ages(now=now) for _ in range(4)] == [2, 2, 1, 0]
