"""Pages of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet

from cloudaccounts.web.pagination import CappedPaginator, Part


def page_of(
    rows: QuerySet[Any],
    number: str | None,
    size: int,
    *,
    counting: Sequence[QuerySet[Any, Any]] = (),
    part: Part | None = None,
) -> Page[Any]:
    """The page of this number, else the nearest.

    ``counting`` is what to count and add up instead of ``rows``, ``part`` how to read them, each where that is quicker.
    """
    paginator = CappedPaginator(rows, size)
    paginator.counting, paginator.part = counting, part
    return paginator.get_page(number)
