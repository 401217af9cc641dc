"""Reads for operators, of everybody's rows. Counting stops at `COUNT_LIMIT`: a larger number says no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.credentials.age import Limits
from cloudaccounts.models import (
    CloudAccount,
    CloudAccountStatus,
    ConnectionCheck,
    Job,
    NoticeDigest,
    WorkerHeartbeat,
)
from cloudaccounts.models.check import CheckState
from cloudaccounts.models.delivery import DigestState
from cloudaccounts.models.job import JobState
from cloudaccounts.work.silence import ALIVE

COUNT_LIMIT = 1000
STUCK_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sample:
    """The first few of what may be many. ``number`` stops at `COUNT_LIMIT`."""

    rows: list[Any]
    number: int

    @property
    def shown(self) -> str:
        return f"{self.number:,}+" if self.number >= COUNT_LIMIT else f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, counted by rows: a message may be lost, a row is not."""

    name: str
    waiting: int
    oldest: datetime | None

    @property
    def stuck(self) -> bool:
        return self.oldest is not None and timezone.now() - self.oldest > STUCK_AFTER


@dataclass(frozen=True, slots=True)
class Worker:
    name: str
    queues: str
    seen_at: datetime
    alive: bool


def failed_accounts(limit: int) -> Sample:
    # Reports are deferred in all of these lists: they are large, and no line of the overview shows one.
    accounts = (
        CloudAccount.objects.filter(status=CloudAccountStatus.FAILED).defer("last_check").order_by("name_key", "name")
    )
    return sample(accounts, limit, counted="name")


def overdue_accounts(limit: int) -> Sample:
    """Too old, the oldest first; see `expired_accounts` for the others that are overdue."""
    limit_day = timezone.now() - timedelta(days=Limits.current().critical)
    # By the start date alone, which an index orders; `expired_accounts` lists those whose end date has come.
    accounts = CloudAccount.objects.filter(credential_since__lte=limit_day, credential_secretless=False)
    return sample(accounts.defer("last_check").order_by("credential_since"), limit, counted="credential_since")


def expired_accounts(limit: int) -> Sample:
    accounts = CloudAccount.objects.filter(credential_expires_at__lte=timezone.now(), credential_secretless=False)
    return sample(
        accounts.defer("last_check").order_by("credential_expires_at"), limit, counted="credential_expires_at"
    )


def unfinished_jobs(limit: int) -> Sample:
    active = Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING))
    return sample(active.order_by("requested_at"), limit)


def unsent_digests(limit: int) -> Sample:
    """Those that were tried at least once without success, also where they were given up."""
    # Untried ones are left out: they only wait for their minutes to be over.
    digests = NoticeDigest.objects.filter(state__in=(DigestState.READY, DigestState.DROPPED), attempts__gt=0)
    return sample(digests.order_by("created_at"), limit)


def queue(name: str, rows: QuerySet[Any], *, asked: str = "requested_at") -> Queue:
    # A slice that is counted becomes a subquery with a limit: the database stops there.
    waiting = rows.order_by().values("pk")[:COUNT_LIMIT].count()
    oldest = rows.order_by(asked).values_list(asked, flat=True).first() if waiting else None
    return Queue(name, waiting, oldest)


def queues() -> list[Queue]:
    return [
        queue("checks", ConnectionCheck.objects.filter(state=CheckState.QUEUED)),
        queue("jobs", Job.objects.filter(state=JobState.QUEUED)),
        queue("notices", NoticeDigest.objects.filter(state=DigestState.READY), asked="due_at"),
    ]


def workers() -> list[Worker]:
    now = timezone.now()
    return [
        Worker(row.name, ", ".join(map(str, row.queues)), row.seen_at, now - row.seen_at < ALIVE)
        for row in WorkerHeartbeat.objects.order_by("name")[:50]
    ]


def sample(rows: QuerySet[Any], limit: int, *, counted: str = "pk") -> Sample:
    """``counted`` is a column of the index by which they are found: then it alone is read to count them."""
    return Sample(list(rows[:limit]), rows.order_by().values(counted)[:COUNT_LIMIT].count())


def owners_of(*lists: Iterable[Any]) -> set[str]:
    return {row.owner for rows in lists for row in rows}
