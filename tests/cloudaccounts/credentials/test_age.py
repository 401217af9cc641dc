"""The age of credentials: the rule for one account and the filter for many say the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.credentials.age import RotationState, age_of, in_state, overdue_parts
from cloudaccounts.models import CloudAccount
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.mark.parametrize(
    ("age", "expires", "state"),
    [
        (timedelta(days=0), None, "ok"),
        (timedelta(days=59, hours=23, minutes=59), None, "ok"),
        (timedelta(days=60), None, "warning"),
        (timedelta(days=89, hours=23), None, "warning"),
        (timedelta(days=90), None, "critical"),
        (timedelta(days=-1), None, "ok"),
        (timedelta(days=1), timedelta(days=14, minutes=1), "ok"),
        (timedelta(days=1), timedelta(days=13, hours=23), "warning"),
        (timedelta(days=1), timedelta(0), "critical"),
        (timedelta(days=61), timedelta(days=300), "warning"),
        (timedelta(days=91), timedelta(days=-1), "critical"),
    ],
)
def test_rule_and_filter_agree(
    alice: User, make_account: MakeAccount, age: timedelta, expires: timedelta | None, state: str
) -> None:
    now = timezone.now()
    account = make_account(
        alice, credential_since=now - age, credential_expires_at=None if expires is None else now + expires
    )
    assert age_of(account, now=now).state == state
    states = [s for s in RotationState if CloudAccount.objects.filter(in_state(s, now=now)).exists()]
    assert states == [state]
    # Exactly one of the two causes where it is overdue, so that adding both up counts none twice.
    parts = [CloudAccount.objects.filter(cause).count() for cause in overdue_parts(now=now)]
    assert sum(parts) == (state == "critical")


def test_what_holds_no_secret_needs_no_rotation(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice, secretless=True, age_days=400)
    assert age_of(account).state == RotationState.NOT_APPLICABLE
    assert CloudAccount.objects.filter(in_state("not_applicable")).exists()


def test_the_limits_are_settings(alice: User, make_account: MakeAccount, settings: object) -> None:
    settings.CREDENTIAL_ROTATION_WARNING_DAYS = 10  # type: ignore[attr-defined]
    settings.CREDENTIAL_ROTATION_CRITICAL_DAYS = 20  # type: ignore[attr-defined]
    assert age_of(make_account(alice, age_days=15)).state == RotationState.WARNING
    assert age_of(make_account(alice, age_days=20)).state == RotationState.CRITICAL
