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
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from queue import Empty, SimpleQueue
from uuid import UUID

from django.utils import timezone

from cloudaccounts import metrics, registry
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.credentials import vault
from cloudaccounts.errors import defect
from cloudaccounts.health import provider_outage
from cloudaccounts.health.due_accounts import DueAccount, ask, claim_page
from cloudaccounts.health.state_machine import Event, Limits, Observation
from cloudaccounts.health.transitions import FinishedCheck, apply_check, apply_routine_checks
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.models.health import CheckKind
from cloudaccounts.work.leases import LEASE, RENEW_EVERY

WRITE_BATCH = 100  # routine outcomes written at a time; they are due again together, as half a page
FLUSH_EVERY = 1.0  # seconds
MAX_ROUND = 600.0  # seconds, then the next beat goes on: a deployment need not wait for a whole fleet
SILENT_PAUSE = timedelta(minutes=1)  # until accounts are due again that a silent provider kept from being checked

logger = logging.getLogger(__name__)
_running = threading.Lock()


@dataclass(frozen=True, slots=True)
class RoundTotals:
    passed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    part: _ProviderRound
    due: DueAccount
    observation: Observation
    report: CloudValidationResult | None
    duration_ms: int


@dataclass(slots=True)
class _ProviderRound:
    """One provider's part of a round, with threads of its own: a slow cloud keeps no other waiting."""

    provider: Provider
    pool: ThreadPoolExecutor
    outcomes: SimpleQueue[_Outcome]
    waiting: deque[DueAccount] = field(default_factory=deque)
    under_way: dict[UUID, UUID] = field(default_factory=dict)  # account → claim
    routine: list[FinishedCheck] = field(default_factory=list)
    undecided: list[FinishedCheck] = field(default_factory=list)  # out of reach: written once it is known who answers
    newly_refused: set[UUID] = field(default_factory=set)
    answered: bool = False
    exhausted: bool = False
    passed: int = 0
    failed: int = 0

    @property
    def is_done(self) -> bool:
        return self.exhausted and not self.waiting and not self.under_way

    @property
    def is_silent(self) -> bool:
        """So many failed and none answered: asking the rest would only wait for their timeouts."""
        enough = max(provider_outage.MANY_AT_ONCE, self.provider.checks_at_once)
        return not self.answered and len(self.undecided) >= enough

    def feed(self) -> None:
        """Keeps the pool busy and claims the next page in time."""
        # Twice the pool's threads: none of them idles while the next page is claimed.
        limit = self.provider.checks_at_once * 2
        if not self.exhausted and len(self.waiting) < limit:
            page = claim_page(self.provider)
            self.exhausted = page is None
            self.waiting.extend(page or ())
        while self.waiting and len(self.under_way) < limit:
            self.submit(self.waiting.popleft())

    def submit(self, due: DueAccount) -> None:
        self.under_way[due.account.pk] = due.claim
        self.pool.submit(_check, self, due)

    def take(self, outcome: _Outcome) -> None:
        due, observation = outcome.due, outcome.observation
        del self.under_way[due.account.pk]
        if observation.event is Event.REFUSED and not due.is_second_try:
            # A credential that was replaced while the old one was on its way is refused rightly: the new one decides.
            opener = vault.opener_if_replaced(due.account, due.opener)
            if opener is not None:
                due.opener, due.is_second_try = opener, True
                self.submit(due)
                return
        self.answered |= observation.ok
        self.passed, self.failed = self.passed + observation.ok, self.failed + (not observation.ok)
        kind = due.kind if outcome.report is None else CheckKind.FULL
        check = FinishedCheck(due.account, observation, kind, outcome.duration_ms, outcome.report, due.claim)
        metrics.observe_check(
            provider=due.account.provider, kind="heartbeat", seconds=outcome.duration_ms / 1000, code=observation.code
        )
        if observation.ok and outcome.report is None and due.is_routine:
            self.routine.append(check)
        elif observation.event in (Event.PROVEN, Event.REFUSED):
            # A cloud that says yes or no has answered: written at once, whatever happens to the others.
            if not observation.ok and due.account.status != CloudAccountStatus.FAILED:
                self.newly_refused.add(due.account.pk)
            apply_check(check)
        else:
            self.undecided.append(check)

    def flush(self, *, everything: bool = False) -> None:
        limits = Limits.current()
        while self.routine and (everything or len(self.routine) >= WRITE_BATCH):
            # One claim at a time: the conditional UPDATE of a batch names it.
            batch = [check for check in self.routine if check.claim == self.routine[0].claim][:WRITE_BATCH]
            apply_routine_checks(batch, limits=limits)
            written = {check.account.pk for check in batch}
            self.routine = [check for check in self.routine if check.account.pk not in written]
        if self.answered:  # so the cause lies with these accounts, and not with us
            self._apply_undecided(counted=True)

    def stop(self) -> None:
        """Gives back what is not under way; it is due again soon."""
        self.exhausted = True
        unasked, self.waiting = self.waiting, deque()
        for claim in {due.claim for due in unasked}:
            keys = [due.account.pk for due in unasked if due.claim == claim]
            CloudAccount.objects.filter(pk__in=keys, check_claim=claim).update(
                check_claim=None, next_check_at=timezone.now() + SILENT_PAUSE
            )

    def end(self) -> None:
        self.flush(everything=True)
        if self.answered:
            provider_outage.record_answer(self.provider.key)
        if self.undecided or (self.newly_refused and not self.answered):
            observations = {
                check.account.pk: check.observation
                for check in self.undecided
                if check.account.status != CloudAccountStatus.FAILED  # it would not have answered anyway
            }
            suspected = provider_outage.suspect_outage(self.provider.key, observations, self.newly_refused)
            self._apply_undecided(counted=not suspected)

    def renew(self) -> None:
        """Moves the lease on for all that the round still has, one UPDATE a claim."""
        until = timezone.now() + LEASE
        claims: dict[UUID, list[UUID]] = {}
        for due in self.waiting:
            claims.setdefault(due.claim, []).append(due.account.pk)
        for account, claim in self.under_way.items():
            claims.setdefault(claim, []).append(account)
        for check in (*self.routine, *self.undecided):
            if check.claim is not None:
                claims.setdefault(check.claim, []).append(check.account.pk)
        for claim, keys in claims.items():
            CloudAccount.objects.filter(pk__in=keys, check_claim=claim).update(next_check_at=until)

    def _apply_undecided(self, *, counted: bool) -> None:
        undecided, self.undecided = self.undecided, []
        for check in undecided:
            apply_check(replace(check, counted=counted))


def run_heartbeats() -> RoundTotals | None:
    """One round over all that is due. None where this process has one under way: it gets to the rest as well."""
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
                part.feed()
            _take_outcomes(outcomes)
            now = time.monotonic()
            for part in working:
                part.flush(everything=now - flushed > FLUSH_EVERY)
                if now - renewed > RENEW_EVERY:
                    part.renew()
                if part.is_done:
                    part.end()
            flushed = now if now - flushed > FLUSH_EVERY else flushed
            renewed = now if now - renewed > RENEW_EVERY else renewed
            working = [part for part in working if not part.is_done]
        return RoundTotals(sum(part.passed for part in parts), sum(part.failed for part in parts))


def _check(part: _ProviderRound, due: DueAccount) -> None:
    """In a thread of the pool. Asks the cloud and never the database."""
    began = time.monotonic()
    report: CloudValidationResult | None = None
    try:
        report = ask(part.provider, due)
        observation = Observation() if report is None else Observation.of_report(report)
    except ProviderError as error:
        observation = Observation.of_error(error)
    except Exception:
        # Whatever a provider's code may meet is reported as ours. Raised, it would end in the pool without an outcome,
        # and the round would wait for that account until its last minute.
        logger.exception("heartbeat.defect", extra={"account": str(due.account.pk)})
        observation = Observation.of_error(defect("heartbeat"))
    part.outcomes.put(_Outcome(part, due, observation, report, round((time.monotonic() - began) * 1000)))


def _take_outcomes(outcomes: SimpleQueue[_Outcome]) -> None:
    """What is there, or what comes within a fifth of a second."""
    try:
        outcome = outcomes.get(timeout=0.2)
        while True:
            outcome.part.take(outcome)
            outcome = outcomes.get_nowait()
    except Empty:
        return


@contextmanager
def _provider_rounds() -> Iterator[tuple[list[_ProviderRound], SimpleQueue[_Outcome]]]:
    outcomes: SimpleQueue[_Outcome] = SimpleQueue()
    parts = [
        _ProviderRound(provider, ThreadPoolExecutor(provider.checks_at_once, f"heartbeat-{provider.key}"), outcomes)
        for provider in registry.all_providers()
    ]
    try:
        yield parts, outcomes
    finally:
        for part in parts:
            # Not waited for: after a defect the worker must get free, and what runs on writes nothing.
            part.pool.shutdown(wait=False, cancel_futures=True)
