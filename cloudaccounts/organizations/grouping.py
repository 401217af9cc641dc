"""The group that onboarded members and imported accounts are added to."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.audit.actor import Actor
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import add_members
from cloudaccounts.models import CloudAccount
from teams.scope import Scope


def choices(scope: Scope) -> list[tuple[str, str]]:
    """The scope's groups: id as text, and name."""
    return group_queries.choices(scope)


def add_to_group(account: CloudAccount, group: str, *, actor: Actor) -> None:
    """Adds the account to the group, if one was named. Repeating it changes nothing.

    A group that was deleted meanwhile is no error: the account is connected, and its owner deleted the group.
    """
    # The account's own owner again: a group's id came with the job and is only a text.
    existing = group_queries.find(Scope(account.owner), UUID(group)) if group else None
    if existing is not None:
        add_members(existing, actor=actor, accounts=[account.pk])
