"""The state machine of an account: what follows from what. Pure functions; `services.health` writes what they say.

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
cause (a key revoked, a trust removed). *Out of reach* can pass by itself (throttling, a timeout, a 5xx). *Our trouble*
is this server's own (its key, its identity, its certificates, a defect): it never fails anybody's account. Neither
does being out of reach while no account of the provider answers: then the product suspects itself
(`services.suspicion`).
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

MOST_PATIENCE = timedelta(hours=1)  # between checks of an account that does not pass
JITTER = 0.1  # of an interval, either way: what began together drifts apart

# This server's own troubles. Providers tell theirs of its identity as server_…
OUR_CODES = frozenset(
    {
        "encryption_key_missing",
        "encryption_key_wrong",
        "encryption_key_malformed",
        "sealed_for_another",
        "credential_missing",
        "connection_suspended",  # its owner's own doing
        "internal_error",
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
class Seen:
    """What one check met: nothing but good (``code`` is empty), or the cause."""

    code: str = ""
    cause: str = ""
    remedy: str = ""
    permanent: bool = True

    @classmethod
    def of_error(cls, error: ProviderError) -> Seen:
        return cls(error.code, error.cause[:500], error.remedy[:500], error.permanent)

    @classmethod
    def of_report(cls, report: CloudValidationResult) -> Seen:
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
        if self.code in OUR_CODES or self.code.startswith("server_"):
            return Event.OUR_TROUBLE
        return Event.REFUSED if self.permanent else Event.OUT_OF_REACH


@dataclass(frozen=True, slots=True)
class Limits:
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
class Standing:
    """Where an account stands: its status, its health, since when, and how many checks in a row did not pass."""

    status: str
    health: str = AccountHealth.UNKNOWN
    since: datetime | None = None
    failures: int = 0

    @classmethod
    def of(cls, account: CloudAccount) -> Standing:
        return cls(account.status, account.health, account.health_since, account.failures)


def after(standing: Standing, seen: Seen, *, now: datetime, limits: Limits, counted: bool = True) -> Standing:
    """Where an account stands after a check. ``counted`` is False where the product suspects itself."""
    if standing.status == CloudAccountStatus.SUSPENDED:
        return standing
    event = seen.event
    if event is Event.PROVEN:
        return _now(standing, CloudAccountStatus.ACTIVE, AccountHealth.OK, 0, now)
    if event is Event.REFUSED:
        return _now(standing, CloudAccountStatus.FAILED, AccountHealth.BROKEN, standing.failures + 1, now)
    failures = standing.failures + (event is Event.OUT_OF_REACH and counted)
    if standing.status == CloudAccountStatus.FAILED:
        return replace(standing, failures=failures)  # why it failed stays true until it is proven again
    if event is Event.OUT_OF_REACH and counted and failures >= limits.failures:
        return _now(standing, CloudAccountStatus.FAILED, AccountHealth.BROKEN, failures, now)
    return _now(standing, standing.status, AccountHealth.DEGRADED, failures, now)


def suspended(standing: Standing, *, now: datetime) -> Standing:
    if standing.status == CloudAccountStatus.SUSPENDED:
        return standing
    return Standing(CloudAccountStatus.SUSPENDED, AccountHealth.UNKNOWN, now)


def resumed(standing: Standing, *, now: datetime) -> Standing:
    """Back as unproven: what was true before says nothing now."""
    if standing.status != CloudAccountStatus.SUSPENDED:
        return standing
    return Standing(CloudAccountStatus.PENDING, AccountHealth.UNKNOWN, now)


def unproven(standing: Standing, *, now: datetime) -> Standing:
    """Changed hands where the provider knows the old owner alone: what was proven counts no more."""
    if standing.status == CloudAccountStatus.SUSPENDED:
        return standing
    return Standing(CloudAccountStatus.PENDING, AccountHealth.UNKNOWN, now)


def next_check(standing: Standing, *, now: datetime, limits: Limits) -> datetime | None:
    """When to look again; None while suspended. Failing accounts ever later, so that nothing hammers at a door."""
    if standing.status == CloudAccountStatus.SUSPENDED:
        return None
    wait = limits.interval
    if standing.health != AccountHealth.OK:
        first = limits.interval if standing.health == AccountHealth.BROKEN else limits.backoff
        doublings = min(max(standing.failures - 1, 0), 10)
        wait = min(first * 2**doublings, max(MOST_PATIENCE, limits.interval))
    return now + with_jitter(wait)


def with_jitter(wait: timedelta) -> timedelta:
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 # spreads work, guards nothing


def _now(standing: Standing, status: str, health: str, failures: int, now: datetime) -> Standing:
    same = (status, health) == (standing.status, standing.health)
    return Standing(status, health, standing.since if same and standing.since else now, failures)
