"""Nobody is deleted while something becomes theirs, and what nobody owns is reported."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete

from cloudaccounts.accounts.parsing import AccountInput
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import OwnerGoneError
from cloudaccounts.health.validation import prove_access
from cloudaccounts.lifecycle import onboarding
from cloudaccounts.models import AccountGroup, CloudAccount, CloudCredential, Notice
from cloudaccounts.users.existence import missing_owners, report_ownerless_rows, still_exists
from scans.models import ScanRun
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def connect(owner: str, toycloud: State) -> CloudAccount:
    entered = AccountInput(
        "toy", "abcdef", "Toybox", "dev", ("left",), "token", {"token": toycloud.good_token}, partition="shelf"
    )
    return onboarding.onboard_account(scope=Scope(owner), actor=SYSTEM, account_input=entered)


def test_who_is_deleted_during_a_call_of_their_own_leaves_nothing(
    alice: User, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = str(alice.pk)

    def delete_meanwhile(*args: Any, **kwargs: Any) -> Any:
        report = prove_access(*args, **kwargs)
        alice.delete()  # allowed: there is no account yet
        return report

    monkeypatch.setattr(onboarding, "prove_access", delete_meanwhile)
    with pytest.raises(OwnerGoneError):
        connect(owner, toycloud)
    for model in (CloudAccount, CloudCredential, ScanRun):
        assert not model.objects.exists()


def test_an_account_that_appears_during_the_deletion_stops_it(
    alice: User, make_account: MakeAccount, request: pytest.FixtureRequest
) -> None:
    def connect_meanwhile(instance: User, **_: Any) -> None:
        make_account(instance)

    pre_delete.connect(connect_meanwhile, sender=User, dispatch_uid="meanwhile")  # after the product's own guard
    request.addfinalizer(lambda: pre_delete.disconnect(sender=User, dispatch_uid="meanwhile"))
    with pytest.raises(ProtectedError), transaction.atomic():
        alice.delete()
    assert User.objects.filter(username="alice").exists()
    assert CloudAccount.objects.exists()


def test_it_knows_who_exists(alice: User) -> None:
    assert still_exists(str(alice.pk))
    assert not still_exists(str(alice.pk + 1000))
    assert missing_owners([str(alice.pk), "999999", "a-team", ""]) == {"999999", "a-team"}


def test_rows_that_nobody_owns_are_reported_once(alice: User, make_account: MakeAccount) -> None:
    make_account(alice)
    assert report_ownerless_rows() == {}
    make_account(alice)
    CloudAccount.objects.filter(pk=CloudAccount.objects.order_by("pk")[0].pk).update(owner="999999")
    AccountGroup.objects.create(owner="999998", name="Left behind")
    for _ in range(2):
        assert report_ownerless_rows() == {"accounts": 1, "groups": 1}
    texts = set(Notice.objects.filter(owner="", kind="system").values_list("text", flat=True))
    assert texts == {
        "1 accounts belong to a user or team who is gone (999999): nobody sees them.",
        "1 groups belong to a user or team who is gone (999998): nobody sees them.",
    }
