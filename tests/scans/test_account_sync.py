"""Rows of scans follow their account, a few at a time: SQLite has one writer, and others must get their turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudaccounts.accounts.changes import set_environment, update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import CloudAccount
from scans import account_sync
from scans.models import Asset, ScanRun
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_views import make as make_finding

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ROWS, PART = 25, 10


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_sync, "WRITTEN", PART)
    monkeypatch.setattr(account_sync, "READ", 2 * PART)
    monkeypatch.setattr(account_sync, "LONGEST_PAUSE", 0)


@pytest.fixture
def account(alice: User, toy_account: MakeAccount) -> CloudAccount:
    account = toy_account(alice)
    Asset.objects.bulk_create(_asset(account) for _ in range(ROWS))
    return account


def _asset(account: CloudAccount, run: UUID | None = None) -> Asset:
    now = timezone.now()
    return Asset(
        account=account.pk, asset_key=uuid4().hex, owner=account.owner, account_name=account.name, provider="toy",
        type="toy", service="toys", region="left", unit_region="left", native_id="x", name="x", fingerprint="x",
        first_seen_at=now, last_seen_at=now, changed_at=now, last_run=run or uuid4(),
    )  # fmt: skip


def parts_of(action: Callable[[], Any]) -> list[int]:
    """How many rows of assets each statement names."""
    with CaptureQueriesContext(connections["cloud_security"]) as queries:
        action()
    return [
        query["sql"].split(" IN (", 1)[1].count(",") + 1  # fails for a statement about all
        for query in queries.captured_queries
        if query["sql"].startswith(('UPDATE "assets"', 'DELETE FROM "assets"'))
    ]


def test_a_new_name_is_copied_in_parts(account: CloudAccount) -> None:
    assert parts_of(lambda: update_account(account, actor=SYSTEM, name="Renamed")) == [10, 10, 5]
    assert set(Asset.objects.values_list("account_name", flat=True)) == {"Renamed"}


def test_a_new_owner_is_copied_in_parts(account: CloudAccount, bob: User) -> None:
    assert parts_of(lambda: transfer_account(account, to_owner=str(bob.pk), actor=SYSTEM)) == [10, 10, 5]
    assert set(Asset.objects.values_list("owner", flat=True)) == {str(bob.pk)}


def test_a_transfer_that_was_killed_halfway_is_finished_by_the_next(account: CloudAccount, bob: User) -> None:
    CloudAccount.objects.filter(pk=account.pk).update(owner=str(bob.pk))
    Asset.objects.filter(pk__in=Asset.objects.values_list("pk", flat=True)[:7]).update(owner=str(bob.pk))
    fresh = CloudAccount.objects.get(pk=account.pk)
    assert sum(parts_of(lambda: transfer_account(fresh, to_owner=str(bob.pk), actor=SYSTEM))) == ROWS - 7
    assert set(Asset.objects.values_list("owner", flat=True)) == {str(bob.pk)}


def test_what_is_deleted_goes_in_parts(account: CloudAccount) -> None:
    assert parts_of(lambda: delete_account(account, actor=SYSTEM)) == [10, 10, 5]
    assert not Asset.objects.exists()
    assert not ScanRun.objects.exists()
    assert not CloudAccount.objects.exists()


def test_whoever_was_overtaken_stops(account: CloudAccount) -> None:
    """Of two new names at once, the rows end with the one that the account has."""
    overtaken = CloudAccount.objects.get(pk=account.pk)
    overtaken.name = "First"
    CloudAccount.objects.filter(pk=account.pk).update(name="Second")
    account_sync.sync_account(overtaken)
    assert set(Asset.objects.values_list("account_name", flat=True)) == {"Second"}


def test_every_part_has_a_transaction_of_its_own(account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one of the caller's, the lock would be held from the first part to the last."""
    inside: list[bool] = []
    original = account_sync.sync_account
    depth = len(connections["cloud_security"].savepoint_ids)  # the test's own transaction

    def look(target: CloudAccount) -> None:
        inside.append(len(connections["cloud_security"].savepoint_ids) > depth)
        original(target)

    monkeypatch.setattr("scans.account_sync.sync_account", look)
    update_account(account, actor=SYSTEM, name="Renamed")
    assert inside == [False]


def test_findings_follow_their_accounts_environment(account: CloudAccount) -> None:
    finding = make_finding(account, "web", environment="production")
    update_account(account, actor=SYSTEM, environment="dev")
    finding.refresh_from_db()
    assert finding.environment == "dev"
    set_environment(account, actor=SYSTEM, environment="staging")
    finding.refresh_from_db()
    assert finding.environment == "staging"
