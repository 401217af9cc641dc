"""Lists of the API: a page of items and the number of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from cloudaccounts.api.answers import reply
from cloudaccounts.api.schemas import Page
from cloudaccounts.errors import InputError


def page_of(
    rows: QuerySet[Any],
    page: Page,
    to_json: Callable[[Iterable[Any]], list[dict[str, Any]]],
    *,
    part: Callable[[int, int], list[Any]] | None = None,
) -> HttpResponse:
    """``{items, count}``, by two queries. ``part(start, stop)`` reads rows where that is quicker than slicing."""
    # Counting a column of the index by which the rows are found lets the database read the index alone.
    count = rows.order_by().values("owner").count()
    stop = page.offset + page.limit
    # Beyond the last row nothing is read: a large offset costs the count alone.
    items = (part(page.offset, stop) if part else rows[page.offset : stop]) if page.offset < count else []
    return reply({"items": to_json(items), "count": count})


def refuse_unknown(request: HttpRequest, known: type[BaseModel]) -> None:
    """Refuses a filter that does not exist: a misspelt one would answer with everything. Raises `InputError`."""
    unknown = [name for name in request.GET if name not in known.model_fields]
    if unknown:
        names = ", ".join(known.model_fields)
        raise InputError({"query": f"There is no filter of this name. The filters are {names}."})
