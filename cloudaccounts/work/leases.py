"""Claims and leases: a worker renews its lease while it works, so that a killed one is noticed within half a minute."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any
from uuid import uuid4

from django.db import DatabaseError, connections
from django.db.models import F, QuerySet
from django.utils import timezone

# Half a minute is how long a page may show the work of a dead worker as running (docs/decisions/0004).
LEASE = timedelta(seconds=30)
RENEW_EVERY = 5.0  # seconds: several renewals may fail before the lease ends

logger = logging.getLogger(__name__)


def fresh() -> datetime:
    return timezone.now() + LEASE


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at a row of work, marked by a token on the row. Its writes change the row only while it holds the
    token.

    A worker that was paused past its lease, or whose row was cancelled or deleted, notices by its next write.
    """

    rows: QuerySet[Any]  # the row, while it runs under our token

    @classmethod
    def take(cls, waiting: QuerySet[Any], running: QuerySet[Any], **changes: Any) -> Claim | None:
        """Claims a waiting row by one conditional UPDATE, which counts the attempt too.

        None where it is not waiting.
        """
        # Random and not the worker's name: after a pause the same worker may take the row again, and its earlier try
        # must not write.
        token = uuid4()
        # The database counts: what was read before may be older than another worker's try.
        changes |= {"claim": token, "attempts": F("attempts") + 1, "lease_until": fresh()}
        return cls(running.filter(claim=token)) if waiting.update(**changes) == 1 else None

    def write(self, **changes: Any) -> bool:
        """Writes to the row. False where the claim was lost: then nothing was written."""
        return self.rows.all().update(**changes) == 1

    def renew(self) -> bool:
        return self.write(lease_until=fresh())

    def end(self, **changes: Any) -> bool:
        """Writes the outcome and gives the row back. False where the claim was lost: then nothing was written."""
        # `active_account` goes to NULL in the same UPDATE, so the next request for the account is possible exactly
        # from then on.
        changes.setdefault("finished_at", timezone.now())
        return self.write(claim=None, lease_until=None, active_account=None, **changes)


class LeaseKeeper:
    """Calls ``renew`` every five seconds from a thread of its own, until left.

    ``renew`` updates the row only while the claim still holds and answers whether it did. Once it did not, `lost` is
    set: somebody else has the work, and this worker must stop without writing.
    """

    def __init__(self, renew: Callable[[], bool]) -> None:
        self._renew = renew
        self._stop = threading.Event()
        self.lost = threading.Event()
        # A daemon, so that a worker that exits without leaving the block is not held up by it.
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> LeaseKeeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        # Waited for: no renewal runs behind the block, and the thread has closed its connections.
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(RENEW_EVERY):
                try:
                    if not self._renew():
                        self.lost.set()
                        return
                except DatabaseError:
                    # The lease outlives several missed renewals. If the database stays away, the lease ends.
                    logger.warning("lease.not_renewed", exc_info=True)
                    # A connection that was lost stays lost: Django opens another one only after it was closed. Without
                    # this one lost connection of PostgreSQL ended all renewals, and a living worker's work was taken.
                    connections.close_all()
        finally:
            # Django closes a thread's connections only at the end of requests, and this thread serves none.
            connections.close_all()
