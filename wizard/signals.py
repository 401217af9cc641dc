"""A deleted account takes with it the draft that it came from, a deleted user all drafts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models.signals import post_delete
from django.dispatch import receiver

from cloudaccounts.events import account_deleted
from cloudaccounts.models import CloudAccount


@receiver(account_deleted)
def forget(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    from wizard.drafts.editing import forget_account  # see docs/decisions/0012

    forget_account(account.pk)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def forget_person(sender: Any, instance: AbstractBaseUser, **_: Any) -> None:
    from wizard.drafts.editing import delete_owner_records

    delete_owner_records(str(instance.pk))
