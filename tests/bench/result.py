from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


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
