"""What scans do when an account changes: the first scan of a new one, the end of a suspended or deleted one's.

Receivers only hand over; what happens is in ``scans.runs`` and ``scans.account_sync``. Every command connects them and
few send a signal: each imports what it hands over to (docs/decisions/0012).
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
    account_reclassified,
    account_renamed,
    account_suspended,
    account_transferred,
    owner_deleted,
)
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from teams.events import member_left


@receiver(post_save, sender=CloudAccount)
def on_account_added(sender: type[CloudAccount], instance: CloudAccount, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:  # raw: a fixture is being loaded, and its other rows may not be there yet
        from scans.runs.requests import request_first_scan
        from scans.runs.scheduling import ensure_schedule

        request_first_scan(instance)
        ensure_schedule(instance)


@receiver(account_suspended)
def cancel_scans(sender: type[CloudAccount], account: CloudAccount, actor: Actor, **_: Any) -> None:
    from scans.engines.runs import cancel_runs
    from scans.runs.requests import cancel_active

    # Suspended means neither checked nor scanned: a scan that is under way ends as well.
    cancel_active(account.pk, actor=actor)
    cancel_runs(account.pk)


@receiver(account_renamed)
def on_account_renamed(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    from scans.account_sync import sync_account

    sync_account(account)


@receiver(account_reclassified)
def on_account_reclassified(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    from scans.account_sync import sync_account

    sync_account(account)


@receiver(account_transferred)
def on_account_transferred(sender: type[CloudAccount], account: CloudAccount, actor: Actor, **_: Any) -> None:
    from scans.engines.choices import forget_account
    from scans.engines.runs import cancel_runs
    from scans.runs.requests import cancel_active

    # A run that began before the transfer would go on writing rows in the previous owner's name.
    cancel_active(account.pk, actor=actor, except_owner=account.owner)
    cancel_runs(account.pk, except_owner=account.owner)
    forget_account(account.pk)


@receiver(account_changed_hands)
def on_account_changed_hands(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    from scans.account_sync import sync_account

    sync_account(account)


@receiver(account_leaves)
@receiver(account_deleted)  # once more: what was written since, which is little
def on_account_deleted(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    from scans.account_sync import delete_account_records

    delete_account_records(account.pk)


def look_after_search(using: str, **_: Any) -> None:
    """After migrations: one that rebuilds a table on SQLite takes its triggers away."""
    if using == SECURITY:
        from scans.search_index import prepare

        prepare(using)


@receiver(member_left)
def on_member_left(sender: Any, team: str, user: str, **_: Any) -> None:
    from scans.models import SavedView

    SavedView.objects.filter(owner=team, person=user).delete()


@receiver(owner_deleted)
def on_owner_deleted(sender: Any, owner: str, **_: Any) -> None:
    from scans.retention import delete_owner_records

    delete_owner_records(owner)
