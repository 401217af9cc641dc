"""NUL in what strangers send: PostgreSQL takes it in no text, so it must not come as far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connections

NUL = "a\x00b"
FIELDS = (
    "q", "state", "status", "provider", "environment", "group", "account", "region", "service", "check", "check_id",
    "severity", "type", "asset_type", "page", "before", "after", "since", "until", "run", "change", "sort", "under",
    "action", "actor", "method", "format", "kind", "show", "age", "find", "name", "next", "parent", "search", "text",
)  # fmt: skip


@contextmanager
def refused_by_databases() -> Iterator[None]:
    """As PostgreSQL does; the databases of the tests would take it."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        for row in params or () if many else [params or ()]:
            if any("\x00" in value for value in row if isinstance(value, str)):
                raise ValueError("A string literal cannot contain NUL (0x00) characters.")
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(refuse))
        yield
