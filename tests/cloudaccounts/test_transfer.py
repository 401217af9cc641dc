from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts import selectors
from cloudaccounts.actors import SYSTEM
from cloudaccounts.errors import ConnectionInUseError, CredentialBorrowedError, InputError
from cloudaccounts.models import (
    AccountGroup,
    AuditEvent,
    CloudAccount,
    ConnectionCheck,
    GroupMember,
    Organization,
)
from cloudaccounts.services import (
    add_members,
    create_group,
    external_id_for,
    request_check,
    run_check,
    transfer_account,
    transfer_accounts,
)
from cloudaccounts.services import checks as checks_service
from cloudaccounts.services.transfer import TransferRefusedError
from scans.models import Asset, ScanRun
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def move(account: CloudAccount, to: User) -> CloudAccount:
    transfer_account(account, to_owner=str(to.pk), actor=SYSTEM)
    return CloudAccount.objects.get(pk=account.pk)


def test_all_that_hangs_on_it_goes_along(account: CloudAccount, alice: User, bob: User, bobs: Client) -> None:
    group = create_group(owner=str(alice.pk), actor=SYSTEM, name="old")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    request_check(account, actor=SYSTEM)
    now = timezone.now()
    asset = Asset.objects.create(
        account=account.pk, asset_key="k", owner=str(alice.pk), account_name="x", provider="aws", type="t", service="s",
        region="r", unit_region="r", native_id="n", name="n", fingerprint="f", first_seen_at=now, last_seen_at=now,
        changed_at=now, last_run=account.pk,
    )  # fmt: skip
    moved = move(account, bob)
    new = str(bob.pk)
    asset.refresh_from_db()
    assert (moved.owner, asset.owner) == (new, new)
    assert {row.owner for row in ConnectionCheck.objects.all()} == {new}
    assert {(run.owner, run.status) for run in ScanRun.objects.all()} == {(new, "cancelled")}
    assert not GroupMember.objects.exists()
    assert AccountGroup.objects.get().size == 0
    assert bobs.get(f"/accounts/{account.pk}/").status_code == 200
    assert selectors.find(str(alice.pk), account.pk) is None


def test_both_owners_find_it_in_their_trail_and_neither_the_others(
    account: CloudAccount, alice: User, bob: User
) -> None:
    move(account, bob)
    events = AuditEvent.objects.filter(action="account.transferred")
    assert {event.owner for event in events} == {str(alice.pk), str(bob.pk)}
    sealed = AuditEvent.objects.get(action="credential.sealed")
    assert sealed.owner == str(alice.pk)


def test_keys_go_on_working(account: CloudAccount, bob: User) -> None:
    moved = move(account, bob)
    assert (moved.status, moved.last_check_code) == ("active", "")


def test_a_role_waits_for_the_new_owners_external_id_and_says_which(
    alice: User, bob: User, bobs: Client, make_account: MakeAccount
) -> None:
    role = make_account(alice, secretless=True)
    moved = move(role, bob)
    assert (moved.status, moved.last_check_code) == ("pending", "external_id_changed")
    page = bobs.get(f"/accounts/{role.pk}/").content.decode()
    assert external_id_for(str(bob.pk)) in page
    assert external_id_for(str(alice.pk)) not in page


def test_a_check_under_way_proves_nothing_for_the_new_owner(
    alice: User, bob: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = toy_account(alice, status="failed")
    check = request_check(account, actor=SYSTEM)
    original = checks_service._validate

    def transferred_meanwhile(*args: object) -> object:
        report = original(*args)  # type: ignore[arg-type]  # passed on as given
        move(account, bob)
        return report

    monkeypatch.setattr(checks_service, "_validate", transferred_meanwhile)
    assert run_check(check.pk) is None
    check.refresh_from_db()
    assert (check.state, check.code) == ("abandoned", "account_transferred")
    assert CloudAccount.objects.get(pk=account.pk).status == "failed"


def test_what_the_new_owner_has_already_is_refused_and_the_others_move(
    alice: User, bob: User, make_account: MakeAccount
) -> None:
    same = make_account(alice, account_id="111122223333")
    make_account(bob, account_id="111122223333")
    other, role = make_account(alice), make_account(alice, secretless=True)
    with pytest.raises(TransferRefusedError):
        move(same, bob)
    report = transfer_accounts([same, other, role], to_owner=str(bob.pk), actor=SYSTEM)
    assert [(account.pk, error.code) for account, error in report.refused] == [(same.pk, "account_exists")]
    assert [account.pk for account in report.moved] == [other.pk, role.pk]
    assert [account.pk for account in report.pending] == [role.pk]
    assert CloudAccount.objects.get(pk=same.pk).owner == str(alice.pk)


@pytest.mark.parametrize("owner", ["", "0", "none", "²"])
def test_what_another_accounts_credential_opens_goes_with_that_one(
    account: CloudAccount, alice: User, bob: User, make_account: MakeAccount
) -> None:
    Organization.objects.create(owner=account.owner, provider="aws", connection=account.pk)
    member = make_account(alice, name="member", connection=account.pk)
    with pytest.raises(CredentialBorrowedError):
        move(member, bob)
    with pytest.raises(ConnectionInUseError):
        move(account, bob)
    CloudAccount.objects.filter(pk=member.pk).delete()
    move(account, bob)
    assert Organization.objects.get().owner == str(bob.pk)


def test_an_owner_who_is_none_is_refused(account: CloudAccount, owner: str) -> None:
    with pytest.raises(InputError):
        transfer_accounts([account], to_owner=owner, actor=SYSTEM)


def test_somebody_inactive_gets_nothing(account: CloudAccount, bob: User) -> None:
    bob.is_active = False
    bob.save()
    with pytest.raises(InputError):
        move(account, bob)


def test_who_gave_everything_away_can_be_deleted(account: CloudAccount, alice: User, bob: User) -> None:
    move(account, bob)
    assert account.created_at < timezone.now() + timedelta(seconds=1)
    alice.delete()
    assert CloudAccount.objects.filter(owner=str(bob.pk)).exists()
