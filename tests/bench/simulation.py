"""Heartbeats of very many accounts, simulated: what a fleet needs, and how late it is with less.

`python -m tests.bench.simulation` prints the table of docs/operations.md. Nothing is asked and nothing is stored:
accounts are moments at which they are due, spread and moved on as `cloudaccounts.health` does it. What is simulated:
due rates with their jitter, full reports once a day, the limit over all processes, what one process can do, and a share
of accounts that do not answer and wait for a timeout. The numbers below are assumptions: put your own in.
"""

from __future__ import annotations

import heapq
import random
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

INTERVAL = 900.0  # seconds, HEARTBEAT_INTERVAL_MINUTES
JITTER = 0.1  # as health.state_machine: of each interval
DAY = 86_400.0
SECONDS = 0.5  # of a heartbeat: a token, one call and the probe, with the way to the cloud

REPORT = 3.0  # of a full report
TIMEOUT = 15.0  # CONNECTION_TIMEOUT_SECONDS
SILENT = 0.001  # of the accounts do not answer
A_PROCESS = (
    44.0  # checks in a second of the processor that one process makes with the probe (`make bench ONLY=heartbeats`)
)
MOST_OF_A_PROCESS = 64  # threads, as health.provider_round


@dataclass(frozen=True, slots=True)
class Outcome:
    """``late``: seconds between the moment at which an account is due and its check, half and 95 of 100 of them."""

    rate: float
    late_median: float
    late_p95: float
    busy: float  # of the places, on average


def needed(accounts: int) -> int:
    """Checks at the same time that keep up, with a quarter to spare for bursts and for what does not answer."""
    return max(1, round(1.25 * accounts / INTERVAL * _mean_seconds()))


def workers(accounts: int) -> int:
    """Processes: by what one can do in a second, and by its threads."""
    rate = 1.25 * accounts / INTERVAL
    return max(1, -(-int(rate) // int(A_PROCESS)), -(-needed(accounts) // MOST_OF_A_PROCESS))


def simulate(accounts: int, *, at_once: int, processes: int, rounds: float = 2.0, seed: int = 7) -> Outcome:
    """So many intervals from a start at which all are spread evenly, as their jitter leaves them."""
    chance = random.Random(seed)  # noqa: S311 # a simulation
    due = [chance.uniform(0, INTERVAL) for _ in range(accounts)]
    heapq.heapify(due)
    free = [0.0] * min(at_once, processes * MOST_OF_A_PROCESS)
    spacing, clear = 1 / (processes * A_PROCESS), 0.0  # between two beginnings: the processors of all processes
    end, late, worked = rounds * INTERVAL, [], 0.0
    report = INTERVAL / DAY
    while due[0] < end:
        moment = due[0]
        began = max(moment, free[0], clear)
        if began > end:
            break
        clear = max(clear, began - 1.0) + spacing  # a second's work may come at once
        draw = chance.random()
        taken = TIMEOUT if draw < SILENT else REPORT if draw < SILENT + report else chance.uniform(0.5, 1.5) * SECONDS
        heapq.heapreplace(free, began + taken)
        heapq.heapreplace(due, began + taken + INTERVAL * chance.uniform(1 - JITTER, 1 + JITTER))
        late.append(began - moment)
        worked += taken
    late.sort()
    return Outcome(len(late) / end, late[len(late) // 2], late[int(len(late) * 0.95)], worked / (end * len(free)))


def _mean_seconds() -> float:
    return SECONDS * (1 - SILENT) + REPORT * INTERVAL / DAY + TIMEOUT * SILENT


def main(sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> None:
    table = Table("accounts", "checks a second", "at once", "workers", "late: median", "late: p95", "with half of both")
    for accounts in sizes:
        at_once, processes = needed(accounts), workers(accounts)
        enough = simulate(accounts, at_once=at_once, processes=processes)
        half = simulate(accounts, at_once=max(1, at_once // 2), processes=max(1, processes // 2))
        table.add_row(
            f"{accounts:,}", f"{accounts / INTERVAL:,.0f}", f"{at_once:,}", str(processes),
            f"{enough.late_median:.1f} s", f"{enough.late_p95:.1f} s", f"{half.late_p95:.0f} s",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or (10_000, 100_000, 1_000_000))
