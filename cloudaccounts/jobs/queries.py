"""Reads of jobs, as a scope shows them: those that were asked for in it, or in a narrower one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet

from cloudaccounts.contract.errors import is_beyond_setup
from cloudaccounts.group_scope import asked_within, limit
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState
from teams.scope import Scope


def jobs(scope: Scope) -> QuerySet[Job]:
    """Newest first. Without those that are private to somebody else (`Job.private_to`)."""
    return asked_within(_shown(scope), scope).order_by("-requested_at", "-id")


def find_job(scope: Scope, job: UUID) -> Job | None:
    return asked_within(_shown(scope).filter(pk=job), scope).first()


def _shown(scope: Scope) -> QuerySet[Job]:
    return Job.objects.filter(private_to__in={"", scope.staff})


def job_items(scope: Scope, job: Job, *, state: str = "") -> QuerySet[JobItem]:
    """In their order, or those in one state. Without those of accounts that left a limited scope meanwhile."""
    items = JobItem.objects.filter(job=job.pk)
    if scope.limited:
        items = items.filter(Q(account__isnull=True) | limit(scope))
    return (items.filter(state=state) if state else items).order_by("position")


def items_of_jobs(scope: Scope, jobs: Iterable[Job]) -> QuerySet[JobItem]:
    """The items of several jobs, in their order. Without those of accounts that a limited scope does not show."""
    items = JobItem.objects.filter(job__in=[job.pk for job in jobs])
    if scope.limited:
        items = items.filter(Q(account__isnull=True) | limit(scope))
    return items.order_by("job", "position")


GROUPED = 1_000  # failed items that are looked at to find their causes
NAMED = 3  # of each cause
# Ids of accounts: twelve digits, or a UUID. A cause that is said of several must not name one of them.
_IDS = re.compile(r"\b\d{12}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(slots=True)
class FailureCause:
    """Items that failed for one cause: said once, with how many they are and a few of their names."""

    code: str
    cause: str
    remedy: str
    example: str  # the key of one of them
    number: int = 0
    names: list[str] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)  # ids that the cause of each of them has

    @property
    def title(self) -> str:
        """The cause in a sentence, without the ids of one account where it is said of several."""
        return first_sentence(self.shown) or "It failed."

    @property
    def rest(self) -> str:
        """What the cause says beyond its first sentence."""
        return self.shown.removeprefix(first_sentence(self.shown)).strip()

    @property
    def shown(self) -> str:
        return _IDS.sub(lambda found: found[0] if found[0] in self.shared else "…", self.cause)

    @property
    def others(self) -> int:
        return self.number - len(self.names)

    @property
    def beyond_setup(self) -> bool:
        """No set-up in the cloud is missing or wrong: what remedies it is trying again, or the operator."""
        return is_beyond_setup(self.code)


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; names such as ``sts.amazonaws.com`` have none."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]


def failure_causes(scope: Scope, job: Job) -> list[FailureCause]:
    """The causes of a job's failures, the most frequent first. One query, and none where nothing failed."""
    if not job.failed:
        return []
    rows = job_items(scope, job, state=ItemState.FAILED).values_list("code", "cause", "remedy", "label", "subject")
    return by_cause(
        (code, cause, remedy, label or subject, subject) for code, cause, remedy, label, subject in rows[:GROUPED]
    )


def by_cause(rows: Iterable[tuple[str, str, str, str, str]]) -> list[FailureCause]:
    """``rows``: code, cause, remediation, name and key of each that failed. The most frequent cause first."""
    causes: dict[tuple[str, str], FailureCause] = {}
    for code, cause, remedy, name, key in rows:
        # By code and remediation: the cause's own words may name the account.
        ids = set(_IDS.findall(cause))
        own = causes.setdefault((code, remedy), FailureCause(code, cause, remedy, key, shared=ids))
        own.shared &= ids
        own.number += 1
        if len(own.names) < NAMED:
            own.names.append(name)
    return sorted(causes.values(), key=lambda cause: (-cause.number, cause.code))


def count_outcomes(job: UUID) -> dict[str, int]:
    """Counted from the items, not added up: an item that is done twice after a kill counts once."""
    items = JobItem.objects.filter(job=job)
    return {
        "done": items.filter(state=ItemState.DONE).count(),
        "failed": items.filter(state=ItemState.FAILED).count(),
        "skipped": items.filter(state=ItemState.SKIPPED).count(),
    }
