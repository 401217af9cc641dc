"""Search of assets and findings by parts of a name, an identifier or a tag, and filters that their lists share.

Two characters or fewer are looked for at the beginning, three or more anywhere. Both read an index (search_keys,
search_index) and stop at a bounded number of hits, so that it stays quick at 100,000 rows.
"""

from __future__ import annotations

import logging
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import OperationalError, connections
from django.db.models import Q, QuerySet

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.group_scope import inside, members_within
from cloudaccounts.groups import queries as group_queries
from scans.search_keys import id_search_key, range_end, search_key
from scans.tags import tag_text
from teams.scope import Scope

MAX_HITS = 1_000  # by name, and as many by identifier; a search that reaches it is refined by one more letter
MAX_ACCOUNTS = 100
TRIGRAM = 3  # characters: shorter ones are in no index but at the beginning

logger = logging.getLogger(__name__)


def keys_matching(rows: QuerySet[Any], scope: Scope, text: str, *, name: str, tags: str = "") -> list[UUID]:
    """Primary keys of the scope's ``rows`` that the text is part of: what begins with it first, by tags last.

    ``rows`` must be narrowed to the scope (`limits.within`) and by nothing else. ``name`` is their column with the
    name, ``tags`` the one with lines of tags where they are searched for.
    """
    hits = dict.fromkeys(keys_starting_with(rows, text))
    if len(text.strip()) >= TRIGRAM:
        hits |= dict.fromkeys(_keys_containing(rows, scope, text.strip(), "text", (name, "native_id")))
        if tags:
            # A question of its own: "prod" may be a tag of everything, and must not hide what is named so.
            hits |= dict.fromkeys(_keys_containing(rows, scope, tag_text(text), "tags", (tags,)))
    return list(hits)


def _keys_containing(
    rows: QuerySet[Any], scope: Scope, text: str, indexed: str, columns: tuple[str, ...]
) -> list[UUID]:
    """``indexed`` is the column of SQLite's search table, ``columns`` are those of the rows that it is made of."""
    connection = connections[rows.db]
    if connection.vendor == "sqlite":
        table = rows.model._meta.db_table
        # The texts first (CROSS JOIN, and a plus that takes the owner out of the choice of indexes): with statistics of
        # a large owner SQLite would begin there, and ask for each of the owner's rows whether it has the text.
        # The rows by their number, which both tables share; asked for the text once more, so that an index that is not
        # in step shows nothing wrong. Quoted, a text is no expression of FTS5.
        # Limited here as well: of the hits of a whole team, the first might all be of accounts that are not shown.
        limited, limits = "", ()
        if (members := members_within(scope)) is not None:
            subquery, limits = members.sql()
            limited = f"AND r.account IN ({subquery}) "
        has_text = " OR ".join(f'instr(lower(r."{column}"), lower(%s))' for column in columns)
        sql = (
            f'SELECT r.id FROM "{table}_text" t CROSS JOIN "{table}" r '  # noqa: S608 # nosec B608 # names are the model's own
            f'WHERE "{table}_text" MATCH %s AND r.rowid = t.rowid AND +r.owner = %s {limited}'
            f"AND ({has_text}) LIMIT %s"
        )
        try:
            with connection.cursor() as cursor:
                quoted = f'{indexed} : "' + text.replace('"', '""') + '"'
                cursor.execute(sql, [quoted, scope.owner, *limits, *(text for _ in columns), MAX_HITS])
                return [UUID(key) for (key,) in cursor.fetchall()]
        except OperationalError:
            logger.warning("search.no_trigrams", exc_info=True)  # the tables are made when migrations run
    part = reduce(or_, (Q(**{f"{column}__icontains": text}) for column in columns))
    return list(rows.filter(part).values_list("pk", flat=True)[:MAX_HITS])


def keys_starting_with(rows: QuerySet[Any], text: str) -> list[UUID]:
    """Primary keys of rows whose name, or the last part of whose identifier, begins with the text.

    ``rows`` must be narrowed to the scope and by nothing else: the indexes of the search keys begin with the owner.
    """
    name_key, id_key = search_key(text), id_search_key(text)
    by_name = rows.filter(name_key__gte=name_key, name_key__lt=range_end(name_key))
    by_id = rows.filter(id_key__gte=id_key, id_key__lt=range_end(id_key))
    if id_key != name_key:
        # A whole identifier was entered, or its end. Its last part alone would also match others of the same name.
        by_id = by_id.filter(native_id__icontains=text.strip())
    return [*by_name.values_list("pk", flat=True)[:MAX_HITS], *by_id.values_list("pk", flat=True)[:MAX_HITS]]


def few_more(rows: QuerySet[Any], hits: list[UUID], alternatives: list[Q]) -> tuple[list[UUID], list[Q]]:
    """``hits`` with the keys of rows for which one of ``alternatives`` holds, as long as these are few.

    Each is asked of its own index. Beside the keys, in one condition, no index answers: a database then looks at every
    row of the owner, most of all where an alternative holds for none. Those that hold for many are given back.
    """
    keys, left = dict.fromkeys(hits), []
    for alternative in alternatives:
        found = list(rows.filter(alternative).order_by().values_list("pk", flat=True)[: MAX_HITS + 1])
        if len(found) > MAX_HITS:
            left.append(alternative)
        else:
            keys |= dict.fromkeys(found)
    return list(keys), left


def filter_by_hits(rows: QuerySet[Any], hits: list[UUID], alternative: Q | None) -> QuerySet[Any]:
    """Those of a scope's ``rows`` whose key is among ``hits``, or for which ``alternative`` holds.

    ``hits`` must be of the same scope. Without an alternative the rows are asked for by their keys alone: with the
    owner beside them, SQLite would walk through all rows of that owner, in the order of the list, to find a few.
    """
    if alternative is None:
        by_key: QuerySet[Any] = rows.model._default_manager.filter(pk__in=hits)
        return by_key
    return rows.filter(Q(pk__in=hits) | alternative)


def accounts_matching(scope: Scope, text: str) -> list[UUID]:
    """Accounts by part of their name, or by how their id begins."""
    return list(visible_accounts(scope).matching(text).values_list("pk", flat=True)[:MAX_ACCOUNTS])


def filter_by_group(rows: QuerySet[Any], scope: Scope, group_id: UUID | None) -> QuerySet[Any]:
    """Rows of the accounts in a group and in those nested in it. A group outside of the scope holds nothing."""
    if group_id is None:
        return rows
    group = group_queries.find(scope, group_id)
    if group is None:
        return rows.none()
    return rows.filter(inside(group_queries.with_descendants(group), field="account"))
