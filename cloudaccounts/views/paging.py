"""Pages of lists that may be long: nobody reads page 6,000, so nothing is counted as far as that."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNT_LIMIT = 10_000


class CappedPaginator(Paginator[Any]):
    """Counts and offers the first `COUNT_LIMIT` rows, and knows whether there are more (``capped``).

    Its rows have an ``owner``: counting that column is left to the index by which the rows are found.
    """

    object_list: QuerySet[Any]
    counting: QuerySet[Any, Any] | None = None  # what to count instead, where that is quicker and as many

    @cached_property
    def _found(self) -> int:
        if self.counting is not None:
            return self.counting[: COUNT_LIMIT + 1].count()
        return self.object_list.order_by().values("owner")[: COUNT_LIMIT + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._found, COUNT_LIMIT)

    @property
    def capped(self) -> bool:
        return self._found > COUNT_LIMIT


def page_of(
    rows: QuerySet[Any], number: str | None, size: int, *, counting: QuerySet[Any, Any] | None = None
) -> Page[Any]:
    """The page asked for, or the nearest there is."""
    paginator = CappedPaginator(rows, size)
    paginator.counting = counting
    return paginator.get_page(number)
