"""Lists that may be long, for pages and admin: nobody reads page 6,000, so nothing is counted as far as that."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNT_LIMIT = 10_000


class CappedPaginator(Paginator[Any]):
    """Counts and offers the first `COUNT_LIMIT` rows, and knows whether there are more (``capped``).

    ``counted`` is the column that is read to count: best one of the index by which the rows are found.
    """

    object_list: QuerySet[Any]
    counted = "owner"
    counting: QuerySet[Any, Any] | None = None  # what to count instead, where that is quicker and as many

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
