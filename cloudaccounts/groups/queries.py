"""Reads of groups: the tree of an owner, members of a group, and groups by name or id for commands.

An owner has at most `cloudaccounts.groups.services.GROUP_LIMIT` groups. So a tree is read whole, in one query, and
walked in Python: Django's ORM has no recursive query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.group_scope import groups_within, inside
from cloudaccounts.models import AccountGroup, CloudAccount, GroupMember
from teams.names import name_order
from teams.scope import Scope

DEEPEST = 10  # levels


class GroupNotFoundError(ProviderError):
    def __init__(self, name: str) -> None:
        super().__init__("group_not_found", f"There is no group {name!r}.", "Name it exactly, or give its id.")


class GroupAmbiguousError(ProviderError):
    def __init__(self, name: str) -> None:
        super().__init__(
            "group_ambiguous", f"Several owners have a group {name!r}.", "Give its id, or say whose it is."
        )


@dataclass(frozen=True, slots=True)
class Branch:
    """A group in its tree. ``depth`` is 0 at the top."""

    group: AccountGroup
    depth: int
    nested: int  # groups right below


def visible_groups(scope: Scope) -> QuerySet[AccountGroup]:
    """The team's groups; of a limited scope those that it is limited to, with all nested in them."""
    rows, limit = AccountGroup.objects.filter(owner=scope.owner), groups_within(scope)
    return rows if limit is None else rows.filter(pk__in=limit)


def find(scope: Scope, group: UUID) -> AccountGroup | None:
    return visible_groups(scope).filter(pk=group).first()


def resolve_group(name_or_id: str, scope: Scope | None = None) -> AccountGroup:
    """A group by exact name or by id; of any owner where no scope is given.

    Raises `GroupNotFoundError` and `GroupAmbiguousError`.
    """
    rows = AccountGroup.objects.all() if scope is None else visible_groups(scope)
    # Two are enough to know that the name says too little.
    named = list(rows.filter(name=name_or_id)[:2])
    if len(named) > 1:
        raise GroupAmbiguousError(name_or_id)
    if named:
        return named[0]
    # By id second, so that a group can be named even if its name looks like an id.
    try:
        by_id = rows.filter(pk=UUID(name_or_id)).first()
    except ValueError:
        by_id = None
    if by_id is None:
        raise GroupNotFoundError(name_or_id)
    return by_id


def tree(scope: Scope) -> list[Branch]:
    """Depth first, by name. A group whose parent is not shown, or was deleted just now, stands at the top."""
    rows = {row.pk: row for row in visible_groups(scope).order_by("id")}
    places = _places((row.pk, row.name, row.parent) for row in rows.values())
    return [Branch(rows[key], depth, nested) for key, _, depth, nested in places]


def _places(rows: Iterable[tuple[UUID, str, UUID | None]]) -> Iterator[tuple[UUID, str, int, int]]:
    """Groups by key, name and parent, as `tree` orders them: key, name, depth, and the number right below."""
    rows = sorted(rows, key=lambda row: name_order(row[1]))
    existing = {key for key, _, _ in rows}
    below: dict[UUID | None, list[tuple[UUID, str]]] = {}
    for key, name, parent in rows:
        below.setdefault(parent if parent in existing else None, []).append((key, name))

    def walk(parent: UUID | None, depth: int) -> Iterator[tuple[UUID, str, int, int]]:
        for key, name in below.get(parent, ()):
            nested = len(below.get(key, ()))
            yield key, name, depth, nested
            if nested:
                yield from walk(key, depth + 1)

    return walk(None, 0)


@dataclass(frozen=True, slots=True)
class GroupName:
    """What pages that only name groups need of one. ``depth`` is 0 at the top."""

    pk: UUID
    name: str
    depth: int


def names_in_tree(scope: Scope) -> list[GroupName]:
    """As `tree`, without a row for each: names stand in the filters of most lists, and a team may have a thousand."""
    rows = visible_groups(scope).order_by("id").values_list("pk", "name", "parent")
    return [GroupName(key, name, depth) for key, name, depth, _ in _places(rows)]


def choices(scope: Scope) -> list[tuple[str, str]]:
    """Choices of a select; nested groups are indented by em spaces, since HTML collapses ordinary ones."""
    return [(str(group.pk), "\u2003" * group.depth + group.name) for group in names_in_tree(scope)]


def with_descendants(group: AccountGroup) -> list[UUID]:
    """The ids of the group and of all groups nested below.

    Two moves at the same moment can close a circle for an instant: ids that were seen are not walked again.
    """
    below: dict[UUID | None, list[UUID]] = {}
    for key, parent in AccountGroup.objects.filter(owner=group.owner).values_list("pk", "parent"):
        below.setdefault(parent, []).append(key)
    ids, pending = [group.pk], [group.pk]
    while pending:
        new = [key for key in below.get(pending.pop(), []) if key not in ids]
        ids += new
        pending += new
    return ids


def path(scope: Scope, group: AccountGroup) -> list[AccountGroup]:
    """The groups above that the scope shows, from the top down to the parent."""
    if group.parent is None:
        return []
    parents = dict(visible_groups(scope).values_list("pk", "parent"))
    above: list[UUID] = []
    parent: UUID | None = group.parent
    while parent is not None and parent in parents and parent not in above:
        above.insert(0, parent)
        parent = parents[parent]
    rows = AccountGroup.objects.in_bulk(above)
    return [rows[key] for key in above if key in rows]


def right_below(scope: Scope, group: AccountGroup) -> list[AccountGroup]:
    """The groups nested in it, not those nested in these, by name."""
    rows = visible_groups(scope).filter(parent=group.pk).order_by("id")
    return sorted(rows, key=lambda row: name_order(row.name))


def depth_below(group: AccountGroup) -> int:
    """The number of levels nested below the group."""
    branches = tree(Scope(group.owner))
    start = next((n for n, branch in enumerate(branches) if branch.group.pk == group.pk), None)
    if start is None:
        return 0
    deepest = branches[start].depth
    for branch in branches[start + 1 :]:
        if branch.depth <= branches[start].depth:
            break
        deepest = max(deepest, branch.depth)
    return deepest - branches[start].depth


def within(group: str, *, scope: Scope | None = None) -> Q:
    """Accounts in a group of this name or id, and in groups nested below. Raises `ProviderError` for no such group."""
    return inside(with_descendants(resolve_group(group, scope)))


def members_of(groups: Iterable[UUID]) -> QuerySet[GroupMember, Any]:
    """The accounts in any of these groups, each once, to be counted."""
    return GroupMember.objects.filter(group__in=list(groups)).order_by().values("account").distinct()


def account_ids(group: AccountGroup) -> Iterator[UUID]:
    """Ids of the accounts in the group and in all nested below, each once."""
    members = GroupMember.objects.filter(group__in=with_descendants(group))
    yield from members.order_by("account").values_list("account", flat=True).distinct().iterator(chunk_size=2000)


def of_account(scope: Scope, account: CloudAccount) -> list[AccountGroup]:
    """The groups that the account is directly in, by name."""
    keys = list(GroupMember.objects.filter(account=account.pk).values_list("group", flat=True))
    rows = visible_groups(scope).filter(pk__in=keys).order_by("id") if keys else ()
    return sorted(rows, key=lambda group: name_order(group.name))


def groups_of_many(scope: Scope, accounts: Iterable[CloudAccount]) -> dict[UUID, list[dict[str, str]]]:
    """``{account: [{id, name}]}``, by name, in two queries."""
    rows = GroupMember.objects.filter(account__in=[account.pk for account in accounts])
    members = list(rows.values_list("account", "group"))
    # By the scope: right after a transfer a membership of the old owner may be left until the transfer is finished.
    names = dict(visible_groups(scope).filter(pk__in={group for _, group in members}).values_list("pk", "name"))
    groups: dict[UUID, list[dict[str, str]]] = {}
    for account, group in members:
        if group in names:
            groups.setdefault(account, []).append({"id": str(group), "name": names[group]})
    # Sorted here: the names come from another table than the memberships, and nothing joins them.
    return {account: sorted(rows, key=lambda row: name_order(row["name"])) for account, rows in groups.items()}


def membership(group: AccountGroup, account: UUID) -> GroupMember | None:
    """That the account is in the group itself; None where it is only in a nested one, or in none."""
    return GroupMember.objects.filter(group=group.pk, account=account).first()


def direct_members(group: AccountGroup, accounts: Iterable[UUID]) -> set[UUID]:
    """Those of these accounts that are in the group itself, not only in a nested one."""
    members = GroupMember.objects.filter(group=group.pk, account__in=list(accounts))
    return set(members.values_list("account", flat=True))
