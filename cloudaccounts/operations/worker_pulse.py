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
        threading.Thread(target=self._run, args=(str(consumer.hostname), queues), name="pulse", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self, name: str, queues: list[str]) -> None:
        from cloudaccounts.operations.workers import record_worker_heartbeat

        while True:
            try:
                record_worker_heartbeat(name, queues)
            except DatabaseError:
                logger.warning("worker.heartbeat_not_written", exc_info=True)
            finally:
                connections.close_all()
            if self._stop.wait(EVERY):
                return
