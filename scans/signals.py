"""What scans do when an account changes: the first scan of a new one, the end of a suspended or deleted one's.

Receivers only hand over; what happens is in ``scans.runs`` and ``scans.account_sync``.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from cloudaccounts.audit.actor import Actor
from cloudaccounts.events import (
    account_changed_hands,
    account_deleted,
    account_leaves,
    account_renamed,
    account_suspended,
    account_transferred,
)
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.account_sync import delete_account_records, sync_account
from scans.runs import requests as run_requests
from scans.runs.requests import cancel_active
from scans.runs.scheduling import ensure_schedule
from scans.search_index import prepare


@receiver(post_save, sender=CloudAccount)
def request_first_scan(sender: type[CloudAccount], instance: CloudAccount, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:  # raw: a fixture is being loaded, and its other rows may not be there yet
        run_requests.request_first_scan(instance)
        ensure_schedule(instance)


@receiver(account_suspended)
def cancel_scans(sender: type[CloudAccount], account: CloudAccount, actor: Actor, **_: Any) -> None:
    # Suspended means neither checked nor scanned: a scan that is under way ends as well.
    cancel_active(account.pk, actor=actor)


@receiver(account_renamed)
def on_account_renamed(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    sync_account(account)


@receiver(account_transferred)
def on_account_transferred(sender: type[CloudAccount], account: CloudAccount, actor: Actor, **_: Any) -> None:
    # A run that began before the transfer would go on writing rows in the previous owner's name.
    cancel_active(account.pk, actor=actor, except_owner=account.owner)


@receiver(account_changed_hands)
def on_account_changed_hands(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    sync_account(account)


@receiver(account_leaves)
@receiver(account_deleted)  # once more: what was written since, which is little
def on_account_deleted(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    delete_account_records(account.pk)


def look_after_search(using: str, **_: Any) -> None:
    """After migrations: one that rebuilds a table on SQLite takes its triggers away."""
    if using == SECURITY:
        prepare(using)
