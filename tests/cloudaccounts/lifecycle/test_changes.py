"""A change of an account: what is named is written, and nothing is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.api.schemas import AccountChanges
from cloudaccounts.audit.actor import Actor
from cloudaccounts.groups.services import create_group
from cloudaccounts.lifecycle.onboarding import change_account
from cloudaccounts.models import GroupMember
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

CHANGES: dict[str, Any] = {
    "name": "renamed",
    "environment": "dev",
    "regions": ["eu-west-1"],
    "groups": ["Payments"],
}


def test_each_field_that_the_api_takes_is_changed(alice: User, make_account: MakeAccount) -> None:
    assert CHANGES.keys() == AccountChanges.model_fields.keys()
    account, scope = make_account(alice), Scope(str(alice.pk))
    actor = Actor(str(alice.pk), "alice", "api", "127.0.0.1")
    group = create_group(scope=scope, actor=actor, name="Payments")
    change_account(account, scope=scope, actor=actor, changes=CHANGES)
    account.refresh_from_db()
    assert [account.name, account.environment, account.regions] == ["renamed", "dev", ["eu-west-1"]]
    assert GroupMember.objects.filter(account=account.pk, group=group.pk).exists()


def test_one_that_it_does_not_know_is_an_error_and_no_silence(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    actor = Actor(str(alice.pk), "alice", "api", "127.0.0.1")
    with pytest.raises(TypeError, match="contact"):
        change_account(account, scope=Scope(str(alice.pk)), actor=actor, changes={"name": "x", "contact": "y"})
    account.refresh_from_db()
    assert account.name == "data-platform"
