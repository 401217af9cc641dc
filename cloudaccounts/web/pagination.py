"""Lists that may be long, for pages and admin: nobody reads page 6,000, so nothing is counted as far as that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNT_LIMIT = 10_000
Part = Callable[[int, int], list[Any]]


class CappedPaginator(Paginator[Any]):
    """Counts and offers the first `COUNT_LIMIT` rows, and knows whether there are more (``capped``).

    ``counted`` is the column that is read to count: best one of the index by which the rows are found.
    """

    object_list: QuerySet[Any]
    counted = "owner"
    counting: QuerySet[Any, Any] | None = None  # what to count instead, where that is quicker and as many
    part: Part | None = None  # how to read some of the rows, where that is quicker than slicing

    def get_page(self, number: Any) -> Page[Any]:
        """The page asked for, or the nearest there is.

        Where rows are narrowed, so that counting them reads far, a first page that is not full tells their number.
        """
        if self.part is None or number not in (None, "", "1"):
            return super().get_page(number)
        rows = self._rows(0, self.per_page + 1)
        if len(rows) <= self.per_page:
            self._found = len(rows)
        return Page(rows[: self.per_page], 1, self)

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(self._rows(start, min(start + self.per_page, self.count)), number, self)

    def _rows(self, start: int, stop: int) -> list[Any]:
        return self.part(start, stop) if self.part else list(self.object_list[start:stop])

    @cached_property
    def _found(self) -> int:
        if self.counting is not None:
            return self.counting[: COUNT_LIMIT + 1].count()
        return self.object_list.order_by().values(self.counted)[: COUNT_LIMIT + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._found, COUNT_LIMIT)

    @property
    def capped(self) -> bool:
        return self._found > COUNT_LIMIT
