"""A pool of threads that may hang: one that does is left behind, another takes its place, and no process waits for it.

`concurrent.futures` joins its threads when the interpreter ends, and a hung one would hold that up for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from cloudaccounts.work import hung


class Task:
    """``began``: by the monotonic clock, None while it waits for a thread."""

    __slots__ = ("_abandoned", "_call", "began", "thread")

    def __init__(self, call: Callable[[Task], None]) -> None:
        self._call = call
        self._abandoned = False
        self.began: float | None = None
        self.thread: threading.Thread | None = None

    def overdue(self, seconds: float) -> bool:
        return self.began is not None and time.monotonic() - self.began > seconds


class DaemonThreads:
    def __init__(self, threads: int, name: str) -> None:
        self._name = name
        self._most = threads
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[Task | None] = SimpleQueue()
        self._closed = False

    def submit(self, call: Callable[[Task], None]) -> Task:
        """``call`` gets the task, and must raise nothing."""
        task = Task(call)
        self._queue.put(task)
        # Threads start as work comes: a provider without accounts that are due costs none.
        if len(self._threads) < self._most:
            self._start()
        return task

    def leave(self, task: Task, what: str) -> None:
        """Gives up a task that has begun. Its thread, should it ever return, does no other."""
        # Before another thread is started: should this one return meanwhile, it must take no more work.
        task._abandoned = True
        self._threads = [thread for thread in self._threads if thread is not task.thread]
        self._start()
        hung.leave_behind(task.thread, what)

    def close(self, *, wait: float = 0.0, what: str = "") -> None:
        """Begins nothing more. Waits so many seconds for what runs, and leaves the rest behind."""
        self._closed = True
        for _ in self._threads:
            # One end mark for each thread; they come behind what waits, which `_serve` then passes over.
            self._queue.put(None)
        until = time.monotonic() + wait
        for thread in self._threads:
            # One deadline for all of them, not so many seconds for each.
            thread.join(max(0.0, until - time.monotonic()))
            if wait:
                hung.leave_behind(thread, what)

    def _start(self) -> None:
        # A daemon: the interpreter does not wait for it at its end, however long the cloud keeps it.
        thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while (task := self._queue.get()) is not None:
            if self._closed:
                continue
            # The thread first counts here: what waits in the queue has no deadline yet.
            task.thread, task.began = threading.current_thread(), time.monotonic()
            task._call(task)
            if task._abandoned:
                return
