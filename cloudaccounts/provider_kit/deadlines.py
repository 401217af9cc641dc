"""Calls in threads of their own, so that the caller can stop waiting: the clouds' SDKs have no overall deadline.

Their timeouts are for each attempt of each request; retries, pages and sign-in come on top.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from cloudaccounts.contract.errors import ProviderError

T = TypeVar("T")
R = TypeVar("R")


class Deadline:
    """A moment, ``seconds`` from now, by which everything must be over. ``cloud`` is the name in the error's text."""

    def __init__(self, seconds: float, cloud: str) -> None:
        self.seconds = seconds
        self.cloud = cloud
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; 0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    def wait(self, future: Future[R]) -> R:
        """The call's result or error; `ProviderError` (``deadline_exceeded``) where neither comes in time."""
        try:
            return future.result(self.left())
        except TimeoutError:
            # The call may have failed with a TimeoutError of its own, which is the same class.
            if future.done():
                raise
            raise ProviderError(
                "deadline_exceeded",
                f"{self.cloud} did not answer everything within {self.seconds:g} seconds.",
                "Try again; if it stays so, the operator must check this server's network and proxy.",
                permanent=False,
            ) from None


def start(call: Callable[[], R]) -> Future[R]:
    """Runs the call in a daemon thread of its own.

    Not in an executor: that joins its threads when the process ends, and a call that hangs would then hold up a
    worker's shutdown. A daemon thread that hangs is abandoned.
    """
    future: Future[R] = Future()
    threading.Thread(target=_complete, args=(future, call), name="cloud-call", daemon=True).start()
    return future


def start_in_turn(first: Callable[[], T], second: Callable[[], R]) -> tuple[Future[T], Future[R]]:
    """As `start`, both in one thread, one after the other.

    For calls to one service, which then share a connection: opening another costs more than waiting for the first call.
    """
    first_future: Future[T] = Future()
    second_future: Future[R] = Future()

    def run() -> None:
        _complete(first_future, first)
        _complete(second_future, second)

    threading.Thread(target=run, name="cloud-call", daemon=True).start()
    return first_future, second_future


def _complete(future: Future[R], call: Callable[[], R]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 # raised again in the thread that waits
        future.set_exception(error)


def in_order(call: Callable[[T], R], items: Iterable[T], *, threads: int) -> Iterator[R]:
    """``map`` with at most ``threads`` calls at once. Results stream in the items' order; the first error ends it.

    Lazy: no more items are taken than calls may run, so a long list is never held in memory.
    """
    running: deque[Future[R]] = deque()
    for item in items:
        running.append(start(lambda item=item: call(item)))  # type: ignore[misc] # binds the loop's value
        if len(running) >= threads:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()
