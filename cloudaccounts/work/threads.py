"""Threads that keep their database connections from one piece of work to the next, and close them at their own end.

Django gives each thread connections of its own and closes none of them outside of requests. Closing after each piece
makes PostgreSQL start a process for each; closing never leaves them open for as long as the server lets them.
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
    """A pool to be left by ``with``: then every thread of it closes what it opened."""

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(threads, name)
        self._threads_at_most = threads

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        return super().submit(_then_let_go, fn, *args, **kwargs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        everyone = Barrier(self._threads_at_most)  # so that each thread takes one of these, and none takes two
        for _ in range(self._threads_at_most):
            super().submit(_close, everyone)
        super().__exit__(kind, error, traceback)


def _then_let_go(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return fn(*args, **kwargs)
    finally:
        for connection in connections.all(initialized_only=True):
            if not connection.settings_dict["CONN_MAX_AGE"]:
                connection.close_at = None  # “for one request” means here: for as long as the thread lives
            connection.close_if_unusable_or_obsolete()


def _close(everyone: Barrier) -> None:
    everyone.wait()
    connections.close_all()  # this thread's own
