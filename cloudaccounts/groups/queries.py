"""Reads of groups: the tree of an owner, who is in a group, and groups by name or id for commands.

An owner has at most `services.groups.GROUP_LIMIT` groups, so a tree is read whole, in one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Exists, OuterRef, Q, QuerySet

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import AccountGroup, CloudAccount, GroupMember

# Up to here the ids of a group's members are one set that is looked into; a larger group is asked for row by row,
# which ends as soon as a page is full, or as many are counted as a page ever tells.
SET_LIMIT = 10_000
DEEPEST = 10


class GroupNotFoundError(ProviderError):
    def __init__(self, wanted: str) -> None:
        super().__init__("group_not_found", f"There is no group {wanted!r}.", "Name it exactly, or give its id.")


class GroupAmbiguousError(ProviderError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            "group_ambiguous", f"Several owners have a group {wanted!r}.", "Give its id, or say whose it is."
        )


@dataclass(frozen=True, slots=True)
class Branch:
    """A group in its tree. ``depth`` is 0 at the top."""

    group: AccountGroup
    depth: int
    nested: int  # groups right below


def find(owner: str, group: UUID) -> AccountGroup | None:
    return AccountGroup.objects.filter(owner=owner, pk=group).first()


def resolve_group(name_or_id: str, owner: str | None = None) -> AccountGroup:
    """By exact name or by id, for commands. Raises `GroupNotFoundError` and `GroupAmbiguousError`."""
    rows = AccountGroup.objects.all() if owner is None else AccountGroup.objects.filter(owner=owner)
    found = list(rows.filter(name=name_or_id)[:2])
    if len(found) > 1:
        raise GroupAmbiguousError(name_or_id)
    if found:
        return found[0]
    try:
        by_id = rows.filter(pk=UUID(name_or_id)).first()
    except ValueError:
        by_id = None
    if by_id is None:
        raise GroupNotFoundError(name_or_id)
    return by_id


def tree(owner: str) -> list[Branch]:
    """Depth first, by name. What hangs in the air (its parent was deleted just now) stands at the top."""
    rows = list(AccountGroup.objects.filter(owner=owner).order_by("name", "id"))
    known = {row.pk for row in rows}
    below: dict[UUID | None, list[AccountGroup]] = {}
    for row in rows:
        below.setdefault(row.parent if row.parent in known else None, []).append(row)
    return list(_walk(below, None, 0))


def _walk(below: dict[UUID | None, list[AccountGroup]], at: UUID | None, depth: int) -> Iterator[Branch]:
    for row in below.get(at, []):
        yield Branch(row, depth, len(below.get(row.pk, [])))
        yield from _walk(below, row.pk, depth + 1)


def choices(owner: str) -> list[tuple[str, str]]:
    """For a select, nested ones indented."""
    return [(str(branch.group.pk), "\u2003" * branch.depth + branch.group.name) for branch in tree(owner)]


def with_descendants(group: AccountGroup) -> list[UUID]:
    """The group's id and those of all nested below. A circle, should two moves have made one, ends the walk."""
    below: dict[UUID | None, list[UUID]] = {}
    for key, parent in AccountGroup.objects.filter(owner=group.owner).values_list("pk", "parent"):
        below.setdefault(parent, []).append(key)
    found, ahead = [group.pk], [group.pk]
    while ahead:
        fresh = [key for key in below.get(ahead.pop(), []) if key not in found]
        found += fresh
        ahead += fresh
    return found


def path(group: AccountGroup) -> list[AccountGroup]:
    """From the top down to its parent."""
    rows = {row.pk: row for row in AccountGroup.objects.filter(owner=group.owner)}
    above: list[AccountGroup] = []
    parent = rows.get(group.parent) if group.parent else None
    while parent is not None and parent not in above:
        above.insert(0, parent)
        parent = rows.get(parent.parent) if parent.parent else None
    return above


def depth_below(group: AccountGroup) -> int:
    """How many levels are nested under it."""
    branches = tree(group.owner)
    start = next((n for n, branch in enumerate(branches) if branch.group.pk == group.pk), None)
    if start is None:
        return 0
    deepest = branches[start].depth
    for branch in branches[start + 1 :]:
        if branch.depth <= branches[start].depth:
            break
        deepest = max(deepest, branch.depth)
    return deepest - branches[start].depth


def inside(groups: Iterable[UUID], *, field: str = "pk") -> Q:
    """Rows whose account (in ``field``) is in any of these groups, without a join that a list would wait for."""
    members = GroupMember.objects.filter(group__in=list(groups))
    if connections[members.db].vendor == "mongodb":
        # A subquery would be a $lookup for each row there. A set of 100,000 ids is a query of 2.5 MB, of 16 allowed.
        return Q(**{f"{field}__in": list(members.values_list("account", flat=True)[:100_000])})
    if members.order_by().values("account")[: SET_LIMIT + 1].count() <= SET_LIMIT:  # an index alone is read for it
        return Q(**{f"{field}__in": members.values("account")})
    return Q(Exists(members.filter(account=OuterRef(field))))


def within(group: str, *, owner: str = "") -> Q:
    """Accounts in a group of this name or id and in those nested in it. Raises `ProviderError` where there is none."""
    return inside(with_descendants(resolve_group(group, owner or None)))


def members_of(groups: Iterable[UUID]) -> QuerySet[GroupMember, Any]:
    """To be counted: the accounts in any of these groups, each once."""
    return GroupMember.objects.filter(group__in=list(groups)).order_by().values("account").distinct()


def account_ids(group: AccountGroup) -> Iterator[UUID]:
    """Of the group and all nested below; an account that is in several of them comes once."""
    members = GroupMember.objects.filter(group__in=with_descendants(group))
    yield from members.order_by("account").values_list("account", flat=True).distinct().iterator(chunk_size=2000)


def of_account(account: CloudAccount) -> list[AccountGroup]:
    """The groups that it is in itself, by name."""
    keys = list(GroupMember.objects.filter(account=account.pk).values_list("group", flat=True))
    return list(AccountGroup.objects.filter(owner=account.owner, pk__in=keys).order_by("name", "id")) if keys else []


def groups_of_many(accounts: Iterable[CloudAccount]) -> dict[UUID, list[dict[str, str]]]:
    """``{account: [{id, name}]}``, by name, in two queries. Groups of the account's own owner alone."""
    owners = {account.pk: account.owner for account in accounts}
    rows = GroupMember.objects.filter(account__in=list(owners)).values_list("account", "group", "owner")
    members = [(account, group) for account, group, owner in rows if owner == owners[account]]
    names = dict(AccountGroup.objects.filter(pk__in={group for _, group in members}).values_list("pk", "name"))
    found: dict[UUID, list[dict[str, str]]] = {}
    for account, group in members:
        if group in names:
            found.setdefault(account, []).append({"id": str(group), "name": names[group]})
    return {account: sorted(rows, key=lambda row: row["name"]) for account, rows in found.items()}


def direct_members(group: AccountGroup, accounts: Iterable[UUID]) -> set[UUID]:
    """Which of these accounts are in the group itself, and not only in one that is nested in it."""
    found = GroupMember.objects.filter(group=group.pk, account__in=list(accounts))
    return set(found.values_list("account", flat=True))
