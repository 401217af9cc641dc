"""A deleted account takes with it the draft that it came from."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from cloudaccounts.models import CloudAccount
from cloudaccounts.signals_out import account_deleted
from wizard import services


@receiver(account_deleted)
def forget(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    services.forget_account(account.pk)
