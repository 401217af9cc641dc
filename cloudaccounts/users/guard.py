"""Refuses to delete users who own accounts. No foreign key does: accounts live in another database."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import ProtectedError

from cloudaccounts.models import CloudAccount

SHOWN = 20  # accounts that the error names


def refusal(user: AbstractBaseUser, accounts: int) -> str:
    owned = "a cloud account" if accounts == 1 else f"{accounts:,} cloud accounts"
    pronoun = "it" if accounts == 1 else "them"
    return f"{user.get_username()} owns {owned}: transfer or delete {pronoun} first, or only make the user inactive."


def refuse_to_orphan(*, instance: AbstractBaseUser, **_: Any) -> None:
    """Receiver of a user's ``pre_delete``, which a queryset's bulk delete sends too. Raises `ProtectedError`."""
    # Every command loads this receiver, and few delete a user (docs/decisions/0012).
    from cloudaccounts.accounts import queries as account_queries

    owner = str(instance.pk)
    if number := account_queries.count(owner):
        sample = CloudAccount.objects.of(owner).only("name", "account_id", "provider").order_by("name", "id")[:SHOWN]
        raise ProtectedError(refusal(instance, number), set(sample))
