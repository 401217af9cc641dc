"""Leases on work: a worker renews its claim while it lives, so that a killed one is noticed within seconds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType

from django.db import DatabaseError, connections
from django.utils import timezone

LEASE = timedelta(seconds=30)
RENEW_EVERY = 5.0  # seconds

logger = logging.getLogger(__name__)


def fresh() -> datetime:
    return timezone.now() + LEASE


class LeaseKeeper:
    """Calls ``renew`` every five seconds from a thread of its own, until left.

    ``renew`` updates the row only while the claim still holds and answers whether it did. Once it did not, `lost` is
    set: somebody else has the work, and this worker must stop without writing.
    """

    def __init__(self, renew: Callable[[], bool]) -> None:
        self._renew = renew
        self._stop = threading.Event()
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> LeaseKeeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(RENEW_EVERY):
                try:
                    if not self._renew():
                        self.lost.set()
                        return
                except DatabaseError:
                    # The lease outlives several missed renewals; if the database stays away, the claim ends by itself.
                    logger.warning("lease.not_renewed", exc_info=True)
        finally:
            connections.close_all()
