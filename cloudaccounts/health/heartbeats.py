"""Heartbeats: looks at every account that is due, many at a time, and bears a kill at any moment.

``next_check_at`` is both the moment when an account is due and the end of the lease on it: a round claims a page of due
accounts by one conditional UPDATE, which moves that moment ahead by a lease and leaves the round's token. While the
round lives it moves it on; what a killed round had is simply due again half a minute later. What a round writes lands
only where its token still stands, so a frozen one writes nothing over its successor, and two rounds at once share the
accounts between them.

The calls to the clouds run in threads, so many for each provider; all of the database is this one thread's. Checks that
passed and change nothing are written many at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, SimpleQueue
from uuid import UUID, uuid4

from django.utils import timezone

from cloudaccounts import metrics, registry
from cloudaccounts.accounts.details import details_of
from cloudaccounts.accounts.external_id import external_ids_of
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.report import CloudValidationResult, ValidationProgress
from cloudaccounts.credentials import vault
from cloudaccounts.errors import defect
from cloudaccounts.health import provider_outage
from cloudaccounts.health.state_machine import Event, Limits, Seen
from cloudaccounts.health.transitions import Checked, settle, settle_quiet
from cloudaccounts.health.validation import refused, target_for
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus
from cloudaccounts.models.health import CheckKind
from cloudaccounts.work.leases import LEASE, RENEW_EVERY

PAGE = 200  # accounts claimed at a time
GROUP = 100  # quiet outcomes written at a time; they are due again together, as half a page
FLUSH_EVERY = 1.0  # seconds
LONGEST = 600.0  # seconds, then the next beat goes on: a deployment need not wait for a fleet
REST = timedelta(minutes=1)  # until accounts are due again that a silent provider kept from being checked
BIG = ("last_check", "proven_permissions", "lost_permissions")  # needed by few, loaded by those

logger = logging.getLogger(__name__)
_running = threading.Lock()


@dataclass(frozen=True, slots=True)
class RoundCounts:
    passed: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Item:
    """One account in a round. ``opener`` is replaced where its credential was, while the check ran."""

    account: CloudAccount
    claim: UUID
    target: Target
    opener: vault.Opener
    kind: CheckKind
    again: bool = False

    @property
    def is_quiet(self) -> bool:
        """A light check that passes would change nothing."""
        a = self.account
        steady = a.status == CloudAccountStatus.ACTIVE and a.health == AccountHealth.OK and not a.failures
        return steady and self.kind == CheckKind.LIGHT


@dataclass(frozen=True, slots=True)
class _Result:
    lane: _Lane
    item: _Item
    seen: Seen
    report: CloudValidationResult | None
    duration_ms: int


@dataclass(slots=True)
class _Lane:
    """One provider's part of a round."""

    provider: Provider
    pool: ThreadPoolExecutor
    results: SimpleQueue[_Result]
    waiting: deque[_Item] = field(default_factory=deque)
    under_way: dict[UUID, UUID] = field(default_factory=dict)  # account → claim
    quiet: list[Checked] = field(default_factory=list)
    held: list[Checked] = field(default_factory=list)  # out of reach: judged once it is known who answers
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
        """So many failed and none answered: more of the same would teach nothing."""
        return not self.answered and len(self.held) >= max(provider_outage.IN_ONE_GO, self.provider.checks_at_once)

    def feed(self) -> None:
        """Keeps the pool busy and claims the next page in time."""
        most = self.provider.checks_at_once * 2
        if not self.exhausted and len(self.waiting) < most:
            page = claim_page(self.provider)
            self.exhausted = page is None
            self.waiting.extend(page or ())
        while self.waiting and len(self.under_way) < most:
            self.submit(self.waiting.popleft())

    def submit(self, item: _Item) -> None:
        self.under_way[item.account.pk] = item.claim
        self.pool.submit(_check, self, item)

    def take(self, result: _Result) -> None:
        item, seen = result.item, result.seen
        del self.under_way[item.account.pk]
        if seen.event is Event.REFUSED and not item.again:
            opener = vault.renewed(item.account, item.opener)
            if opener is not None:  # replaced while the old one was on its way: the new one decides
                item.opener, item.again = opener, True
                self.submit(item)
                return
        self.answered |= seen.ok
        self.passed, self.failed = self.passed + seen.ok, self.failed + (not seen.ok)
        kind = item.kind if result.report is None else CheckKind.FULL
        checked = Checked(item.account, seen, kind, result.duration_ms, result.report, item.claim)
        metrics.observe_check(
            provider=item.account.provider, kind="heartbeat", seconds=result.duration_ms / 1000, code=seen.code
        )
        if seen.ok and result.report is None and item.is_quiet:
            self.quiet.append(checked)
        elif seen.event in (Event.PROVEN, Event.REFUSED):
            if not seen.ok and item.account.status != CloudAccountStatus.FAILED:
                self.newly_refused.add(item.account.pk)
            settle(checked)
        else:
            self.held.append(checked)

    def flush(self, *, all_of_it: bool = False) -> None:
        limits = Limits.current()
        while self.quiet and (all_of_it or len(self.quiet) >= GROUP):
            group = [c for c in self.quiet if c.claim == self.quiet[0].claim][:GROUP]
            settle_quiet(group, limits=limits)
            written = {c.account.pk for c in group}
            self.quiet = [c for c in self.quiet if c.account.pk not in written]
        if self.answered:  # so it is these accounts, not us
            self._settle_held(counted=True)

    def stop(self) -> None:
        """Gives back what is not under way; it is due again soon."""
        self.exhausted = True
        left, self.waiting = self.waiting, deque()
        for claim in {item.claim for item in left}:
            keys = [item.account.pk for item in left if item.claim == claim]
            CloudAccount.objects.filter(pk__in=keys, check_claim=claim).update(
                check_claim=None, next_check_at=timezone.now() + REST
            )

    def end(self) -> None:
        self.flush(all_of_it=True)
        if self.answered:
            provider_outage.note_answer(self.provider.key)
        if self.held or (self.newly_refused and not self.answered):
            met = {c.account.pk: c.seen for c in self.held if c.account.status != CloudAccountStatus.FAILED}
            ours = provider_outage.suspects_own_outage(self.provider.key, met, self.newly_refused)
            self._settle_held(counted=not ours)

    def renew(self) -> None:
        until = timezone.now() + LEASE
        claims: dict[UUID, list[UUID]] = {}
        for item in self.waiting:
            claims.setdefault(item.claim, []).append(item.account.pk)
        for account, claim in self.under_way.items():
            claims.setdefault(claim, []).append(account)
        for checked in (*self.quiet, *self.held):
            if checked.claim is not None:
                claims.setdefault(checked.claim, []).append(checked.account.pk)
        for claim, keys in claims.items():
            CloudAccount.objects.filter(pk__in=keys, check_claim=claim).update(next_check_at=until)

    def _settle_held(self, *, counted: bool) -> None:
        held, self.held = self.held, []
        for c in held:
            settle(Checked(c.account, c.seen, c.kind, c.duration_ms, c.report, c.claim, counted))


def run_heartbeats() -> RoundCounts | None:
    """One round over all that is due. None where this process has one under way: it will come to the rest itself."""
    if not _running.acquire(blocking=False):
        return None
    try:
        return beat()
    finally:
        _running.release()


def beat() -> RoundCounts:
    """As `run_heartbeats`, without asking who else does: claims keep rounds apart."""
    ends = time.monotonic() + LONGEST
    with _lanes() as (lanes, results):
        working = list(lanes)
        flushed = renewed = time.monotonic()
        while working:
            for lane in working:
                if lane.is_silent or time.monotonic() > ends:
                    lane.stop()
                lane.feed()
            _take_some(results)
            now = time.monotonic()
            for lane in working:
                lane.flush(all_of_it=now - flushed > FLUSH_EVERY)
                if now - renewed > RENEW_EVERY:
                    lane.renew()
                if lane.is_done:
                    lane.end()
            flushed = now if now - flushed > FLUSH_EVERY else flushed
            renewed = now if now - renewed > RENEW_EVERY else renewed
            working = [lane for lane in working if not lane.is_done]
        return RoundCounts(sum(lane.passed for lane in lanes), sum(lane.failed for lane in lanes))


def claim_page(provider: Provider) -> list[_Item] | None:
    """The next accounts that are due, now this round's; None where there are none. Five queries."""
    now, claim = timezone.now(), uuid4()
    due = CloudAccount.objects.filter(provider=provider.key, next_check_at__lte=now)
    due = due.exclude(status=CloudAccountStatus.SUSPENDED)
    keys = list(due.order_by("next_check_at").values_list("pk", flat=True)[:PAGE])
    if not keys:
        return None
    if not due.filter(pk__in=keys).update(check_claim=claim, next_check_at=now + LEASE):
        return []  # all of them went to another round just now
    accounts = list(CloudAccount.objects.filter(pk__in=keys, check_claim=claim).defer(*BIG))
    openers, externals = vault.openers(accounts), external_ids_of(account.owner for account in accounts)
    return [
        _Item(
            account, claim, target_for(account.owner, details_of(account), external_id=externals[account.owner]),
            openers[account.pk], _kind(account),
        )
        for account in accounts
    ]  # fmt: skip


def _kind(account: CloudAccount) -> CheckKind:
    """The full report once a day, and for what was never proven."""
    due = account.next_report_at is None or account.next_report_at <= timezone.now()
    unproven = account.status == CloudAccountStatus.PENDING
    failed = account.status == CloudAccountStatus.FAILED  # begins with the light check, see `_ask`
    return CheckKind.FULL if unproven or (due and not failed) else CheckKind.LIGHT


def _check(lane: _Lane, item: _Item) -> None:
    """In a thread of the pool. Asks the cloud and never the database."""
    began = time.monotonic()
    report: CloudValidationResult | None = None
    try:
        report = _ask(lane.provider, item)
        seen = Seen() if report is None else Seen.of_report(report)
    except ProviderError as error:
        seen = Seen.of_error(error)
    except Exception:
        # Whatever a provider's code may meet: told as ours, and the round goes on.
        logger.exception("heartbeat.defect", extra={"account": str(item.account.pk)})
        seen = Seen.of_error(defect("heartbeat"))
    lane.results.put(_Result(lane, item, seen, report, round((time.monotonic() - began) * 1000)))


def _ask(provider: Provider, item: _Item) -> CloudValidationResult | None:
    """The full report, or None for a light check that passed. Raises `ProviderError`.

    A failed account that can be reached again is not believed before its full report says so too.
    """
    credentials = item.opener.open()
    if item.kind == CheckKind.LIGHT:
        provider.check_connection(credentials, item.target)
        if item.account.status != CloudAccountStatus.FAILED:
            return None
    progress = ValidationProgress()
    try:
        return provider.validate(credentials, item.target, progress)
    except ProviderError as error:
        return refused(progress, error)


def _take_some(results: SimpleQueue[_Result]) -> None:
    """What is there, or what comes within a fifth of a second."""
    try:
        result = results.get(timeout=0.2)
        while True:
            result.lane.take(result)
            result = results.get_nowait()
    except Empty:
        return


@contextmanager
def _lanes() -> Iterator[tuple[list[_Lane], SimpleQueue[_Result]]]:
    results: SimpleQueue[_Result] = SimpleQueue()
    lanes = [
        _Lane(provider, ThreadPoolExecutor(provider.checks_at_once, f"heartbeat-{provider.key}"), results)
        for provider in registry.all_providers()
    ]
    try:
        yield lanes, results
    finally:
        for lane in lanes:
            lane.pool.shutdown(wait=False, cancel_futures=True)
