"""How a process in the foreground learns that it is to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


def told_to_end() -> tuple[int, int]:
    """The two ends of a pipe into which SIGINT and SIGTERM write from now on, and others may; a byte to read means end.

    The signal writes by itself, because a handler in Python is not enough: one that sets an Event waits for ever where
    a second signal interrupts it, and while the main thread waits for another, a burst of signals can leave all
    handlers unrun. Of the main thread only.
    """
    reads, writes = os.pipe()
    # `set_wakeup_fd` takes no other; where the pipe is full, enough bytes that say "end" are in it already.
    os.set_blocking(writes, False)
    signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reads, writes


@contextmanager
def ends_at_once() -> Iterator[None]:
    """SIGTERM ends the process inside, whatever handler it has: for what is loaded before there is work to finish.

    Of the main thread only.
    """
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
