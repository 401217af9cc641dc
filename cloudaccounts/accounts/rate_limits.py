"""Brakes on guessing: how often something may fail before it has to wait. Shared by all web processes."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from cloudaccounts.accounts.queries import check_account_exists
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.models import RateCounter
from cloudaccounts.work.databases import SECURITY


class TooManyAttemptsError(ProviderError):
    """``seconds`` until it is worth to try again."""

    def __init__(self, cause: str, seconds: int) -> None:
        super().__init__("too_many_tries", cause, f"Try again {_when(seconds)}.", permanent=False)
        self.seconds = seconds


def _when(seconds: int) -> str:
    """With the time by the clock: who reads it may read it later."""
    at = datetime.fromtimestamp(time.time() + seconds, UTC)
    span = f"{seconds} second{'' if seconds == 1 else 's'}" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return f"in {span}, at {at:%H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``limit`` failures of ``subject`` in each stretch of ``seconds``."""

    name: str
    subject: str
    limit: int
    seconds: int
    cause: str

    def check(self) -> None:
        """Raises `TooManyAttemptsError` where the stretch's failures are used up."""
        key, ends = self._stretch()
        if RateCounter.objects.filter(key=key, count__gte=self.limit).exists():
            raise TooManyAttemptsError(self.cause, max(1, math.ceil(ends - time.time())))

    def count(self) -> None:
        key, ends = self._stretch()
        row = RateCounter.objects.filter(key=key)
        if row.update(count=F("count") + 1):
            return
        try:
            with transaction.atomic(using=SECURITY):
                RateCounter.objects.create(key=key, count=1, expires_at=datetime.fromtimestamp(ends, UTC))
        except IntegrityError:  # a parallel call was first
            row.update(count=F("count") + 1)

    def _stretch(self) -> tuple[str, float]:
        number = int(time.time() // self.seconds)
        who = hashlib.sha256(self.subject.encode()).hexdigest()[:40]
        return f"{self.name}:{who}:{number}", (number + 1) * self.seconds


def validation_rate_limits(owner: str, provider: str, account_id: str) -> tuple[RateLimit, ...]:
    """Of new credentials: on who tries them, and on the account they are tried at, whoever tries.

    Where the owner has this account connected, only the owner's own failures count, so that strangers cannot keep
    somebody from replacing a credential.
    """
    own = check_account_exists(owner, provider, account_id)
    return (
        RateLimit(
            "proofs-of-owner",
            owner,
            settings.API_FAILED_VALIDATIONS_PER_HOUR,
            3600,
            "Too many of your validations failed within this hour.",
        ),
        RateLimit(
            "proofs-at-own-account" if own else "proofs-at-account",
            f"{owner if own else ''}|{provider}|{account_id}",
            settings.API_FAILED_VALIDATIONS_PER_ACCOUNT,
            900,
            "Too many validations of this account failed within a quarter of an hour.",
        ),
    )


def refuse_too_many_attempts(*, owner: str, provider: str, account_id: str) -> None:
    """Says before a try what `validate_cloud_account` would say in its report. Raises `TooManyAttemptsError`."""
    check_rate_limits(validation_rate_limits(owner, provider, account_id))


def check_rate_limits(brakes: tuple[RateLimit, ...]) -> None:
    for brake in brakes:
        brake.check()


def count_failure(brakes: tuple[RateLimit, ...], report: CloudValidationResult) -> None:
    """Of a try that failed by what was given; what the cloud or the network did does not count."""
    if not report.ok and report.permanent:
        for brake in brakes:
            brake.count()


def purge_rate_counters() -> int:
    deleted, _ = RateCounter.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
