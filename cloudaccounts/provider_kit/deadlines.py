"""Calls in threads of their own, so that whoever waits can stop waiting: the clouds' SDKs know no overall deadline.

For providers. Nothing here knows a cloud, an SDK or Django.
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
    """A moment, ``seconds`` from now, by which everything must be over. ``cloud`` is who is waited for, in texts."""

    def __init__(self, seconds: float, cloud: str) -> None:
        self.seconds = seconds
        self.cloud = cloud
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; 0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    def wait(self, future: Future[R]) -> R:
        """The call's result or error; `ProviderError` (``deadline_exceeded``) where that comes too late."""
        try:
            return future.result(self.left())
        except TimeoutError:
            if future.done():  # the call's own TimeoutError
                raise
            raise ProviderError(
                "deadline_exceeded",
                f"{self.cloud} did not answer everything within {self.seconds:g} seconds.",
                "Try again; if it stays so, the operator must check this server's network and proxy.",
                permanent=False,
            ) from None


def start(call: Callable[[], R]) -> Future[R]:
    """Runs the call in a daemon thread: one that hangs is left behind and cannot hold up the end of the process."""
    future: Future[R] = Future()
    threading.Thread(target=_fill, args=(future, call), name="cloud-call", daemon=True).start()
    return future


def start_in_turn(first: Callable[[], T], second: Callable[[], R]) -> tuple[Future[T], Future[R]]:
    """As `start`, both in one thread: calls to one service share a connection, and a second one costs more."""
    one: Future[T] = Future()
    other: Future[R] = Future()

    def run() -> None:
        _fill(one, first)
        _fill(other, second)

    threading.Thread(target=run, name="cloud-call", daemon=True).start()
    return one, other


def _fill(future: Future[R], call: Callable[[], R]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 # handed to whoever waits
        future.set_exception(error)


def in_order(call: Callable[[T], R], items: Iterable[T], *, threads: int) -> Iterator[R]:
    """``map`` with a few calls under way at once; results stream in the items' order, the first error ends it."""
    under_way: deque[Future[R]] = deque()
    for item in items:
        under_way.append(start(lambda item=item: call(item)))  # type: ignore[misc] # binds the loop's value
        if len(under_way) >= threads:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()
