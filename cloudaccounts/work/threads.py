"""Threads that keep their database connections from one piece of work to the next, and close them when the pool ends.

Django gives each thread its own connections and closes none of them outside of requests. Closing after each piece makes
PostgreSQL start a process for each piece; closing never leaves connections open until the server drops them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from types import TracebackType
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseThreads(ThreadPoolExecutor):
    """A pool for a ``with`` block: at its end every thread closes its connections."""

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(threads, name)
        self._threads_at_most = threads

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        return super().submit(_run_and_release, fn, *args, **kwargs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # As many pieces as threads, which wait for each other: so each thread takes exactly one and closes its own.
        everyone = Barrier(self._threads_at_most)
        for _ in range(self._threads_at_most):
            super().submit(_close, everyone)
        super().__exit__(kind, error, traceback)


def release_connections() -> None:
    """Gives this thread's connections back to their pool, before it waits for something that is no database.

    Does nothing within a transaction, and where connections are not pooled: opening them anew would cost more than
    keeping them. The next query takes one again.
    """
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
            connection.close()


def _run_and_release(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return fn(*args, **kwargs)
    finally:
        # `initialized_only`: a thread that never used a database must make no connection here.
        for connection in connections.all(initialized_only=True):
            if not connection.settings_dict["CONN_MAX_AGE"]:
                connection.close_at = None  # CONN_MAX_AGE 0, “for one request”, means here: as long as the thread lives
            connection.close_if_unusable_or_obsolete()


def _close(everyone: Barrier) -> None:
    everyone.wait()
    connections.close_all()  # this thread's own
