"""How a process asks to be replaced that has too many hung threads: it ends, and whoever runs it starts another."""

from __future__ import annotations

import logging
import os
import signal
import threading

from cloudaccounts.work import hung

GRACE = 60.0  # seconds for what is under way; leases bring back what is not done by then

logger = logging.getLogger(__name__)
_asked = threading.Event()


def watch_hung_threads(*, grace: float = GRACE) -> None:
    """In a worker or a web process: with `hung.LIMIT` of them it ends in order, at the latest after the grace time."""
    hung.on_too_many(lambda: _end(grace))


def _end(grace: float) -> None:
    if _asked.is_set():
        return
    _asked.set()
    logger.error("process.ends_to_be_replaced", extra={"hung": hung.count()})
    # By `os._exit`: an orderly end waits for threads, and hung ones are why this process has to go.
    timer = threading.Timer(grace, os._exit, args=(70,))  # EX_SOFTWARE: a supervisor starts it again
    timer.daemon = True
    timer.start()
    os.kill(os.getpid(), signal.SIGTERM)
