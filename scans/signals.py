"""A new account asks for its first scan; a suspended or deleted one stops. Thin: each hands over to a service."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from cloudaccounts.audit.actor import Actor
from cloudaccounts.events import account_deleted, account_renamed, account_suspended, account_transferred
from cloudaccounts.models import CloudAccount
from scans.account_sync import forget_account, sync_account
from scans.runs import requests as run_requests
from scans.runs.requests import cancel_active
from scans.runs.scheduling import ensure_schedule


@receiver(post_save, sender=CloudAccount)
def request_first_scan(sender: type[CloudAccount], instance: CloudAccount, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        run_requests.request_first_scan(instance)
        ensure_schedule(instance)


@receiver(account_suspended)
def stop_scans(sender: type[CloudAccount], account: CloudAccount, actor: Actor, **_: Any) -> None:
    cancel_active(account.pk, actor=actor)


@receiver(account_renamed)
def on_account_renamed(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    sync_account(account)


@receiver(account_transferred)
def on_account_transferred(sender: type[CloudAccount], account: CloudAccount, actor: Actor, **_: Any) -> None:
    # One of before would go on writing in the old owner's name.
    cancel_active(account.pk, actor=actor, but_of=account.owner)
    sync_account(account)


@receiver(account_deleted)
def forget(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    forget_account(account.pk)
