"""Reading many rows while writing others: no cursor is open in between.

SQLite gives each open cursor a view of the database as it was when reading began. Whoever writes with such a
connection, when another one has written since, is refused with "database is locked" at once and whatever the timeout:
what was read is too old to be written upon (https://www.sqlite.org/rescode.html#busy_snapshot). Django's
``iterator()`` keeps its cursor open from the first row to the last, so it is for reads between which nothing is written
(`tests/architecture/test_open_cursors.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def row_batches(rows: QuerySet[Row, Row], size: int) -> Iterator[list[Row]]:
    """Rows in their order, up to ``size`` at a time, as they are when their batch is read.

    The keys are read first: 16 bytes of each row. A row that does not fit the query any more, or is gone, is left out.
    """
    keys = list(rows.values_list("pk", flat=True))
    # The query without its limit, which the keys have kept already: what was sliced cannot be filtered.
    unlimited = rows._chain()  # type: ignore[attr-defined]
    unlimited.query.clear_limits()
    for start in range(0, len(keys), size):
        part: list[Any] = keys[start : start + size]
        by_key = {row.pk: row for row in unlimited.filter(pk__in=part).order_by()}
        if batch := [by_key[key] for key in part if key in by_key]:
            yield batch
