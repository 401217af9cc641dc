"""The groups that a scope is limited to, and rows of accounts in groups: below all that reads rows of accounts.

Accounts as a scope shows them are in `cloudaccounts.accounts.visibility`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Exists, OuterRef, Q, QuerySet

from cloudaccounts.models import AccountGroup, GroupMember
from teams.scope import Scope

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])

# Up to this many members the database builds one set of their ids. For a larger group it asks about each account, which
# ends as soon as a page is full or counting reaches its limit.
SET_LIMIT = 10_000
# A set of 100,000 ids is a query of 2.5 MB, where MongoDB allows 16.
ID_LIMIT = 100_000


class Members:
    """The accounts in any of these groups, as a condition without a join: joins would slow long lists down."""

    def __init__(self, groups: Iterable[UUID]) -> None:
        self._rows = GroupMember.objects.filter(group__in=list(groups)).order_by()
        self._ids: list[UUID] | None = None
        self._few = True
        if connections[self._rows.db].vendor == "mongodb":
            # A subquery would be a $lookup for each row.
            self._ids = list(self._rows.values_list("account", flat=True)[:ID_LIMIT])
        else:
            self._few = self._rows.values("account")[: SET_LIMIT + 1].count() <= SET_LIMIT  # reads an index alone

    def condition(self, field: str) -> Q:
        """Rows whose account (in ``field``) is among them."""
        if self._ids is not None:
            return Q(**{f"{field}__in": self._ids})
        if self._few:
            return Q(**{f"{field}__in": self._rows.values("account")})
        return Q(Exists(self._rows.filter(account=OuterRef(field))))

    def sql(self) -> tuple[str, tuple[Any, ...]]:
        """A subquery of their ids, for statements of our own. SQL databases alone."""
        try:
            # Compiled for this database: `sql_with_params` would for the default one, which may be of another kind.
            statement, parameters = self._rows.values("account").query.get_compiler(self._rows.db).as_sql()
        except EmptyResultSet:  # of no group at all
            return "NULL", ()
        return statement, parameters


def inside(groups: Iterable[UUID], *, field: str = "pk") -> Q:
    """Rows whose account (in ``field``) is in any of these groups; nested ones are not looked for."""
    return Members(groups).condition(field)


def groups_within(scope: Scope) -> frozenset[UUID] | None:
    """The groups of a limited scope, with those nested in them; None where it is not limited.

    A limit that was deleted, or is a stranger's, adds none.
    """
    if scope.groups is None:
        return None
    if "groups" not in scope.memo:
        parents = dict(AccountGroup.objects.filter(owner=scope.owner).values_list("pk", "parent"))
        wanted = set(scope.groups) & parents.keys()
        while nested := {key for key, parent in parents.items() if parent in wanted} - wanted:
            wanted |= nested
        scope.memo["groups"] = frozenset(wanted)
    groups: frozenset[UUID] = scope.memo["groups"]
    return groups


def limiting_groups(scope: Scope) -> frozenset[UUID]:
    """The groups themselves that a scope is limited to, as far as they are there; none where it is not limited."""
    return (scope.groups or frozenset()) & (groups_within(scope) or frozenset())


def members_within(scope: Scope) -> Members | None:
    """The accounts of a limited scope; None where it is not limited."""
    groups = groups_within(scope)
    if groups is None:
        return None
    members: Members = scope.memo.get("members") or Members(groups)
    scope.memo["members"] = members
    return members


def limit(scope: Scope, *, account: str = "account") -> Q:
    """What a limited scope adds to a query of its team's rows: an account in one of its groups.

    ``account`` is the rows' field with the account's id. Nothing where the scope is not limited, so that a query
    stays as it is.
    """
    members = members_within(scope)
    return Q() if members is None else members.condition(account)


def within(rows: Rows, scope: Scope, *, account: str = "account") -> Rows:
    """Rows narrowed to the scope: of its team, and of accounts in its groups."""
    return rows.filter(limit(scope, account=account), owner=scope.owner)


def to_text(scope: Scope) -> str | None:
    """The limit of whoever asked, for a column of a row that is worked on later: a job, a draft. None without one."""
    return None if scope.groups is None else ",".join(sorted(map(str, scope.groups)))


def from_text(owner: str, limited_to: str | None) -> Scope:
    """A scope of the system's, as wide as that of whoever asked."""
    groups = None if limited_to is None else frozenset(UUID(key) for key in limited_to.split(",") if key)
    return Scope(owner, groups=groups)


def asked_within(rows: Rows, scope: Scope) -> Rows:
    """Rows with a column ``limited_to`` that were asked for in this scope or a narrower one: jobs and drafts.

    A wider one's would name groups and accounts that this scope does not show.
    """
    rows, groups = rows.filter(owner=scope.owner), groups_within(scope)
    if groups is None:
        return rows
    # A team's members share few limits: read once and compared here, as no database has sets in a column.
    limits = rows.filter(limited_to__isnull=False).order_by().values_list("limited_to", flat=True).distinct()
    narrower = [text for text in limits if (from_text(scope.owner, text).groups or frozenset()) <= groups]
    return rows.filter(limited_to__in=narrower)
