"""A worker's heartbeat row, by which pages can say "no worker is running" instead of waiting without end."""

from __future__ import annotations

import logging
import threading
from typing import Any

from django.db import DatabaseError, connections

EVERY = 5.0  # seconds

logger = logging.getLogger(__name__)


class WorkerPulse:
    """Writes this worker's heartbeat row from a thread of the worker's main process, which does no tasks itself."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def start(self, consumer: Any) -> None:
        """``consumer`` is Celery's, sent with worker_ready: it knows the worker's name and queues."""
        queues = sorted(consumer.app.amqp.queues.consume_from)
        # `limit` is what Celery's pools of threads and processes call their size; a pool without one counts as one
        # thread.
        threads = int(getattr(consumer.pool, "limit", None) or 1)
        arguments = (str(consumer.hostname), queues, threads)
        threading.Thread(target=self._run, args=arguments, name="pulse", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self, name: str, queues: list[str], threads: int) -> None:
        from cloudaccounts.operations.workers import record_worker_heartbeat

        while True:
            try:
                record_worker_heartbeat(name, queues, threads)
            except DatabaseError:
                # The worker itself may be fine, and the next row is written in five seconds: no reason to end.
                logger.warning("worker.heartbeat_not_written", exc_info=True)
            finally:
                # Django closes connections at the end of requests, and this thread has none: an idle one would outlive
                # a restart of the database and fail at the next row.
                connections.close_all()
            if self._stop.wait(EVERY):
                return
