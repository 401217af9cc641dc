"""Collects units in a bounded pool of threads and yields what they find as one stream of events.

The threads talk to the cloud only. The thread that iterates does all work with the database, so that one connection
serves a scan. A bounded queue between them keeps memory flat: collectors wait while the writer is behind.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.sessions import Session

THREADS = 8  # units at a time: they wait for the network mostly, and it is far below any provider's request limit
BATCH = 200  # assets
BACKLOG = 16  # batches that may wait for the writer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnitStarted:
    unit: ScanUnit


@dataclass(frozen=True, slots=True)
class Batch:
    unit: ScanUnit
    assets: list[Asset]


@dataclass(frozen=True, slots=True)
class UnitFinished:
    unit: ScanUnit


@dataclass(frozen=True, slots=True)
class UnitFailed:
    unit: ScanUnit
    error: ProviderError


Event = UnitStarted | Batch | UnitFinished | UnitFailed
_Put = Callable[[Event], None]


class _StoppedError(Exception):
    """Nobody reads any more: collectors end instead of filling a queue that stays full."""


def collect(session: Session, units: Sequence[ScanUnit]) -> Iterator[Event]:
    """Yields each unit's start, batches and end. A unit that fails yields `UnitFailed` and stops no other unit.

    Close the iterator, or run it to its end: that ends the threads.
    """
    events: queue.Queue[Event] = queue.Queue(maxsize=BACKLOG)
    stop = threading.Event()

    def put(event: Event) -> None:
        # With a timeout, because a thread that waits in `put` for ever cannot see that it is to stop.
        while not stop.is_set():
            try:
                events.put(event, timeout=0.5)
            except queue.Full:
                continue
            return
        raise _StoppedError

    pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="collect")
    try:
        for unit in units:
            pool.submit(_collect_unit, session, unit, put)
        # Counted by ends, which each unit puts exactly once, whatever happens in it.
        open_units = len(units)
        while open_units:
            event = events.get()
            open_units -= isinstance(event, UnitFinished | UnitFailed)
            yield event
    finally:
        stop.set()
        # Waits for the threads: the session that they read through is closed next.
        pool.shutdown(wait=True, cancel_futures=True)


def _collect_unit(session: Session, unit: ScanUnit, put: _Put) -> None:
    try:
        put(UnitStarted(unit))
        _put_batches(session, unit, put)
        put(UnitFinished(unit))
    except _StoppedError:
        return
    except ProviderError as error:
        _put_unless_stopped(put, UnitFailed(unit, error))
    except Exception:
        # A collector's defect becomes a gap of its unit. The pool would swallow it, and the reader would wait for ever.
        logger.exception("scan.unit_defect", extra={"unit": unit.label})
        defect = ProviderError("internal_error", "Our collector failed on this reading.", "Tell the operator.")
        _put_unless_stopped(put, UnitFailed(unit, defect))


def _put_batches(session: Session, unit: ScanUnit, put: _Put) -> None:
    batch: list[Asset] = []
    try:
        for asset in session.collect(unit):
            batch.append(asset)
            if len(batch) >= BATCH:
                full, batch = batch, []
                put(Batch(unit, full))
    finally:
        # Also where the unit fails: what it read before that is true, and its failure says that there may be more.
        if batch:
            put(Batch(unit, batch))


def _put_unless_stopped(put: _Put, event: Event) -> None:
    try:
        put(event)
    except _StoppedError:
        return
