"""How old a credential is, and when that asks for a person.

Days are whole days of 24 hours since ``credential_since``. Below the warning limit a credential is fine, from it on it
warns, from the critical limit on it is overdue; an end date given by the cloud counts as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cloudaccounts.models import CloudAccount

EXPIRY_NOTICE = timedelta(days=14)  # before the end that the cloud names


class RotationState(models.TextChoices):
    OK = "ok", "in time"
    WARNING = "warning", "due soon"
    CRITICAL = "critical", "overdue"
    NOT_APPLICABLE = "not_applicable", "no rotation needed"


@dataclass(frozen=True, slots=True)
class Limits:
    warning: int  # days
    critical: int

    @classmethod
    def current(cls) -> Limits:
        return cls(settings.CREDENTIAL_ROTATION_WARNING_DAYS, settings.CREDENTIAL_ROTATION_CRITICAL_DAYS)


@dataclass(frozen=True, slots=True)
class CredentialAge:
    """``days`` is None where there is nothing to rotate; ``days_left`` where the cloud names no end."""

    state: RotationState
    days: int | None = None
    days_left: int | None = None

    @property
    def expired(self) -> bool:
        return self.days_left is not None and self.days_left < 0

    @property
    def expires_soon(self) -> bool:
        return self.days_left is not None and 0 <= self.days_left < EXPIRY_NOTICE.days

    @property
    def text(self) -> str:
        """For a pill: the one fact that matters most."""
        if self.days is None:
            return "no rotation"
        if self.expired:
            return "expired"
        if self.expires_soon:
            return "expires today" if self.days_left == 0 else f"expires in {self.days_left} d"
        return "1 day" if self.days == 1 else f"{self.days} days"


def age_of(account: CloudAccount, *, now: datetime | None = None) -> CredentialAge:
    return age(
        account.credential_since,
        account.credential_expires_at,
        secretless=account.credential_secretless,
        now=now or timezone.now(),
        limits=Limits.current(),
    )


def age(
    since: datetime | None, expires: datetime | None, *, secretless: bool, now: datetime, limits: Limits
) -> CredentialAge:
    """The rule itself, for those who read columns instead of accounts."""
    # A role or a federation has nothing that ages; without a date nothing is claimed about it.
    if secretless or since is None:
        return CredentialAge(RotationState.NOT_APPLICABLE)
    days = max(0, (now - since).days)  # a date of tomorrow is a clock that is off
    # -1 for all that has ended, on the second: whole days would show "expires today" for what expired this morning.
    left = None if expires is None else -1 if expires <= now else (expires - now).days
    return CredentialAge(_state(days, expires, now, limits), days, left)


def cause_of(age: CredentialAge) -> str:
    """Why it asks for a person, in a sentence; empty where it does not."""
    limits = Limits.current()
    if age.expired:
        return "The credential has expired: the provider refuses it from now on."
    if age.expires_soon:
        return "The provider ends this credential soon."
    days = age.days or 0
    if days >= limits.critical:
        past = days - limits.critical
        return f"The credential is {past} day{'' if past == 1 else 's'} past its limit of {limits.critical}."
    return f"The credential is {days} days old; its limit is {limits.critical}." if days >= limits.warning else ""


def _state(days: int, expires: datetime | None, now: datetime, limits: Limits) -> RotationState:
    # The cloud's own end counts like the limit of ours: what it has ended, no policy keeps alive.
    if days >= limits.critical or (expires is not None and expires <= now):
        return RotationState.CRITICAL
    if days >= limits.warning or (expires is not None and expires < now + EXPIRY_NOTICE):
        return RotationState.WARNING
    return RotationState.OK


# The rule a second time, since lists filter and count in the database: what changes here changes in `age` as well.
def in_state(state: str, *, now: datetime | None = None) -> Q:
    """The same rule as `age_of`, as a filter on accounts. Raises ValueError for a state that does not exist."""
    now = now or timezone.now()
    limits = Limits.current()
    # Whole days: 60 of them have passed exactly when the start lies 60 × 24 hours back, or more.
    warns, overdue = now - timedelta(days=limits.warning), now - timedelta(days=limits.critical)
    endless = Q(credential_expires_at__isnull=True)
    # As a list: of "NOT column", which a boolean's equality becomes, SQLite asks no index.
    secret = Q(credential_secretless__in=[False])
    match RotationState(state):
        case RotationState.NOT_APPLICABLE:
            return Q(credential_secretless=True) | Q(credential_since__isnull=True)
        case RotationState.CRITICAL:
            return secret & (
                Q(credential_since__lte=overdue) | Q(credential_since__isnull=False, credential_expires_at__lte=now)
            )
        case RotationState.WARNING:
            alive = Q(credential_since__gt=overdue) & (endless | Q(credential_expires_at__gt=now))
            return secret & alive & (Q(credential_since__lte=warns) | Q(credential_expires_at__lt=now + EXPIRY_NOTICE))
        case RotationState.OK:
            return (
                secret & Q(credential_since__gt=warns) & (endless | Q(credential_expires_at__gte=now + EXPIRY_NOTICE))
            )


def overdue_parts(*, now: datetime | None = None) -> tuple[Q, Q]:
    """`RotationState.CRITICAL` as two filters of which no account passes both, each answered by an index of its own.

    By age, and of the others those whose end has come: databases look through all accounts for what one "or" asks.
    """
    now = now or timezone.now()
    overdue = now - timedelta(days=Limits.current().critical)
    old = Q(credential_secretless__in=[False], credential_since__lte=overdue)
    # By equality here, so that SQLite leaves the index of ages alone: it would go through all that are not overdue.
    ended = Q(credential_secretless=False, credential_since__gt=overdue, credential_expires_at__lte=now)
    return old, ended


def aged_between(first: int, last: int | None, *, now: datetime) -> Q:
    """Secrets whose age in days is at least ``first`` and below ``last``."""
    condition = Q(credential_secretless__in=[False], credential_since__lte=now - timedelta(days=first))
    if first == 0:  # a date of tomorrow is a clock that is off, not a credential without an age
        condition = Q(credential_secretless__in=[False], credential_since__isnull=False)
    return condition if last is None else condition & Q(credential_since__gt=now - timedelta(days=last))


BINS = 12


@dataclass(frozen=True, slots=True)
class Bin:
    """Ages from ``first`` to below ``last`` days; the last bin is open."""

    first: int
    last: int | None

    @property
    def label(self) -> str:
        return f"{self.first} days and more" if self.last is None else f"{self.first}–{self.last - 1} days"


def age_bins() -> list[Bin]:
    """Equal steps, three quarters of them below the critical limit."""
    width = max(1, -(-Limits.current().critical // 9))
    return [Bin(i * width, (i + 1) * width if i < BINS - 1 else None) for i in range(BINS)]
