"""Rows in bulk, for lists of 100,000: past the ORM, whose objects would take most of the time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Field, JSONField, Model

AT_ONCE = 5_000  # rows in memory


def insert(model: type[Model], rows: Iterable[Mapping[str, object]]) -> None:
    """``rows`` hold values by attribute (``account``, ``created_at``); what they leave out is the model's own default.

    SQL databases alone. No signal is sent.
    """
    alias = router.db_for_write(model)
    connection = connections[alias]
    fields = model._meta.concrete_fields
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    template = model()
    usual = [_value(field, field.pre_save(template, True), connection) for field in fields]
    places = {field.attname: (place, field) for place, field in enumerate(fields)}
    table = connection.ops.quote_name(model._meta.db_table)

    def prepared(row: Mapping[str, object]) -> list[Any]:
        values = usual.copy()
        for name, value in row.items():
            place, field = places[name]
            values[place] = _value(field, value, connection)
        return values

    with transaction.atomic(using=alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(prepared(row))
            return
        marks = ", ".join(["%s"] * len(fields))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        for batch in _batches(rows):
            cursor.executemany(statement, [prepared(row) for row in batch])


def _value(field: Field[Any, Any], value: object, connection: Any) -> Any:
    if connection.vendor == "postgresql" and isinstance(field, JSONField):
        return None if value is None else json.dumps(value)
    return field.get_db_prep_save(value, connection)


def _batches(rows: Iterable[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    rest = iter(rows)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
