"""Two people who change different things of an account at the same moment both get their way."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import InputError
from cloudaccounts.lifecycle.onboarding import change_account
from cloudaccounts.models import AuditEvent, CloudAccount
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
CHANGES: list[dict[str, Any]] = [{"name": "Renamed"}, {"environment": "staging"}, {"regions": ["right"]}]


@pytest.fixture
def account(alice: User, toy_account: MakeAccount) -> CloudAccount:
    return toy_account(alice)


@pytest.mark.parametrize("first", CHANGES, ids=range(3))
@pytest.mark.parametrize("second", CHANGES, ids=range(3))
def test_what_a_call_does_not_name_stays_as_somebody_else_has_made_it(
    account: CloudAccount, first: dict[str, Any], second: dict[str, Any]
) -> None:
    reads = [CloudAccount.objects.get(pk=account.pk) for _ in range(2)]  # both before either writes
    change_account(reads[0], scope=Scope(reads[0].owner), actor=SYSTEM, changes=first)
    change_account(reads[1], scope=Scope(reads[1].owner), actor=SYSTEM, changes=second)
    stored = CloudAccount.objects.get(pk=account.pk)
    for field, value in {**first, **second}.items():
        assert getattr(stored, field) == value


def test_the_audit_says_which(account: CloudAccount) -> None:
    update_account(account, actor=SYSTEM, environment="staging")
    event = AuditEvent.objects.get(action="account.changed")
    assert event.text == "Changed: environment"
    assert event.detail["after"] == {"environment": "staging"}


def test_what_is_refused_changes_nothing(account: CloudAccount) -> None:
    before = CloudAccount.objects.values().get(pk=account.pk)
    refused: list[dict[str, Any]] = [{"name": ""}, {"environment": "home"}, {"regions": []}, {"regions": ["nowhere"]}]
    for changes in refused:
        with pytest.raises(InputError):
            change_account(account, scope=Scope(account.owner), actor=SYSTEM, changes=changes)
    assert CloudAccount.objects.values().get(pk=account.pk) == before
