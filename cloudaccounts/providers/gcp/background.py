"""Calls in threads of their own, so that whoever waits can stop waiting: the SDK knows no overall deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from cloudaccounts.contract import ProviderError

R = TypeVar("R")


class Deadline:
    """A moment, ``seconds`` from now, by which everything must be over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
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
                f"Google Cloud did not answer everything within {self.seconds:g} seconds.",
                "Try again; if it stays so, the operator must check this server's network and proxy.",
                permanent=False,
            ) from None


def start(call: Callable[[], R]) -> Future[R]:
    """Runs the call in a daemon thread: one that hangs is left behind and cannot hold up the end of the process."""
    future: Future[R] = Future()
    threading.Thread(target=_fill, args=(future, call), name="gcp-call", daemon=True).start()
    return future


def _fill(future: Future[R], call: Callable[[], R]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 # handed to whoever waits
        future.set_exception(error)
