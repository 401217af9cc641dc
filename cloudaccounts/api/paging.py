"""Lists of the API: a page of items and the number of all, or, from a cursor on, the items and the next cursor.

A cursor says what the last row was ordered by, and not how many were before it: rows that are added or deleted while
somebody reads move nothing, and the ten-thousandth page costs what the first does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from cloudaccounts.api.answers import reply
from cloudaccounts.api.schemas import Page
from cloudaccounts.errors import InputError

CURSOR = {"cursor": "This is no cursor of this list. Begin without one: “?cursor=”."}


def page_of(
    rows: QuerySet[Any],
    page: Page,
    to_json: Callable[[Iterable[Any]], list[dict[str, Any]]],
    *,
    part: Callable[[int, int], list[Any]] | None = None,
    constant: str = "",
) -> HttpResponse:
    """``{items, count}`` by two queries, or with a cursor, which may be empty, ``{items, next}`` by one.

    ``part(start, stop)`` reads rows where that is quicker than slicing. ``constant`` is a column that is the same in
    all rows, by which the index of their order begins. Raises `InputError` for what is no cursor.
    """
    if page.cursor is not None:
        behind, more = after(rows, page.cursor, page.limit, constant=constant)
        return reply({"items": to_json(behind), "next": more})
    # Counting a column of the index by which the rows are found lets the database read the index alone.
    count = rows.order_by().values("owner").count()
    stop = page.offset + page.limit
    # Beyond the last row nothing is read: a large offset costs the count alone.
    items = (part(page.offset, stop) if part else rows[page.offset : stop]) if page.offset < count else []
    return reply({"items": to_json(items), "count": count})


def after(rows: QuerySet[Any], cursor: str, limit: int, *, constant: str = "") -> tuple[list[Any], str | None]:
    """Rows behind the cursor, and the cursor behind those; None at the end. Raises `InputError`.

    ``constant``: see `page_of`. It is no part of the cursor, which has nothing to say of it.
    """
    fields = _order(rows)
    if cursor:
        rows = rows.filter(_behind(fields, _read_cursor(fields, cursor)))
    order = [f"{'-' if falls else ''}{field.name}" for field, falls in fields]
    page_rows = list(rows.order_by(*([constant] if constant else []), *order)[: limit + 1])
    if len(page_rows) <= limit:
        return page_rows, None
    return page_rows[:limit], _write_cursor(fields, page_rows[limit - 1])


def slice_of(
    items: Sequence[Any], page: Page, to_json: Callable[[Iterable[Any]], list[dict[str, Any]]]
) -> HttpResponse:
    """As `page_of`, of a list that was read whole because it is short. Its cursor is a place in it."""
    if page.cursor is None:
        shown = items[page.offset : page.offset + page.limit]
        return reply({"items": to_json(shown), "count": len(items)})
    if page.cursor and not (page.cursor.isascii() and page.cursor.isdigit() and len(page.cursor) < 8):
        raise InputError(CURSOR)
    start = int(page.cursor or 0)
    stop = start + page.limit
    return reply({"items": to_json(items[start:stop]), "next": str(stop) if stop < len(items) else None})


def refuse_unknown(request: HttpRequest, known: type[BaseModel]) -> None:
    """Refuses a filter that does not exist: a misspelt one would answer with everything. Raises `InputError`."""
    unknown = [name for name in request.GET if name not in known.model_fields]
    if unknown:
        names = ", ".join(known.model_fields)
        raise InputError({"query": f"There is no filter of this name. The filters are {names}."})


Order = list[tuple["Field[Any, Any]", bool]]


def _order(rows: QuerySet[Any]) -> Order:
    """The columns that the list is ordered by, and whether each falls; the key decides among equals."""
    fields: Order = []
    for name in (*map(str, rows.query.order_by), "pk"):
        falls, plain = name.startswith("-"), name.removeprefix("-")
        field = rows.model._meta.pk if plain == "pk" else rows.model._meta.get_field(plain)
        if not isinstance(field, Field):
            raise FieldDoesNotExist(plain)
        if all(field is not known for known, _ in fields):
            fields.append((field, falls))
    return fields


def _behind(fields: Order, values: list[Any]) -> Q:
    """Rows after these values, in the order of the fields."""
    condition = Q()
    for number, (field, falls) in enumerate(fields):
        same = {known.name: value for (known, _), value in zip(fields[:number], values, strict=False)}
        condition |= Q(**same) & _beyond(field, falls=falls, value=values[number])
    first, falls = fields[0]
    # Implied by the rest, and said all the same where it can be: databases then begin at the right place of an index.
    if first.null:
        return condition
    return Q(**{f"{first.name}__{'lte' if falls else 'gte'}": values[0]}) & condition


def _beyond(field: Field[Any, Any], *, falls: bool, value: Any) -> Q:
    """SQLite and MongoDB put NULL before all values, PostgreSQL after them: lists here order by columns without NULL,
    and one that has them ends at the first NULL instead of repeating rows."""
    if value is None:
        return Q(pk__in=())
    return Q(**{f"{field.name}__{'lt' if falls else 'gt'}": value})


def _write_cursor(fields: Order, row: Any) -> str:
    values = [getattr(row, field.attname) for field, _ in fields]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, default=str).encode()).decode().rstrip("=")


def _read_cursor(fields: Order, cursor: str) -> list[Any]:
    """Whatever is in it only narrows what the caller may see anyhow; it must be a value of its column."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(fields):
            raise ValueError
        return [
            None if value is None else _value_of(field, value) for (field, _), value in zip(fields, values, strict=True)
        ]
    except (ValueError, TypeError, ValidationError, binascii.Error, OverflowError, RecursionError):
        raise InputError(CURSOR) from None


def _value_of(field: Field[Any, Any], value: Any) -> Any:
    if not isinstance(value, str | int) or "\x00" in str(value) or (isinstance(value, int) and abs(value) >= 2**31):
        raise ValueError
    read = field.to_python(value)
    if isinstance(read, datetime) and read.tzinfo is None:
        raise ValueError
    return read
