"""What empties the databases after a test that commits: only the tables that hold rows, by DELETE.

Django's own way is `flush`, which truncates each table there is and makes permissions and content types anew. On
PostgreSQL a truncated table is a new file that is written to the disk: three seconds for each such test on a small
machine, of which there are hundreds. Content types and permissions are made by migrations alone and stay as they are.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connections, transaction
from django.test import TransactionTestCase

KEPT = {"django_content_type", "auth_permission"}


@cache
def tables_of(alias: str) -> tuple[str, ...]:
    names = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted(name for name in names if name not in KEPT))


def empty(alias: str) -> None:
    connection: Any = connections[alias]  # MongoDB's has methods of its own
    if connection.vendor == "mongodb":
        for name in tables_of(alias):
            connection.get_collection(name).delete_many({})
        return

    quoted = [connection.ops.quote_name(name) for name in tables_of(alias)]
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in quoted)  # noqa: S608
    # Foreign keys are looked at when the transaction ends, so that the order does not matter.
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        cursor.execute(asked)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608  # names come from the models


def _empty_all(case: Any) -> None:
    for alias in case._databases_names(include_mirrors=False):
        empty(alias)


def install() -> None:
    test_case: Any = TransactionTestCase  # Django's types leave its own methods out
    test_case._fixture_teardown = _empty_all
