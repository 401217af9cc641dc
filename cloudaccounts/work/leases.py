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

from cloudaccounts.work.databases import is_outage

# Half a minute is how long a page may show the work of a dead worker as running (docs/decisions/0004).
LEASE = timedelta(seconds=30)
RENEW_EVERY = 5.0  # seconds: several renewals may fail before the lease ends

logger = logging.getLogger(__name__)


def fresh() -> datetime:
    return timezone.now() + LEASE


def give_back(rows: QuerySet[Any], **waiting: Any) -> int:
    """Puts claimed rows back into their queue, where ``waiting`` are the columns by which they wait. Counts them."""
    # A row that was announced a moment ago is not announced again for a while: these are, by the next round of the
    # reconciler. Kinds that the scheduler itself looks for have no such column.
    if hasattr(rows.model, "nudged_at"):
        waiting["nudged_at"] = None
    return rows.update(claim=None, lease_until=None, **waiting)


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
        # The database counts: what was read before may be older than another worker's try.
        return cls.take_over(waiting, running, attempts=F("attempts") + 1, **changes)

    @classmethod
    def take_over(cls, lost: QuerySet[Any], running: QuerySet[Any], **changes: Any) -> Claim | None:
        """Claims the row of a dead worker, to end it. None where that lives after all."""
        # Random and not the worker's name: after a pause the same worker may take the row again, and its earlier try
        # must not write.
        token = uuid4()
        changes |= {"claim": token, "lease_until": fresh()}
        return cls(running.filter(claim=token)) if lost.update(**changes) == 1 else None

    def write(self, **changes: Any) -> bool:
        """Writes to the row. False where the claim was lost: then nothing was written."""
        return self.rows.all().update(**changes) == 1

    def renew(self) -> bool:
        return self.write(lease_until=fresh())

    def give_back(self, **waiting: Any) -> bool:
        """Puts the row back into its queue (see `give_back`). False where the claim was lost."""
        return give_back(self.rows.all(), **waiting) == 1

    def outlives(self, error: Exception, *, tries: int, **waiting: Any) -> bool:
        """Gives the row back where ``error`` says that a database was away, or locked for too long, and ``tries`` are
        left. False where neither is so: then nothing was written, and the error is this try's outcome.

        A database that was away is back in a moment, and what was asked for has not failed by that.
        """
        if not is_outage(error):
            return False
        # A connection that was lost stays lost until it is closed: on it nothing could be written, this try's outcome
        # neither.
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
        if tries < 1:
            return False
        logger.warning("work.given_back", extra={"work": self.rows.model.__name__, "error": type(error).__name__})
        try:
            self.give_back(**waiting)
        except DatabaseError:
            # Still away: the lease ends, and then the reconciler gives the row back.
            logger.warning("work.not_given_back", exc_info=True)
        return True

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
