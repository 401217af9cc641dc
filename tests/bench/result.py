from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. ``ratio`` is value / reference; ``aim`` tells what it should be, for people."""

    name: str
    value: float
    unit: str
    better: str  # "lower" or "higher"
    reference: float
    aim: str
    note: str = ""  # why it is as it is, for people

    @property
    def ratio(self) -> float:
        return self.value / self.reference if self.reference else 0.0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": round(self.ratio, 3)}


def processor_time() -> float:
    """Seconds that this process took of the processor, and the server's processes of its connections to PostgreSQL.

    What else the machine does does not lengthen it. A server on another machine, or a kernel without schedstat, counts
    nothing.
    """
    return time.process_time() + sum(_server_time(connection) for connection in connections.all(initialized_only=True))


def _server_time(connection: BaseDatabaseWrapper) -> float:
    if connection.vendor != "postgresql" or connection.connection is None:
        return 0.0
    try:
        text = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    except OSError:
        return 0.0
    return int(text.split()[0]) / 1e9


def interleaved(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    times: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Median seconds of each, taken in turns so that what else the machine does falls on both; one warm-up each."""
    ours(), theirs()
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(times):
        order = ((0, ours), (1, theirs)) if turn % 2 else ((1, theirs), (0, ours))
        for index, call in order:
            began = clock()
            call()
            taken[index].append(clock() - began)
    return statistics.median(taken[0]), statistics.median(taken[1])
