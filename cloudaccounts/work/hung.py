"""Threads that were left behind because what they wait for never came. They are counted, and too many end the process.

No SDK can be told to stop: a server that sends a byte now and then keeps a call for ever, whatever its timeouts.
Whoever waits for such a call goes on without it (`leave_behind`). The thread stays, with its memory and its
connection; where they add up, the process asks to be replaced, and leases bring back what it had under way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

LIMIT = 32  # threads of one process

logger = logging.getLogger(__name__)
# Of this process, whichever pool they come from: what adds up is memory and connections of the process.
_left: list[threading.Thread] = []
_lock = threading.Lock()
_replace_process: Callable[[], None] | None = None


def leave_behind(thread: threading.Thread | None, what: str) -> None:
    """Nobody waits for this thread any more. ``what`` it was at, for the log."""
    if thread is None or not thread.is_alive():
        return
    with _lock:
        # Those that ended after all are dropped first: a slow hour last week does not end the process today.
        _left[:] = [other for other in _left if other.is_alive() and other is not thread]
        _left.append(thread)
        number = len(_left)
    logger.warning("thread.left_behind", extra={"what": what, "threads": number})
    if number >= LIMIT and _replace_process is not None:
        # Outside of the lock, which is not re-entrant: what is called may use this module.
        logger.error("process.too_many_hung_threads", extra={"threads": number})
        _replace_process()


def count() -> int:
    """How many of them live still."""
    with _lock:
        _left[:] = [thread for thread in _left if thread.is_alive()]
        return len(_left)


def on_too_many(replace_process: Callable[[], None] | None) -> None:
    """What to call where `LIMIT` is reached: it asks whoever runs this process for another one."""
    global _replace_process
    _replace_process = replace_process
