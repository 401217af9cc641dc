"""Collects units in a bounded pool of threads and yields what they find as one stream of events.

The threads talk to the cloud only. The thread that iterates does all work with the database, so that one connection
serves a scan. A bounded queue between them keeps memory flat: collectors wait while the writer is behind.

A unit that hangs is a gap like any other failure: its deadlines hold whatever the socket does, and its thread is left
behind. While nothing comes the reader gets `Waiting`, so that it can see that the scan was cancelled.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.sessions import Session
from cloudaccounts.provider_kit.cloud_data import storable_asset
from cloudaccounts.work.daemon_threads import DaemonThreads, Task

THREADS = 8  # units at a time: they wait for the network mostly, and it is far below any provider's request limit
BATCH = 200  # assets
BACKLOG = 16  # batches that may wait for the writer
IDLE = 300.0  # seconds in which a unit must yield something: the SDKs' own timeouts and retries are far below
LONGEST = 3600.0  # seconds for a unit; what it has read by then is kept
LOOK_EVERY = 1.0  # seconds
GRACE = 10.0  # seconds that threads have to end, when nobody reads any more

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


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing came for a second."""


Event = UnitStarted | Batch | UnitFinished | UnitFailed | Waiting
_Put = Callable[[Event], None]


class _StoppedError(Exception):
    """Nobody reads any more: collectors end instead of filling a queue that stays full."""


class _Reading:
    """One unit under way: what it has read and not handed on, and when it last gave a sign."""

    def __init__(self, unit: ScanUnit) -> None:
        self.unit = unit
        self.batch: list[Asset] = []
        self.sign = time.monotonic()
        self.is_waiting = False  # for the writer, which is not the cloud's fault
        self.is_given_up = False

    def is_overdue(self, task: Task) -> bool:
        if task.began is None or self.is_waiting:
            return False
        now = time.monotonic()
        return now - max(self.sign, task.began) > IDLE or now - task.began > LONGEST


def collect(session: Session, units: Sequence[ScanUnit]) -> Iterator[Event]:
    """Yields each unit's start, batches and end. A unit that fails yields `UnitFailed` and stops no other unit.

    Close the iterator, or run it to its end: that ends the threads.
    """
    events: queue.Queue[tuple[_Reading, Event]] = queue.Queue(maxsize=BACKLOG)
    stop = threading.Event()
    # None of `concurrent.futures`: those join their threads when the interpreter ends, and a hung one would keep it for
    # ever.
    pool = DaemonThreads(THREADS, "collect")
    open_units: dict[_Reading, Task] = {}
    try:
        for unit in units:
            reading = _Reading(unit)
            put = partial(_put, events, stop, reading)
            open_units[reading] = pool.submit(partial(_collect_unit, session, reading, put))
        # By ends, which each unit puts exactly once, whatever happens in it.
        looked = time.monotonic()
        while open_units:
            try:
                reading, event = events.get(timeout=LOOK_EVERY)
            except queue.Empty:
                yield Waiting()
            else:
                # What a unit hands on after that comes too late: its gap is written already.
                if not reading.is_given_up:
                    if isinstance(event, UnitFinished | UnitFailed):
                        del open_units[reading]
                    yield event
            if time.monotonic() - looked > LOOK_EVERY:
                looked = time.monotonic()
                yield from _give_up_overdue(open_units, pool)
    finally:
        stop.set()
        # Waits for the threads: the session that they read through is closed next.
        pool.close(wait=GRACE, what="a scan's reading")


def _put(events: queue.Queue[tuple[_Reading, Event]], stop: threading.Event, reading: _Reading, event: Event) -> None:
    reading.is_waiting = True
    # With a timeout, because a thread that waits in `put` for ever cannot see that it is to stop.
    while not (stop.is_set() or reading.is_given_up):
        try:
            events.put((reading, event), timeout=0.5)
        except queue.Full:
            continue
        reading.sign, reading.is_waiting = time.monotonic(), False
        return
    raise _StoppedError


def _give_up_overdue(open_units: dict[_Reading, Task], pool: DaemonThreads) -> Iterator[Event]:
    for reading, task in list(open_units.items()):
        if not reading.is_overdue(task):
            continue
        reading.is_given_up = True
        del open_units[reading]
        pool.leave(task, f"reading {reading.unit.label}")
        if reading.batch:  # true, though there may be more
            yield Batch(reading.unit, list(reading.batch))
        yield UnitFailed(
            reading.unit,
            ProviderError(
                "deadline_exceeded",
                f"Nothing more came for {IDLE / 60:.0f} minutes, or it was not done after {LONGEST / 60:.0f}.",
                "Scan again; if it stays so, the operator must check this server's network and proxy.",
                permanent=False,
            ),
        )


def _collect_unit(session: Session, reading: _Reading, put: _Put, task: Task) -> None:
    unit = reading.unit
    try:
        put(UnitStarted(unit))
        _put_batches(session, reading, put)
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


def _put_batches(session: Session, reading: _Reading, put: _Put) -> None:
    unit = reading.unit
    try:
        for asset in session.collect(unit):
            # What a cloud says is input from strangers: one NUL in a description ended a whole scan on PostgreSQL.
            reading.batch.append(storable_asset(asset))
            reading.sign = time.monotonic()
            if len(reading.batch) >= BATCH:
                # Taken out before it is put: what lies in `batch` is what `_give_up_overdue` hands on in this thread's
                # place.
                full, reading.batch = reading.batch, []
                put(Batch(unit, full))
    finally:
        # Also where the unit fails: what it read before that is true, and its failure says that there may be more.
        if reading.batch:
            rest, reading.batch = reading.batch, []
            put(Batch(unit, rest))


def _put_unless_stopped(put: _Put, event: Event) -> None:
    try:
        put(event)
    except _StoppedError:
        return
