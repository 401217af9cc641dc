"""Heartbeats: checks every account that is due, many at a time, and loses nothing when it is killed at any moment.

``next_check_at`` is both the moment when an account is due and the end of the lease on it: a round claims a page of due
accounts by one conditional UPDATE, which moves that moment ahead by a lease and leaves the round's token. While the
round lives it renews the lease; the accounts of a killed round are due again half a minute later. What a round writes
lands only where its token still stands, so a frozen one writes nothing over its successor, and two rounds at once share
the accounts between them.

The calls to the clouds run in threads, a pool for each provider. All of the database belongs to the round's own thread:
Django's connections are not shared between threads. Checks that passed and change nothing are written many at a time.
See docs/decisions/0006-heartbeats.md.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from cloudaccounts import registry
from cloudaccounts.health.provider_round import MOST_OF_A_PROCESS, Outcome, ProviderRound, at_once
from cloudaccounts.work.daemon_threads import DaemonThreads
from cloudaccounts.work.leases import RENEW_EVERY

FLUSH_EVERY = 1.0  # seconds
MAX_ROUND = 600.0  # seconds, then the next beat goes on: a deployment need not wait for a whole fleet

logger = logging.getLogger(__name__)
# Of this process. Rounds of other processes are kept apart by claims on the accounts, and share the provider's limit.
_running = threading.Lock()


@dataclass(frozen=True, slots=True)
class RoundTotals:
    passed: int = 0
    failed: int = 0


def run_heartbeats() -> RoundTotals | None:
    """One round over all that is due. None where this process has one under way: it gets to the rest as well."""
    # The beat comes every 15 seconds and a round may take minutes: waiting here would fill the queue's threads with
    # rounds.
    if not _running.acquire(blocking=False):
        return None
    try:
        return run_round()
    finally:
        _running.release()


def run_round() -> RoundTotals:
    """As `run_heartbeats`, without asking whether another round runs: claims keep rounds apart."""
    ends = time.monotonic() + MAX_ROUND
    with _provider_rounds() as (parts, outcomes):
        working = list(parts)
        flushed = renewed = time.monotonic()
        while working:
            for part in working:
                if part.is_silent or time.monotonic() > ends:
                    part.stop()
                # Also after `stop`: it claims nothing more then, and what is under way still ends.
                part.feed()
            # The only place where the round waits, at most a fifth of a second: deadlines and leases are looked at in
            # between.
            came = _take_outcomes(outcomes)
            for part in working:
                part.end_overdue()
            now = time.monotonic()
            for part in working:
                # Also when nothing more comes for now: whoever answered need not wait until others' clouds have.
                part.flush(everything=not came or now - flushed > FLUSH_EVERY)
                if now - renewed > RENEW_EVERY:
                    part.renew()
                if part.is_done:
                    part.end()
            flushed = now if now - flushed > FLUSH_EVERY else flushed
            renewed = now if now - renewed > RENEW_EVERY else renewed
            working = [part for part in working if not part.is_done]
        return RoundTotals(sum(part.passed for part in parts), sum(part.failed for part in parts))


def _take_outcomes(outcomes: SimpleQueue[Outcome]) -> bool:
    """What is there, or what comes within a fifth of a second; False where nothing came."""
    came = False
    try:
        outcome = outcomes.get(timeout=0.2)
        while True:
            came = True
            outcome.part.take(outcome)
            outcome = outcomes.get_nowait()
    except Empty:
        return came


@contextmanager
def _provider_rounds() -> Iterator[tuple[list[ProviderRound], SimpleQueue[Outcome]]]:
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    parts = [
        ProviderRound(
            provider, DaemonThreads(min(at_once(provider), MOST_OF_A_PROCESS), f"heartbeat-{provider.key}"), outcomes
        )
        for provider in registry.all_providers()
    ]
    try:
        yield parts, outcomes
    finally:
        for part in parts:
            # Not waited for: after a defect the worker must get free, and what runs on writes nothing.
            part.pool.close()
