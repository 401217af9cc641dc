"""One provider's part of a round of heartbeats: whom it asks next, and what becomes of each outcome.

The calls to the cloud run in threads, which may hang: each check has a deadline that holds whatever the socket does,
and a thread that misses it is left behind. All of the database belongs to the round's own thread.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from cloudaccounts import metrics
from cloudaccounts.accounts.external_id_change import record_proven
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.credentials import vault
from cloudaccounts.health import provider_outage
from cloudaccounts.health.due_accounts import DueAccount, ask, claim_page
from cloudaccounts.health.owner_queue import OwnerQueue
from cloudaccounts.health.state_machine import Event, Limits, Observation
from cloudaccounts.health.transitions import FinishedCheck, apply_check, apply_routine_checks
from cloudaccounts.models import CloudAccount, CloudAccountStatus, HeartbeatRound
from cloudaccounts.models.health import CheckKind
from cloudaccounts.outages import unexpected
from cloudaccounts.provider_kit.deadlines import exceeded
from cloudaccounts.work.daemon_threads import DaemonThreads, Task
from cloudaccounts.work.leases import LEASE

WRITE_BATCH = 100  # routine outcomes written at a time; they are due again together, as half a page
SILENT_PAUSE = timedelta(minutes=1)  # until accounts are due again that a silent provider kept from being checked
LIGHT_REQUESTS = 4  # of CONNECTION_TIMEOUT_SECONDS each: what a small check with its probe may take
FULL_SECONDS = 135.0  # a full report has 120 of its own
MOST_OF_A_PROCESS = 64  # threads: more than one interpreter can keep busy
LOOK_AGAIN = 1.0  # seconds between two looks for accounts of owners who have nothing waiting here

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    part: ProviderRound
    due: DueAccount
    observation: Observation
    report: CloudValidationResult | None
    duration_ms: int
    task: Task | None = None


@dataclass(slots=True)
class ProviderRound:
    """One provider's part of a round, with threads of its own: a slow cloud keeps no other waiting.

    ``threads`` is the provider's limit, divided among the rounds of it that run in other processes.
    """

    provider: Provider
    pool: DaemonThreads
    outcomes: SimpleQueue[Outcome]
    waiting: OwnerQueue = field(default_factory=OwnerQueue)
    under_way: dict[UUID, tuple[DueAccount, Task]] = field(default_factory=dict)  # by account
    of_owner: Counter[str] = field(default_factory=Counter)  # how many of them are whose
    token: UUID | None = None  # of this part's row among the rounds, while it has accounts
    threads: int = 0
    alone: bool = True  # no other process has a round of this provider
    owners: int = 0  # with accounts of this provider that are watched
    looked: float = float("-inf")
    routine: list[FinishedCheck] = field(default_factory=list)
    undecided: list[FinishedCheck] = field(default_factory=list)  # out of reach: written once it is known who answers
    newly_refused: set[UUID] = field(default_factory=set)
    answered: bool = False
    exhausted: bool = False
    passed: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self.threads = min(at_once(self.provider), MOST_OF_A_PROCESS)

    @property
    def is_done(self) -> bool:
        return self.exhausted and not self.waiting and not self.under_way

    @property
    def is_silent(self) -> bool:
        """So many failed, of several owners, and none answered: asking the rest would only wait for their timeouts."""
        # At least as many as are asked at once: with fewer, the first failures of a round of 64 would end it before
        # one could answer.
        enough = max(provider_outage.MANY_AT_ONCE, self.threads)
        if self.answered or len(self.undecided) < enough:
            return False
        silent = {check.account.owner for check in self.undecided}
        return len(silent) >= provider_outage.witnesses(self.owners)

    @property
    def at_once(self) -> int:
        """How many are handed to the pool: twice its threads where it has them for itself, so that none idles."""
        # Where others share the limit, the pool has more threads than this part may use: handing over no more keeps to
        # the share.
        return self.threads * 2 if self.alone else self.threads

    @property
    def most_of_one_owner(self) -> int:
        """Where there are several owners a quarter of the threads is left to others: who hangs, hangs alone."""
        # Three quarters, and at least one: with a single thread nobody would be asked at all.
        return self.at_once if self.owners <= 1 else max(1, self.threads * 3 // 4)

    def feed(self) -> None:
        """Keeps the pool busy and claims the next page in time."""
        if not self.exhausted and self.waiting.able(self.of_owner, self.most_of_one_owner) < self.at_once:
            self._claim()
        while len(self.under_way) < self.at_once:
            due = self.waiting.take(self.of_owner, self.most_of_one_owner)
            if due is None:
                return
            self.submit(due)

    def _claim(self) -> None:
        """The next page; while accounts wait here whose owner has enough under way, one of other owners."""
        waiting = self.waiting.owners()
        # Accounts wait here whose owner has enough under way: looking at each turn of the loop would be five queries
        # each time, for nothing.
        if waiting and time.monotonic() - self.looked < LOOK_AGAIN:
            return
        self.looked = time.monotonic()
        page = claim_page(self.provider, besides=waiting)
        self.exhausted = page is None and not waiting
        # The round's row is written with the first page: a provider without due accounts shares no limit.
        if page and self.token is None:
            self._enter()
        self.waiting.extend(page or ())

    def _enter(self) -> None:
        # Once for each round: an owner who comes meanwhile shifts the shares with the next one.
        self.owners = provider_outage.watched(self.provider.key).values("owner").distinct().count()
        self.token = HeartbeatRound.objects.create(
            id=uuid4(), provider=self.provider.key, until=timezone.now() + LEASE
        ).pk
        self._divide()

    def _divide(self) -> None:
        """The provider's limit holds over all processes: the rounds that live share it."""
        rounds = HeartbeatRound.objects.filter(provider=self.provider.key, until__gt=timezone.now()).count()
        self.alone = rounds <= 1
        self.threads = max(1, min(at_once(self.provider) // max(1, rounds), MOST_OF_A_PROCESS))

    def submit(self, due: DueAccount) -> None:
        self.of_owner[due.account.owner] += 1
        task = self.pool.submit(lambda task: _check(self, due, task))
        self.under_way[due.account.pk] = (due, task)

    def end_overdue(self) -> None:
        """Checks past their deadline end without an answer, whatever their thread still waits for."""
        for due, task in list(self.under_way.values()):
            seconds = _deadline(due)
            if task.overdue(seconds):
                # The thread is left to its socket, and another takes its place: no SDK can be told to stop
                # (`work.hung`).
                self.pool.leave(task, f"heartbeat {self.provider.key}")
                observation = Observation.of_error(exceeded(self.provider.short_label, seconds))
                self.take(Outcome(self, due, observation, None, round(seconds * 1000), task))

    def take(self, outcome: Outcome) -> None:
        due, observation = outcome.due, outcome.observation
        current = self.under_way.get(due.account.pk)
        if current is None or current[1] is not outcome.task:
            return  # too late: it was given up
        del self.under_way[due.account.pk]
        self.of_owner[due.account.owner] -= 1
        if observation.event is Event.REFUSED and not due.is_second_try:
            # A credential that was replaced while the old one was on its way is refused rightly: the new one decides.
            opener = vault.opener_if_replaced(due.account, due.opener)
            if opener is not None:
                # Once only: a credential that is replaced again and again must not keep its account in the round for
                # ever.
                due.opener, due.is_second_try = opener, True
                self.submit(due)
                return
        if observation.ok and due.account.former_external_id and not due.used_former:
            record_proven(due.account)
        self.answered |= observation.ok
        self.passed, self.failed = self.passed + observation.ok, self.failed + (not observation.ok)
        # A failed account that answered has had its full report made in the same check, whatever it was due for.
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
            # Whether being out of reach counts is known only when somebody has answered, or nobody has until the end
            # of the round.
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
        unasked = self.waiting.clear()
        for claim in {due.claim for due in unasked}:
            keys = [due.account.pk for due in unasked if due.claim == claim]
            CloudAccount.objects.filter(pk__in=keys, check_claim=claim).update(
                check_claim=None, next_check_at=timezone.now() + SILENT_PAUSE
            )

    def end(self) -> None:
        self.flush(everything=True)
        if self.token is not None:
            HeartbeatRound.objects.filter(pk=self.token).delete()
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
        until: datetime = timezone.now() + LEASE
        if self.token is not None:
            HeartbeatRound.objects.filter(pk=self.token).update(until=until)
            # Rows of rounds that were killed. `_divide` ignores them already, this keeps the table small.
            HeartbeatRound.objects.filter(until__lt=timezone.now() - LEASE).delete()
            self._divide()
        claims: dict[UUID, list[UUID]] = {}
        for due in self.waiting:
            claims.setdefault(due.claim, []).append(due.account.pk)
        for due, _ in self.under_way.values():
            claims.setdefault(due.claim, []).append(due.account.pk)
        for check in (*self.routine, *self.undecided):
            if check.claim is not None:
                claims.setdefault(check.claim, []).append(check.account.pk)
        for claim, keys in claims.items():
            CloudAccount.objects.filter(pk__in=keys, check_claim=claim).update(next_check_at=until)

    def _apply_undecided(self, *, counted: bool) -> None:
        undecided, self.undecided = self.undecided, []
        for check in undecided:
            apply_check(replace(check, counted=counted))


def at_once(provider: Provider) -> int:
    """The most that run at the same time over all processes: the provider's number, or the operator's."""
    limits: dict[str, int] = settings.HEARTBEATS_AT_ONCE
    return limits.get(provider.key, provider.checks_at_once)


def _deadline(due: DueAccount) -> float:
    """Seconds. A failed account that answers has its full report made in the same check."""
    tries = 2 if due.target.former_external_id else 1
    if due.kind == CheckKind.LIGHT and due.account.status != CloudAccountStatus.FAILED:
        return float(settings.CONNECTION_TIMEOUT_SECONDS * LIGHT_REQUESTS * tries)
    return FULL_SECONDS * tries


def _check(part: ProviderRound, due: DueAccount, task: Task) -> None:
    """In a thread of the pool. Asks the cloud and never the database."""
    began = time.monotonic()
    report: CloudValidationResult | None = None
    try:
        report = ask(part.provider, due)
        observation = Observation() if report is None else Observation.of_report(report)
    except ProviderError as error:
        observation = Observation.of_error(error)
    except Exception as error:
        # Whatever a provider's code may meet is reported as ours. Raised, it would end in the pool without an outcome,
        # and the round would wait for that account until its last minute.
        logger.exception("heartbeat.defect", extra={"account": str(due.account.pk)})
        observation = Observation.of_error(unexpected(error, "heartbeat"))
    part.outcomes.put(Outcome(part, due, observation, report, round((time.monotonic() - began) * 1000), task))
