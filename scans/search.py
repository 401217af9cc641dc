"""Search of assets and findings by parts of a name or an identifier, and filters that their lists share.

Two characters or fewer are looked for at the beginning, three or more anywhere. Both read an index (search_keys,
search_index) and stop at a bounded number of hits, so that it stays quick at 100,000 rows.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import OperationalError, connections
from django.db.models import Q, QuerySet

from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from scans.search_keys import id_search_key, range_end, search_key

MAX_HITS = 1_000  # by name, and as many by identifier; a search that reaches it is refined by one more letter
MAX_ACCOUNTS = 100
TRIGRAM = 3  # characters: shorter ones are in no index but at the beginning

logger = logging.getLogger(__name__)


def keys_matching(rows: QuerySet[Any], owner: str, text: str, *, name: str) -> list[UUID]:
    """Primary keys of the owner's ``rows`` that the text is part of: what begins with it first.

    ``rows`` must be filtered by owner and nothing else. ``name`` is their column with the name.
    """
    hits = dict.fromkeys(keys_starting_with(rows, text))
    if len(text.strip()) >= TRIGRAM:
        hits |= dict.fromkeys(_keys_containing(rows, owner, text.strip(), name))
    return list(hits)


def _keys_containing(rows: QuerySet[Any], owner: str, text: str, name: str) -> list[UUID]:
    part = Q(**{f"{name}__icontains": text}) | Q(native_id__icontains=text)
    connection = connections[rows.db]
    if connection.vendor == "sqlite":
        table = rows.model._meta.db_table
        # The texts first (CROSS JOIN, and a plus that takes the owner out of the choice of indexes): with statistics of
        # a large owner SQLite would begin there, and ask for each of the owner's rows whether it has the text.
        # The rows by their number, which both tables share; asked for the text once more, so that an index that is not
        # in step shows nothing wrong. Quoted, a text is no expression of FTS5.
        sql = (
            f'SELECT r.id FROM "{table}_text" t CROSS JOIN "{table}" r '  # noqa: S608 # nosec B608 # names are the model's own
            f'WHERE t.text MATCH %s AND r.rowid = t.rowid AND +r.owner = %s AND (instr(lower(r."{name}"), lower(%s)) '
            "OR instr(lower(r.native_id), lower(%s))) LIMIT %s"
        )
        try:
            with connection.cursor() as cursor:
                quoted = '"' + text.replace('"', '""') + '"'
                cursor.execute(sql, [quoted, owner, text, text, MAX_HITS])
                return [UUID(key) for (key,) in cursor.fetchall()]
        except OperationalError:
            logger.warning("search.no_trigrams", exc_info=True)  # the tables are made when migrations run
    return list(rows.filter(part).values_list("pk", flat=True)[:MAX_HITS])


def keys_starting_with(rows: QuerySet[Any], text: str) -> list[UUID]:
    """Primary keys of rows whose name, or the last part of whose identifier, begins with the text.

    ``rows`` must be filtered by owner and nothing else: the indexes of the search keys begin with the owner.
    """
    name_key, id_key = search_key(text), id_search_key(text)
    by_name = rows.filter(name_key__gte=name_key, name_key__lt=range_end(name_key))
    by_id = rows.filter(id_key__gte=id_key, id_key__lt=range_end(id_key))
    if id_key != name_key:
        # A whole identifier was entered, or its end. Its last part alone would also match others of the same name.
        by_id = by_id.filter(native_id__icontains=text.strip())
    return [*by_name.values_list("pk", flat=True)[:MAX_HITS], *by_id.values_list("pk", flat=True)[:MAX_HITS]]


def filter_by_hits(rows: QuerySet[Any], hits: list[UUID], alternative: Q | None) -> QuerySet[Any]:
    """Those of an owner's ``rows`` whose key is among ``hits``, or for which ``alternative`` holds.

    ``hits`` must be of the same owner. Without an alternative the rows are asked for by their keys alone: with the
    owner beside them, SQLite would walk through all rows of that owner, in the order of the list, to find a few.
    """
    if alternative is None:
        by_key: QuerySet[Any] = rows.model._default_manager.filter(pk__in=hits)
        return by_key
    return rows.filter(Q(pk__in=hits) | alternative)


def accounts_matching(owner: str, text: str) -> list[UUID]:
    """The owner's accounts by part of their name, or by how their id begins."""
    return list(CloudAccount.objects.of(owner).matching(text).values_list("pk", flat=True)[:MAX_ACCOUNTS])


def filter_by_group(rows: QuerySet[Any], owner: str, group_id: UUID | None) -> QuerySet[Any]:
    """Rows of the accounts in a group and in those nested in it. Another owner's group holds nothing."""
    if group_id is None:
        return rows
    group = group_queries.find(owner, group_id)
    return (
        rows.filter(group_queries.inside(group_queries.with_descendants(group), field="account"))
        if group
        else rows.none()
    )
