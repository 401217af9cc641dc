"""Whose rows a command is about."""

from __future__ import annotations

from uuid import UUID

from django.core.management.base import CommandError

from cloudaccounts.management.teams import team_named
from cloudaccounts.models import CloudAccount


def owner_named(team: str, account: str = "") -> str:
    """The owner of this name or key; else the account's; else the only one who has accounts.

    Raises `CommandError` where there is none, or where more than one could be meant.
    """
    if team:
        return team_named(team).key
    if account:
        return account_of(account).owner
    # Two are enough to know that one has to be chosen.
    owners = list(CloudAccount.objects.order_by("owner").values_list("owner", flat=True).distinct()[:2])
    if len(owners) > 1:
        raise CommandError("Several teams have accounts here. Say which one with --team.")
    if not owners:
        raise CommandError("No account is connected here.")
    return owners[0]


def account_of(text: str, owner: str = "") -> CloudAccount:
    """The account of this UUID. Raises `CommandError` where there is none, or where it is not the owner's."""
    try:
        key = UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is no account's UUID; the account's page and the API show it.") from None
    rows = CloudAccount.objects.of(owner) if owner else CloudAccount.objects.all()
    account = rows.filter(pk=key).first()
    if account is None:
        raise CommandError(f"There is no account {key}" + (" in this team." if owner else "."))
    return account
