"""Deletes a draft with the account that it became, and a user's drafts with the user."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models.signals import post_delete
from django.dispatch import receiver

from cloudaccounts.events import account_deleted
from cloudaccounts.models import CloudAccount


@receiver(account_deleted)
def on_account_deleted(sender: type[CloudAccount], account: CloudAccount, **_: Any) -> None:
    from wizard.drafts.removal import delete_draft_of_account  # see docs/decisions/0012

    # Else a finish that a kill interrupted would be completed later, and bring the deleted account back.
    delete_draft_of_account(account.pk)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def on_user_deleted(sender: Any, instance: AbstractBaseUser, **_: Any) -> None:
    from wizard.drafts.removal import delete_owner_records

    delete_owner_records(str(instance.pk))
