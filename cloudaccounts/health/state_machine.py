"""The state machine of an account: pure functions; `health.transitions` alone writes what they say.

============  =========  ========  =======  =========
what happens  pending    active    failed   suspended
============  =========  ========  =======  =========
proven        active     active    active   –
refused       failed     failed    failed   –
out of reach  pending ¹  active ¹  failed   –
our trouble   pending    active    failed   –
suspended     suspended  suspended suspended –
resumed       –          –         –        pending
============  =========  ========  =======  =========

¹ Degraded; failed after `Limits.failures` such checks in a row. A dash: nothing changes. *Refused* is a permanent
cause (a key revoked, a trust removed). *Out of reach* can pass without anybody's doing (throttling, a timeout, a 5xx).
*Our trouble* is this server's own (its key, its identity, its certificates, a defect): it never fails anybody's
account. Neither does being out of reach while an outage of the provider is suspected (`health.provider_outage`).
See docs/decisions/0006-heartbeats.md.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus

# Between checks of an account that does not pass. Longer, and a repaired account would show as failed for hours.
MAX_BACKOFF = timedelta(hours=1)
JITTER = 0.1  # of an interval, either way: accounts that were connected together drift apart

# This server's own troubles. Providers report those of its identity with codes that begin with ``server_``.
# Codes and no classes: reports are stored, and the code is what is left of an error there.
OUR_CODES = frozenset(
    {
        "encryption_key_missing",
        "encryption_key_wrong",
        "encryption_key_malformed",
        "sealed_for_another",
        "credential_missing",
        "connection_suspended",  # its owner's own doing
        "internal_error",
        "database_unavailable",
        "tls_failed",
        "clock_skew",
    }
)


class Event(StrEnum):
    PROVEN = "proven"
    REFUSED = "refused"
    OUT_OF_REACH = "out of reach"
    OUR_TROUBLE = "our trouble"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one check observed: access is proven (``code`` is empty), or why it is not."""

    code: str = ""
    cause: str = ""
    remedy: str = ""
    permanent: bool = True

    # Both cut texts to what the columns hold: PostgreSQL refuses longer ones.
    @classmethod
    def of_error(cls, error: ProviderError) -> Observation:
        return cls(error.code, error.cause[:500], error.remedy[:500], error.permanent)

    @classmethod
    def of_report(cls, report: CloudValidationResult) -> Observation:
        if report.ok:
            return cls()
        return cls(report.code or "not_validated", report.cause[:500], report.remedy[:500], report.permanent)

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def event(self) -> Event:
        if self.ok:
            return Event.PROVEN
        # Before permanence is looked at: a credential that is missing here is a permanent failure, and still no cloud
        # has refused anybody.
        if self.code in OUR_CODES or self.code.startswith("server_"):
            return Event.OUR_TROUBLE
        return Event.REFUSED if self.permanent else Event.OUT_OF_REACH


@dataclass(frozen=True, slots=True)
class Limits:
    """``interval`` between checks of a healthy account, ``backoff`` before the next check of a degraded one."""

    interval: timedelta
    backoff: timedelta
    failures: int

    @classmethod
    def current(cls) -> Limits:
        return cls(
            timedelta(minutes=settings.HEARTBEAT_INTERVAL_MINUTES),
            timedelta(minutes=settings.HEARTBEAT_BACKOFF_MINUTES),
            settings.HEARTBEAT_FAILURES,
        )


@dataclass(frozen=True, slots=True)
class HealthState:
    """An account's status and health, since when, and how many checks in a row did not pass."""

    status: str
    health: str = AccountHealth.UNKNOWN
    since: datetime | None = None
    failures: int = 0

    @classmethod
    def of(cls, account: CloudAccount) -> HealthState:
        return cls(account.status, account.health, account.health_since, account.failures)


def after(
    state: HealthState, observation: Observation, *, now: datetime, limits: Limits, counted: bool = True
) -> HealthState:
    """The state after a check. ``counted`` is False while an outage of the provider is suspected."""
    if state.status == CloudAccountStatus.SUSPENDED:
        return state
    event = observation.event
    if event is Event.PROVEN:
        return _changed(state, CloudAccountStatus.ACTIVE, AccountHealth.OK, 0, now)
    if event is Event.REFUSED:
        # At once, without a second try: the cloud has answered, and asking again gets the same answer.
        return _changed(state, CloudAccountStatus.FAILED, AccountHealth.BROKEN, state.failures + 1, now)
    failures = state.failures + (event is Event.OUT_OF_REACH and counted)
    if state.status == CloudAccountStatus.FAILED:
        return replace(state, failures=failures)  # why it failed stays true until it is proven again
    if event is Event.OUT_OF_REACH and counted and failures >= limits.failures:
        return _changed(state, CloudAccountStatus.FAILED, AccountHealth.BROKEN, failures, now)
    return _changed(state, state.status, AccountHealth.DEGRADED, failures, now)


def suspended(state: HealthState, *, now: datetime) -> HealthState:
    if state.status == CloudAccountStatus.SUSPENDED:
        return state
    return HealthState(CloudAccountStatus.SUSPENDED, AccountHealth.UNKNOWN, now)


def resumed(state: HealthState, *, now: datetime) -> HealthState:
    """Pending: what was proven before the account was suspended says nothing about today."""
    if state.status != CloudAccountStatus.SUSPENDED:
        return state
    return HealthState(CloudAccountStatus.PENDING, AccountHealth.UNKNOWN, now)


def unproven(state: HealthState, *, now: datetime) -> HealthState:
    """After a transfer, where the provider knows the old owner alone: what was proven does not count any more."""
    if state.status == CloudAccountStatus.SUSPENDED:
        return state
    return HealthState(CloudAccountStatus.PENDING, AccountHealth.UNKNOWN, now)


def next_check(state: HealthState, *, now: datetime, limits: Limits) -> datetime | None:
    """When the next check is due; None while suspended."""
    if state.status == CloudAccountStatus.SUSPENDED:
        return None
    wait = limits.interval
    if state.health != AccountHealth.OK:
        # Twice as long after each failure: an account that fails for days must not cost its cloud a call a minute.
        first = limits.interval if state.health == AccountHealth.BROKEN else limits.backoff
        doublings = min(max(state.failures - 1, 0), 10)  # 2**10 is past any maximum; more would overflow timedelta
        # Never more often than healthy accounts are checked, where an operator has set a longer interval than an hour.
        wait = min(first * 2**doublings, max(MAX_BACKOFF, limits.interval))
    return now + with_jitter(wait)


def with_jitter(wait: timedelta) -> timedelta:
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 # spreads work, guards nothing


def _changed(state: HealthState, status: str, health: str, failures: int, now: datetime) -> HealthState:
    """``since`` moves only where status or health does: pages say since when an account has been as it is."""
    same = (status, health) == (state.status, state.health)
    return HealthState(status, health, state.since if same and state.since else now, failures)
