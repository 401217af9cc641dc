"""Pagination of long lists. Counting ends at a limit, since nobody reads page 6,000 (docs/decisions/0011)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNT_LIMIT = 10_000
Part = Callable[[int, int], list[Any]]


LATE = 1_000  # rows before a page from which on its keys are looked for first


def slice_of(rows: QuerySet[Any], start: int, stop: int) -> list[Any]:
    """Rows from start to stop. A late page skips what is before it in the index of its order, without reading a row."""
    if start < LATE:
        return list(rows[start:stop])
    keys = list(rows.values_list("pk", flat=True)[start:stop])
    found = rows.order_by().in_bulk(keys)
    # A row may have been deleted between the two queries.
    return [found[key] for key in keys if key in found]


class CappedPaginator(Paginator[Any]):
    """Counts and offers the first `COUNT_LIMIT` rows, and knows whether there are more (``capped``).

    ``counted`` is the column that counting reads: best one of the index by which the rows are found.
    """

    object_list: QuerySet[Any]
    counted = "owner"
    # Queries of as many rows together that are quicker to count, of which no two have a row in common.
    counting: Sequence[QuerySet[Any, Any]] = ()
    part: Part | None = None  # reads rows from start to stop, where that is quicker than slicing

    def get_page(self, number: Any) -> Page[Any]:
        """The page of this number, else the nearest.

        Filtered rows are slow to count. Where the first page is not full, its length is their number.
        """
        if self.part is None or number not in (None, "", "1"):
            return super().get_page(number)
        # One row more than the page tells whether counting is needed at all.
        rows = self._rows(0, self.per_page + 1)
        if len(rows) <= self.per_page:
            self._total = len(rows)
        return Page(rows[: self.per_page], 1, self)

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(self._rows(start, min(start + self.per_page, self.count)), number, self)

    def _rows(self, start: int, stop: int) -> list[Any]:
        return self.part(start, stop) if self.part else slice_of(self.object_list, start, stop)

    @cached_property
    def _total(self) -> int:
        # Without order: counting needs none, and databases would sort for it.
        parts = self.counting or (self.object_list.order_by().values(self.counted),)
        total = 0
        for part in parts:
            # One more than the limit tells that there are more, and the database stops there.
            if (left := COUNT_LIMIT + 1 - total) > 0:
                total += part[:left].count()
        return total

    @cached_property
    def count(self) -> int:
        return min(self._total, COUNT_LIMIT)

    @property
    def capped(self) -> bool:
        return self._total > COUNT_LIMIT
