"""Each combination of cloud tags once an owner: what findings are narrowed and counted by.

A finding has the tags of its asset as text, which no index of a list can hold, and beside them a number that names the
same text. The number stands in the indexes of the lists, so that findings are counted and narrowed by it without a row
being read; which numbers have a tag, and which tags a number stands for, is read here: a fleet has some hundreds of
combinations, and at the very most one a resource.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.db import IntegrityError, connections
from django.db.models import Q
from django.utils import timezone

from scans.batching import batched
from scans.findings.models import Finding, TagSet
from scans.tags import tag_needle, tag_set_id, tag_set_key
from teams.scope import Scope

ASKED_FOR = 500  # combinations in one question; for more of them all of an owner's are read
NAMED = 500  # numbers in one condition: of some thousands, each question takes longer than by a subquery
UNUSED_FOR = timedelta(days=1)  # a scan may be about to use what it has just written


def remember_tag_sets(owner: str, texts: Iterable[str]) -> None:
    """Writes those combinations that are new to this owner, before the findings that name them. One query, or two."""
    now = timezone.now()
    # By the key, which follows from owner and text: so two who write the same at once write one row. In order, so that
    # each waits for the other in the same place.
    by_id = {tag_set_id(owner, lines): lines for lines in texts if lines}
    if not by_id:
        return
    known = set(TagSet.objects.filter(pk__in=list(by_id)).values_list("pk", flat=True))
    rows = [
        TagSet(pk=key, owner=owner, key=tag_set_key(by_id[key]), lines=by_id[key], created_at=now)
        for key in sorted(by_id.keys() - known)
    ]
    if connections[TagSet.objects.db].features.supports_ignore_conflicts:
        TagSet.objects.bulk_create(rows, ignore_conflicts=True)
        return
    for row in rows:
        try:
            row.save(force_insert=True)
        except IntegrityError:
            continue  # written by another worker at this moment


def lines_of(owner: str, keys: Collection[int]) -> dict[int, str]:
    """The texts that these numbers stand for. One query."""
    rows = TagSet.objects.filter(owner=owner)
    if len(keys) <= ASKED_FOR:
        rows = rows.filter(key__in=list(keys))
    return dict(rows.values_list("key", "lines"))


def with_tags(scope: Scope, tags: Collection[str]) -> Q | None:
    """Findings that have any of these tags (``key=value``, or ``key`` for any value). None where none is named.

    One query for a request, however often it is asked, or two.
    """
    if not tags:
        return None
    key = f"tags:{sorted(tags)}"
    if key not in scope.memo:
        scope.memo[key] = _among(scope.owner, tags)
    condition: Q = scope.memo[key]
    return condition


def _among(owner: str, tags: Collection[str]) -> Q:
    has_any = reduce(or_, (Q(lines__icontains=tag_needle(tag)) for tag in tags))
    sets = TagSet.objects.filter(owner=owner).order_by()
    rows = sets.filter(has_any).values_list("key", flat=True)
    # Found once, where they are not too many to name; a subquery looks for them in each question of a page.
    few = list(rows[: NAMED + 1])
    if len(few) <= NAMED:
        return Q(tag_set__in=few)
    # What nearly all have narrows little, and a look at each costs most: those that lack it are named instead, and 0,
    # which is without any tag. A combination that a scan brings at this moment is met by the next request.
    without = list(sets.exclude(has_any).values_list("key", flat=True)[: NAMED + 1])
    if len(without) <= NAMED:
        return ~Q(tag_set__in=[0, *without])
    # On MongoDB a subquery would be asked for each row.
    if connections[rows.db].vendor == "mongodb":
        return Q(tag_set__in=list(rows))
    # No row has none. Said all the same, for PostgreSQL then keeps what the subquery finds in a table and goes through
    # the findings in the list's order; alone, it takes the subquery for one row and asks for the findings of each of
    # four thousand, and sorts them: 94 ms for a page of 100,000 findings instead of 6.
    return Q(tag_set__in=rows) | Q(tag_set__isnull=True)


def copy_tag_sets(account: UUID, owner: str) -> None:
    """Writes for this owner the combinations that an account's findings have: before they become the owner's."""
    rows = Finding.objects.filter(account=account).exclude(owner=owner).exclude(tags="")
    for texts in batched(list(rows.order_by().values_list("tags", flat=True).distinct()), ASKED_FOR):
        remember_tag_sets(owner, texts)


def purge_tag_sets() -> int:
    """Deletes combinations that no finding has any more, and answers with their number."""
    deleted: list[TagSet] = []
    before = timezone.now() - UNUSED_FOR
    for owner in list(TagSet.objects.order_by().values_list("owner", flat=True).distinct()):
        used = set(Finding.objects.filter(owner=owner).order_by().values_list("tag_set", flat=True).distinct())
        rows = TagSet.objects.filter(owner=owner, created_at__lt=before)
        unused = [key for key, number in list(rows.values_list("pk", "key")) if number not in used]
        for keys in batched(unused, ASKED_FOR):
            part = TagSet.objects.filter(pk__in=keys)
            deleted += list(part)
            part.delete()
    # A scan may have come to use one of them meanwhile: it is written again.
    back = [row for row in deleted if Finding.objects.filter(owner=row.owner, tag_set=row.key).exists()]
    for row in back:
        remember_tag_sets(row.owner, [row.lines])
    return len(deleted) - len(back)
