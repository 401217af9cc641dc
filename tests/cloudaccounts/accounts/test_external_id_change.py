"""A team's external ID is replaced: who is asked with which, and that no other team's ever opens anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.external_id_change import (
    StillTrustedError,
    formers_of,
    remind,
    replace_external_id,
    state_of,
)
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.health.sessions import account_session
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import AuditEvent, CloudAccount, Notice, RetiredExternalId
from tests.cloudaccounts.conftest import Clock
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import PROVIDER, State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def _by_server_identity(toycloud: State, monkeypatch: pytest.MonkeyPatch) -> None:
    methods = tuple(replace(method, uses_server_identity=True) for method in PROVIDER.methods)
    monkeypatch.setattr(type(PROVIDER), "methods", methods)


@pytest.fixture
def account(alice: User, toy_account: MakeAccount, toycloud: State) -> CloudAccount:
    toycloud.trusted = {external_id_for(str(alice.pk))}
    return toy_account(alice, next_check_at=datetime(2026, 1, 1, tzinfo=UTC))


def fresh(account: CloudAccount) -> CloudAccount:
    return CloudAccount.objects.get(pk=account.pk)


def beat(clock: Clock) -> None:
    clock.forward(hours=2)
    run_round()


def test_heartbeats_go_on_with_the_former_one_until_the_new_one_passes(
    account: CloudAccount, alice: User, toycloud: State, clock: Clock
) -> None:
    owner = str(alice.pk)
    old = external_id_for(owner)
    new = replace_external_id(owner, actor=SYSTEM)
    assert (external_id_for(owner), fresh(account).former_external_id, new != old) == (new, old, True)
    beat(clock)
    assert (fresh(account).status, toycloud.tried[:2]) == ("active", [new, old])
    assert state_of(owner).waiting == 1
    toycloud.trusted = {new, old}
    beat(clock)
    assert fresh(account).former_external_id == ""
    assert AuditEvent.objects.filter(action="external_id.proven", account=account.pk).count() == 1
    # From now on the former one is refused, although its grace time goes on.
    toycloud.trusted, toycloud.tried = {old}, []
    beat(clock)
    assert (fresh(account).status, set(toycloud.tried)) == ("failed", {new})


def test_checks_and_scans_do_the_same(account: CloudAccount, alice: User, toycloud: State) -> None:
    old, new = external_id_for(str(alice.pk)), replace_external_id(str(alice.pk), actor=SYSTEM)
    account_session(account=fresh(account), actor=SYSTEM, purpose="a scan")
    assert toycloud.tried == [new, old]
    check = run_check(request_check(fresh(account), actor=SYSTEM).pk)
    assert check
    assert check.ok
    toycloud.trusted, toycloud.tried = {new}, []
    account_session(account=fresh(account), actor=SYSTEM, purpose="a scan")
    assert toycloud.tried == [new]
    assert fresh(account).former_external_id == ""


def test_after_the_grace_time_it_is_refused_with_cause_and_remedy(
    account: CloudAccount, alice: User, toycloud: State, clock: Clock, settings: Settings
) -> None:
    settings.EXTERNAL_ID_GRACE_DAYS = 3
    new = replace_external_id(str(alice.pk), actor=SYSTEM)
    clock.forward(days=3, minutes=1)
    report = run_check(request_check(fresh(account), actor=SYSTEM).pk)
    assert report is not None
    assert (report.ok, report.code, toycloud.tried) == (False, "role_refused", [new])
    assert "refused since" in report.cause
    assert new in report.remedy
    with pytest.raises(ProviderError):
        account_session(account=fresh(account), actor=SYSTEM, purpose="a scan")


def test_one_teams_former_id_opens_nothing_for_another(
    account: CloudAccount, alice: User, bob: User, toycloud: State
) -> None:
    old = external_id_for(str(alice.pk))
    replace_external_id(str(alice.pk), actor=SYSTEM)
    marked = fresh(account)
    assert formers_of([marked]) == {account.pk: old}
    # A row that says so of somebody else's account is not believed, and a transfer leaves none.
    marked.owner = str(bob.pk)
    assert formers_of([marked]) == {}
    transfer_account(fresh(account), to_owner=str(bob.pk), actor=SYSTEM)
    assert fresh(account).former_external_id == ""


def test_only_what_our_own_identity_opens_waits(alice: User, bob: User, make_account: MakeAccount) -> None:
    role = make_account(alice, account_id="111122223333", auth_method="cross_account_role")
    key = make_account(alice, account_id="111122224444")
    others = make_account(bob, auth_method="cross_account_role")
    replace_external_id(str(alice.pk), actor=SYSTEM)
    assert [bool(fresh(account).former_external_id) for account in (role, key, others)] == [True, False, False]


def test_while_accounts_trust_the_former_one_there_is_no_third(
    account: CloudAccount, alice: User, settings: Settings
) -> None:
    owner = str(alice.pk)
    replace_external_id(owner, actor=SYSTEM)
    with pytest.raises(StillTrustedError):
        replace_external_id(owner, actor=SYSTEM)
    CloudAccount.objects.update(former_external_id="")
    replace_external_id(owner, actor=SYSTEM)
    # The first ended with that, whatever was left of its grace time.
    assert RetiredExternalId.objects.filter(ends_at__gt=state_of(owner).former.retired_at).count() == 1  # type: ignore[union-attr]


def test_a_replacement_that_was_killed_is_repeated(account: CloudAccount, alice: User, clock: Clock) -> None:
    owner = str(alice.pk)
    old = external_id_for(owner)
    RetiredExternalId.objects.create(
        owner=owner, external_id=old, retired_at=clock.now, ends_at=clock.now + timedelta(days=30)
    )
    CloudAccount.objects.update(former_external_id=old)
    assert state_of(owner).former is None
    new = replace_external_id(owner, actor=SYSTEM)
    assert (external_id_for(owner), formers_of([fresh(account)])) == (new, {account.pk: old})


def test_one_notice_in_the_last_week(account: CloudAccount, alice: User, clock: Clock) -> None:
    replace_external_id(str(alice.pk), actor=SYSTEM)
    assert remind() == 0
    clock.forward(days=24)
    assert (remind(), remind()) == (1, 0)
    assert "1 account still trusts it" in Notice.objects.get(kind="external_id.ending").text


def test_the_page(account: CloudAccount, alice: User, alices: Client) -> None:
    old = external_id_for(str(alice.pk))
    assert old in alices.get("/team/").content.decode()
    assert alices.post("/team/external-id/").status_code == 302
    page = alices.get("/team/external-id/").content.decode()
    assert external_id_for(str(alice.pk)) in page
    assert old in page
    assert account.name in page
    event = AuditEvent.objects.get(action="external_id.replaced")
    assert (event.actor, event.detail["before"]) == (str(alice.pk), {"external_id": old})
