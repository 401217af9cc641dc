"""SEAM: stands in for what other parts of the product do, with the names and shapes that they have there.

Each function says by what it is replaced; nothing else here is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from cloudaccounts.actors import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount

UNKNOWN = "You have no group of this name or id."


def find_groups(owner: str, names: Iterable[str], *, field: str) -> list[UUID]:
    """SEAM: `groups.resolve_group(name, owner)` for each; GroupNotFoundError becomes this `InputError`."""
    if list(names):
        raise InputError({field: UNKNOWN})
    return []


def set_groups(account: CloudAccount, *, actor: Actor, group_ids: Iterable[UUID]) -> None:
    """SEAM: replaced by `cloudaccounts.services.groups.set_groups`."""


def groups_of(accounts: Iterable[CloudAccount]) -> dict[UUID, list[dict[str, str]]]:
    """SEAM: ``{account: [{id, name}]}`` by two queries, one of GroupMember and one of AccountGroup."""
    return {}


def in_group(owner: str, name: str) -> Q:
    """SEAM: ``groups.inside(groups.with_descendants(groups.resolve_group(name, owner)))``."""
    find_groups(owner, [name], field="group")
    return Q()
