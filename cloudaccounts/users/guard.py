"""What deleting a user means here: accounts know their owner by an identifier only, so no foreign key guards them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import ProtectedError

from cloudaccounts.models import CloudAccount

SHOWN = 20  # accounts that the error names


def refusal(user: AbstractBaseUser, accounts: int) -> str:
    owned = "a cloud account" if accounts == 1 else f"{accounts:,} cloud accounts"
    them = "it" if accounts == 1 else "them"
    return f"{user.get_username()} owns {owned}: transfer or delete {them} first, or only make the user inactive."


def refuse_to_orphan(*, instance: AbstractBaseUser, **_: Any) -> None:
    """Receiver of a user's ``pre_delete``, which a queryset's bulk delete sends too. Raises `ProtectedError`."""
    from cloudaccounts.accounts import (
        queries as account_queries,  # every command loads this receiver, and few delete a user
    )

    owner = str(instance.pk)
    if number := account_queries.count(owner):
        few = CloudAccount.objects.of(owner).only("name", "account_id", "provider").order_by("name", "id")[:SHOWN]
        raise ProtectedError(refusal(instance, number), set(few))
