"""Brakes on guessing: how often something may fail before it has to wait. Shared by all web processes."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from cloudaccounts.contract import CloudValidationResult, ProviderError
from cloudaccounts.dispatch import SECURITY
from cloudaccounts.models import RateCounter


class TooManyTriesError(ProviderError):
    """``seconds`` until it is worth to try again."""

    def __init__(self, cause: str, seconds: int) -> None:
        super().__init__("too_many_tries", cause, f"Try again in {seconds} seconds.", permanent=False)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Brake:
    """At most ``limit`` failures of ``subject`` in each stretch of ``seconds``."""

    name: str
    subject: str
    limit: int
    seconds: int
    cause: str

    def check(self) -> None:
        """Raises `TooManyTriesError` where the stretch's failures are used up."""
        key, ends = self._stretch()
        if RateCounter.objects.filter(key=key, count__gte=self.limit).exists():
            raise TooManyTriesError(self.cause, max(1, math.ceil(ends - time.time())))

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


def brakes_on_proofs(owner: str, provider: str, account_id: str, *, own: bool = False) -> tuple[Brake, ...]:
    """Of new credentials: on who tries them, and on the account they are tried at, whoever tries.

    ``own``: the owner has this account connected; then only the owner's own failures count, so that strangers cannot
    keep somebody from replacing a credential.
    """
    return (
        Brake(
            "proofs-of-owner",
            owner,
            settings.API_FAILED_VALIDATIONS_PER_HOUR,
            3600,
            "Too many of your validations failed within this hour.",
        ),
        Brake(
            "proofs-at-own-account" if own else "proofs-at-account",
            f"{owner if own else ''}|{provider}|{account_id}",
            settings.API_FAILED_VALIDATIONS_PER_ACCOUNT,
            900,
            "Too many validations of this account failed within a quarter of an hour.",
        ),
    )


@contextmanager
def braked(brakes: tuple[Brake, ...]) -> Iterator[list[CloudValidationResult]]:
    """Put the report of what was tried into the list: a failure that is the caller's counts. Raises before the try."""
    for brake in brakes:
        brake.check()
    reports: list[CloudValidationResult] = []
    yield reports
    if any(not report.ok and report.permanent for report in reports):
        for brake in brakes:
            brake.count()


def purge_rate_counters() -> int:
    deleted, _ = RateCounter.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
