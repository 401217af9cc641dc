"""Work that a command does itself, beside what it prints: no worker need be running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connections

POLL_INTERVAL = 0.3  # seconds between two reads of the progress


def in_background(work: Callable[[], object], finished: Callable[[], bool]) -> None:
    """Does the work in a thread of this process.

    Where a worker has claimed it already, waits until that one is done.
    """

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()  # of this thread; Django closes none outside of requests

    # A daemon: Ctrl-C ends the command, and what was under way is taken up by lease and cursor.
    thread = threading.Thread(target=run, name="command", daemon=True)
    thread.start()
    while not finished():
        time.sleep(POLL_INTERVAL)
    thread.join()
