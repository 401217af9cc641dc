"""Where Celery keeps what became of a task: rows in `default`, with secrets hidden as in the log.

Tasks carry ids alone, and a task that fails leaves its exception and the traceback there for days. Whatever a library
writes into the text of an exception (the address of a database, what it was sending) would lie there in clear.
"""

from __future__ import annotations

from typing import Any

from celery.states import EXCEPTION_STATES
from django_celery_results.backends.database import DatabaseBackend

from config.logs import redact


class Backend(DatabaseBackend):  # type: ignore[misc]  # it ships no types
    def _store_result(
        self, task_id: str, result: Any, status: str, traceback: str | None = None, request: Any = None, **more: Any
    ) -> Any:
        if status in EXCEPTION_STATES and isinstance(result, dict):
            # As `prepare_exception` makes it: {exc_type, exc_message, exc_module}, the message mostly a list of texts.
            result = {**result, "exc_message": _hidden(result.get("exc_message"))}
        return super()._store_result(
            task_id, result, status, traceback=None if traceback is None else redact(traceback), request=request, **more
        )


def _hidden(message: Any) -> Any:
    if isinstance(message, list | tuple):
        return [_hidden(part) for part in message]
    return redact(message) if isinstance(message, str) else message
