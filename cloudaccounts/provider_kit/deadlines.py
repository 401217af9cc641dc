"""Calls in threads of their own, so that the caller can stop waiting: the clouds' SDKs have no overall deadline.

Their timeouts are for each attempt of each request; retries, pages and sign-in come on top.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.work import hung

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Deadline:
    """A moment, ``seconds`` from now, by which everything must be over. ``cloud`` is the name in the error's text."""

    def __init__(self, seconds: float, cloud: str) -> None:
        self.seconds = seconds
        self.cloud = cloud
        # Monotonic, so that a clock that is set meanwhile neither ends nor lengthens the wait.
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
            # Counted, since with too many of them the process ends and is started again
            # (docs/decisions/0006-heartbeats.md).
            hung.leave_behind(getattr(future, "thread", None), self.cloud)
            raise exceeded(self.cloud, self.seconds) from None


def exceeded(cloud: str, seconds: float) -> ProviderError:
    return ProviderError(
        "deadline_exceeded",
        f"{cloud} did not answer everything within {seconds:g} seconds.",
        "Try again; if it stays so, the operator must check this server's network and proxy.",
        permanent=False,
    )


def within(seconds: float, cloud: str, call: Callable[[], R]) -> R:
    """What the call returns or raises; `ProviderError` (``deadline_exceeded``) where that takes longer.

    The call runs in a thread of its own, so it must touch no database.
    """
    return Deadline(seconds, cloud).wait(start(call))


def within_asking(seconds: float, cloud: str, call: Callable[[Callable[[T], S]], R], answer: Callable[[T], S]) -> R:
    """As `within`, for a call that asks its caller something: ``answer`` runs in the caller's thread.

    So what asks a database stays in the thread whose connection it is.
    """
    questions: SimpleQueue[tuple[T, Future[S]] | None] = SimpleQueue()

    def ask(question: T) -> S:
        reply: Future[S] = Future()
        questions.put((question, reply))
        return reply.result()

    deadline, future = Deadline(seconds, cloud), start(lambda: call(ask))
    # Wakes the loop below when the call has ended without another question.
    future.add_done_callback(lambda _: questions.put(None))
    while True:
        try:
            asked = questions.get(timeout=deadline.left())
        except Empty:
            return deadline.wait(future)
        if asked is None:
            return future.result()
        _complete(asked[1], partial(answer, asked[0]))


def each_within(seconds: float, cloud: str, items: Iterator[T]) -> Iterator[T]:
    """The items, each of which may take so many seconds. Raises `ProviderError` (``deadline_exceeded``)."""
    end = object()
    # Each item has its own time: a list of any length may take as long as it keeps answering.
    while (item := within(seconds, cloud, lambda: next(items, end))) is not end:
        yield item  # type: ignore[misc]


class _Call(Future[R]):
    """Knows its thread, so that whoever stops waiting can say which one hangs."""

    thread: threading.Thread


def _run(target: Callable[..., None], *arguments: object) -> threading.Thread:
    # Not in an executor: that joins its threads when the process ends.
    thread = threading.Thread(target=target, args=arguments, name="cloud-call", daemon=True)
    thread.start()
    return thread


def start(call: Callable[[], R]) -> Future[R]:
    """Runs the call in a daemon thread of its own.

    Not in an executor: that joins its threads when the process ends, and a call that hangs would then hold up a
    worker's shutdown. A daemon thread that hangs is abandoned.
    """
    future: _Call[R] = _Call()
    future.thread = _run(_complete, future, call)
    return future


def start_in_turn(first: Callable[[], T], second: Callable[[], R]) -> tuple[Future[T], Future[R]]:
    """As `start`, both in one thread, one after the other.

    For calls to one service, which then share a connection: opening another costs more than waiting for the first call.
    """
    first_future: _Call[T] = _Call()
    second_future: _Call[R] = _Call()

    def run() -> None:
        _complete(first_future, first)
        _complete(second_future, second)

    first_future.thread = second_future.thread = _run(run)
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
        # The oldest is awaited, whichever is ready first: that is what keeps the order.
        if len(running) >= threads:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()
