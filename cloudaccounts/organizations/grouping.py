"""The group that onboarded members and imported accounts are added to."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import add_members
from cloudaccounts.models import CloudAccount


def choices(owner: str) -> list[tuple[str, str]]:
    """The owner's groups: id as text, and name."""
    return group_queries.choices(owner)


def resolve_group_id(owner: str, raw: str) -> str:
    """A group's id, from its id or name; empty stays empty. Raises `InputError`."""
    name = raw.strip()
    if not name:
        return ""
    try:
        return str(group_queries.resolve_group(name, owner).pk)
    except ProviderError as error:
        raise InputError({"group": f"{error.cause} {error.remedy}"}) from None


def add_to_group(account: CloudAccount, group: str, *, actor: Actor) -> None:
    """Adds the account to the group, if one was named. Repeating it changes nothing.

    A group that was deleted meanwhile is no error: the account is connected, and its owner deleted the group.
    """
    # The account's own owner again: a group's id came with the job and is only a text.
    existing = group_queries.find(account.owner, UUID(group)) if group else None
    if existing is not None:
        add_members(existing, actor=actor, accounts=[account.pk])
