"""Refuses to delete users who own accounts, or alone own a team that others use.

No foreign key does: accounts live in another database.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import ProtectedError

from cloudaccounts.models import CloudAccount
from teams.queries import teams_without_owner_but
from teams.scope import Scope

SHOWN = 20  # accounts that the error names


def refusal(user: AbstractBaseUser, accounts: int) -> str:
    owned = "a cloud account" if accounts == 1 else f"{accounts:,} cloud accounts"
    pronoun = "it" if accounts == 1 else "them"
    return f"{user.get_username()} owns {owned}: transfer or delete {pronoun} first, or only make the user inactive."


def team_refusal(user: AbstractBaseUser) -> str:
    """Why the user cannot be deleted for a team's sake; empty where there is no such reason."""
    from cloudaccounts.accounts import queries as account_queries

    for team in teams_without_owner_but(user):
        if team.memberships.count() > 1 or account_queries.counts_of([team.key]):
            return (
                f"{user.get_username()} is the only owner of the team “{team.name}”: make another member an owner "
                "first, or only make the user inactive."
            )
    return ""


def refuse_to_orphan(*, instance: AbstractBaseUser, **_: Any) -> None:
    """Receiver of a user's ``pre_delete``, which a queryset's bulk delete sends too. Raises `ProtectedError`."""
    # Every command loads this receiver, and few delete a user (docs/decisions/0012).
    from cloudaccounts.accounts import queries as account_queries

    owner = str(instance.pk)
    if number := account_queries.count(Scope(owner)):
        sample = (
            CloudAccount.objects.of(owner)
            .only("name", "account_id", "provider")
            .order_by("name_key", "name", "id")[:SHOWN]
        )
        raise ProtectedError(refusal(instance, number), set(sample))
    if reason := team_refusal(instance):
        raise ProtectedError(reason, set())
