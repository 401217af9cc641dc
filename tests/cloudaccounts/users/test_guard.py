from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import (
    ApiToken,
    CloudAccount,
    NoticePreference,
    Organization,
    OrganizationMember,
    OwnerExternalId,
)
from cloudaccounts.tokens.services import create_token
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
USERS = "/admin/auth/user/"


@pytest.fixture
def olgas(operator: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(operator)


def test_an_owner_of_accounts_is_not_deleted(alice: User, make_account: MakeAccount) -> None:
    make_account(alice)
    with pytest.raises(ProtectedError, match="alice owns a cloud account"), transaction.atomic():
        alice.delete()
    assert User.objects.filter(pk=alice.pk).exists()
    assert CloudAccount.objects.of(str(alice.pk)).exists()


def test_an_owner_of_many_is_refused_without_reading_them_all(
    alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudaccounts.users.guard.SHOWN", 2)
    for _ in range(5):
        make_account(alice)
    with pytest.raises(ProtectedError, match="alice owns 5 cloud accounts") as caught:
        alice.delete()
    assert len(caught.value.protected_objects) == 2
    assert "last_check" in next(iter(caught.value.protected_objects)).get_deferred_fields()


def test_a_bulk_delete_spares_all_where_one_owns_accounts(alice: User, bob: User, make_account: MakeAccount) -> None:
    make_account(bob)
    with pytest.raises(ProtectedError), transaction.atomic():
        User.objects.filter(pk__in=[alice.pk, bob.pk]).delete()
    assert User.objects.filter(pk__in=[alice.pk, bob.pk]).count() == 2


def test_who_owns_nothing_is_deleted(olgas: Client, alice: User, bob: User, make_account: MakeAccount) -> None:
    make_account(bob)
    assert olgas.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_admin_says_why_an_owner_stays(
    olgas: Client, alice: User, make_account: MakeAccount, confirmed: bool
) -> None:
    make_account(alice)
    make_account(alice)
    address = f"{USERS}{alice.pk}/delete/"
    answer = olgas.post(address, {"post": "yes"}) if confirmed else olgas.get(address)
    assert answer.status_code == 200
    assert (
        "alice owns 2 cloud accounts: transfer or delete them first, or only make the user inactive."
        in answer.content.decode()
    )
    assert User.objects.filter(pk=alice.pk).exists()


def test_the_admin_says_it_of_a_selection_too(olgas: Client, alice: User, bob: User, make_account: MakeAccount) -> None:
    make_account(alice)
    chosen = {"action": "delete_selected", "_selected_action": [str(alice.pk), str(bob.pk)], "post": "yes"}
    answer = olgas.post(USERS, chosen)
    assert answer.status_code == 200
    assert "alice owns a cloud account: transfer or delete it first" in answer.content.decode()
    assert User.objects.filter(pk__in=[alice.pk, bob.pk]).count() == 2


def test_nothing_that_could_act_for_a_deleted_user_is_left(alice: User, bob: User) -> None:
    for user in (alice, bob):
        owner = str(user.pk)
        create_token(owner=owner, actor=SYSTEM, name="script", scope="write")
        external_id_for(owner)
        NoticePreference.objects.create(owner=owner)
        organization = Organization.objects.create(owner=owner, provider="aws", connection=uuid4())
        OrganizationMember.objects.create(
            organization=organization.pk, owner=owner, node_id="n", kind="account", first_seen_at=timezone.now()
        )
    alice.delete()
    for model in (ApiToken, OwnerExternalId, NoticePreference, Organization, OrganizationMember):
        assert [row.owner for row in model._default_manager.all()] == [str(bob.pk)], model
