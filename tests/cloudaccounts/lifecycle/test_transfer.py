from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import vault
from cloudaccounts.errors import ConnectionInUseError, CredentialBorrowedError, InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.health import connection_checks as checks_service
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.lifecycle.transfer import TransferRefusedError, transfer_account
from cloudaccounts.models import (
    AccountGroup,
    AuditEvent,
    CloudAccount,
    CloudCredential,
    ConnectionCheck,
    CredentialRotation,
    GroupMember,
    Notice,
    Organization,
)
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.rotation.requests import stage_credential
from cloudaccounts.rotation.verify import replace_credentials
from scans.models import Asset, ScanRun
from scans.runs.requests import request_scan
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def move(account: CloudAccount, to: User) -> CloudAccount:
    transfer_account(account, to_owner=str(to.pk), actor=SYSTEM)
    return CloudAccount.objects.get(pk=account.pk)


def test_all_that_hangs_on_it_goes_along(account: CloudAccount, alice: User, bob: User, bobs: Client) -> None:
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="old")
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
    assert account_queries.find(Scope(str(alice.pk)), account.pk) is None


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


def test_what_the_new_owner_has_already_is_refused(alice: User, bob: User, make_account: MakeAccount) -> None:
    same = make_account(alice, account_id="111122223333")
    make_account(bob, account_id="111122223333")
    with pytest.raises(TransferRefusedError) as refused:
        move(same, bob)
    assert refused.value.code == "account_exists"
    assert CloudAccount.objects.get(pk=same.pk).owner == str(alice.pk)


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


@pytest.mark.parametrize("owner", ["", "0", "none", "²"])
def test_an_owner_who_is_none_is_refused(account: CloudAccount, owner: str) -> None:
    with pytest.raises(InputError):
        transfer_account(account, to_owner=owner, actor=SYSTEM)


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


def token(text: str) -> Credentials:
    return Credentials("token", {"token": text})


def test_what_the_old_owner_entered_for_later_is_destroyed(
    alice: User, bob: User, toycloud: State, toy_account: MakeAccount
) -> None:
    account = toy_account(alice)
    assert replace_credentials(account, actor=SYSTEM, credentials=token(toycloud.good_token)).ok
    waiting = stage_credential(account, actor=SYSTEM, credentials=token("not-tested-yet"))
    account.refresh_from_db()
    move(account, bob)
    row = CloudCredential.objects.get()
    assert (row.staged, row.previous) == (None, None)
    assert vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"] == toycloud.good_token
    assert {(rotation.owner, str(rotation.report)) for rotation in CredentialRotation.objects.all()} == {
        (str(bob.pk), "{}")
    }
    waiting.refresh_from_db()
    assert waiting.state == "discarded"
    told = Notice.objects.get(kind="credential.retired")
    assert told.owner == str(bob.pk), "it may work at the provider, and is now his to delete there"


def test_a_swap_whose_worker_was_killed_is_told_before_the_account_moves(
    alice: User, bob: User, toycloud: State, toy_account: MakeAccount
) -> None:
    account = toy_account(alice, credential_generation=0)
    replace_credentials(account, actor=SYSTEM, credentials=token(toycloud.good_token))
    CloudAccount.objects.update(credential_generation=0, auth_method="older")
    account.refresh_from_db()
    moved = move(account, bob)
    assert (moved.credential_generation, moved.auth_method, moved.owner) == (1, "token", str(bob.pk))


def test_repeating_it_finishes_what_a_kill_interrupted(
    alice: User, bob: User, toycloud: State, toy_account: MakeAccount
) -> None:
    account = toy_account(alice)
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="a secret project")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    organization = Organization.objects.create(owner=str(alice.pk), provider="toy", connection=account.pk)
    check = request_check(account, actor=SYSTEM)
    stage_credential(account, actor=SYSTEM, credentials=token("not-tested-yet"))
    # What stands after a kill -9 right behind the first write, where there are no transactions.
    CloudAccount.objects.filter(pk=account.pk).update(owner=str(bob.pk))
    account.refresh_from_db()
    assert group_queries.groups_of_many(Scope(account.owner), [account]) == {}, (
        "a name that is not the new owner's to read"
    )
    moved = move(account, bob)
    assert CloudCredential.objects.get().staged is None
    check.refresh_from_db()
    organization.refresh_from_db()
    rotation, scan = CredentialRotation.objects.get(), ScanRun.objects.get()
    assert {check.owner, organization.owner, rotation.owner, scan.owner} == {str(bob.pk)}
    assert {check.state, scan.status} == {"abandoned", "cancelled"}
    assert not GroupMember.objects.exists()
    assert moved.owner == str(bob.pk)


def test_repeating_it_disturbs_nothing_of_the_new_owners(
    alice: User, bob: User, toycloud: State, toy_account: MakeAccount
) -> None:
    account = move(toy_account(alice), bob)
    group = create_group(scope=Scope(str(bob.pk)), actor=SYSTEM, name="mine")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    check = request_check(account, actor=SYSTEM)
    stage_credential(account, actor=SYSTEM, credentials=token("not-tested-yet"))
    scan = request_scan(account, actor=SYSTEM)
    move(account, bob)
    assert CloudCredential.objects.get().staged is not None
    check.refresh_from_db()
    scan.refresh_from_db()
    assert (check.state, scan.status) == ("queued", "queued")
    assert GroupMember.objects.get().group == group.pk
    assert AuditEvent.objects.filter(action="account.transferred").count() == 2


def test_notices_stay_with_whom_they_told(account: CloudAccount, alice: User, bob: User) -> None:
    notify(NoticeKind.ACCOUNT_FAILED, key=f"{account.pk}:1", text="It failed.", account=account)
    move(account, bob)
    assert Notice.objects.get().owner == str(alice.pk)
