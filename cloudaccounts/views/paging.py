"""The page of a list that somebody asked for."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet

from cloudaccounts.web.pagination import CappedPaginator, Part


def page_of(
    rows: QuerySet[Any],
    number: str | None,
    size: int,
    *,
    counting: QuerySet[Any, Any] | None = None,
    part: Part | None = None,
) -> Page[Any]:
    """The page asked for, or the nearest there is."""
    paginator = CappedPaginator(rows, size)
    paginator.counting, paginator.part = counting, part
    return paginator.get_page(number)
