"""Searching by how a name or an identifier begins: ranges of an index, and never more than a bounded number of hits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from scans.keys import after, id_key_of, key_of

HITS = 1_000  # for each way to find; whoever gets as many types one more letter
ACCOUNTS = 100


def begins_with(rows: QuerySet[Any], text: str) -> list[UUID]:
    """Keys of rows whose name, or whose identifier's last part, begins so. ``rows`` are narrowed by owner alone."""
    name, last = key_of(text), id_key_of(text)
    by_name = rows.filter(name_key__gte=name, name_key__lt=after(name))
    by_id = rows.filter(id_key__gte=last, id_key__lt=after(last))
    if last != name:  # a whole identifier, or the end of one: its last part alone would find namesakes too
        by_id = by_id.filter(native_id__icontains=text.strip())
    return [*by_name.values_list("pk", flat=True)[:HITS], *by_id.values_list("pk", flat=True)[:HITS]]


def matching(rows: QuerySet[Any], hits: list[UUID], also: Q | None) -> QuerySet[Any]:
    """Those of an owner's ``rows`` that were hit, or for which ``also`` holds. ``hits`` are of the same owner.

    Where hits are all, they are asked for by their keys alone: beside an owner, SQLite would walk through all that is
    theirs, in the order of the list, to find a few.
    """
    if also is None:
        alone: QuerySet[Any] = rows.model._default_manager.filter(pk__in=hits)
        return alone
    return rows.filter(Q(pk__in=hits) | also)


def accounts_like(owner: str, text: str) -> list[UUID]:
    """The owner's accounts by part of their name, or by how their id begins."""
    return list(CloudAccount.objects.of(owner).matching(text).values_list("pk", flat=True)[:ACCOUNTS])


def in_group(found: QuerySet[Any], owner: str, wanted: UUID | None) -> QuerySet[Any]:
    """Rows of the group's accounts and of those nested in it; a group that is not the owner's holds nothing."""
    if wanted is None:
        return found
    group = group_queries.find(owner, wanted)
    return (
        found.filter(group_queries.inside(group_queries.with_descendants(group), field="account"))
        if group
        else found.none()
    )
