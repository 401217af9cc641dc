"""Reads of accounts. All are of one owner (``str(user.pk)``): what belongs to others is as if it did not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, TextChoices
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.credentials.age import RotationState, aged_between, in_state
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import (
    AuditEvent,
    CloudAccount,
    CloudAccountStatus,
    CloudCredential,
    ConnectionCheck,
    CredentialRotation,
    Job,
    JobItem,
)
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.models.check import CheckState
from cloudaccounts.models.rotation import RotationStage

UNLISTED = ("last_check", "proven_permissions", "lost_permissions", "coverage_gaps")  # large, and shown in no list
HISTORY_PAGE = 10  # audit events on an account's page
# This server's own trouble with a stored credential (see crypto.fields and credentials.vault), as a check reports it.
UNREADABLE_CODES = frozenset(
    {
        "encryption_key_missing",
        "encryption_key_wrong",
        "encryption_key_malformed",
        "sealed_for_another",
        "credential_missing",
    }
)
# Each ends with the key: rows of one name or date keep their order from page to page. An index begins with the columns
# of each (docs/decisions/0011).
SORTS = {
    "name": ("name", "id"),
    "-name": ("-name", "id"),
    "newest": ("-created_at", "id"),
    "checked": ("last_checked_at", "id"),
    "age": ("credential_secretless", "credential_since", "id"),
}


class CoverageState(TextChoices):
    """How much of an account the last readings could see, for filters."""

    COMPLETE = "complete", "complete"
    GAPS = "gaps", "with gaps"
    UNKNOWN = "unknown", "not known"


COVERED = {
    CoverageState.COMPLETE: Q(coverage_percent=100),
    CoverageState.GAPS: Q(coverage_percent__lt=100),
    CoverageState.UNKNOWN: Q(coverage_percent=None),
}


@dataclass(frozen=True, slots=True)
class AccountFilter:
    q: str = ""
    provider: str = ""
    status: str = ""
    environment: str = ""
    rotation: str = ""
    coverage: str = ""  # a CoverageState
    group: UUID | None = None  # with those nested in it; one that is not the owner's holds nothing
    sort: str = "name"

    @property
    def narrows(self) -> bool:
        return any((self.q, self.provider, self.status, self.environment, self.rotation, self.coverage, self.group))


@dataclass(frozen=True, slots=True)
class Overview:
    """An owner's accounts in numbers. ``ages`` are the counts of `charts.age_bins`."""

    total: int
    clouds: int
    active: int
    failed: int
    suspended: int
    pending: int
    due: int
    overdue: int
    secretless: int
    covered: int  # completely
    blinded: int  # partly
    last_checked_at: datetime | None
    ages: tuple[int, ...]


def count(owner: str, *, up_to: int | None = None) -> int:
    """``up_to``: counting stops there, because a navigation that says "10,000+" needs no more."""
    # One column of the index, so that the database counts without reading a row (docs/decisions/0011).
    return CloudAccount.objects.of(owner).order_by().values("owner")[:up_to].count()


def counts_of(owners: Iterable[str]) -> dict[str, int]:
    """How many accounts each of these owners has; who has none is left out."""
    rows = CloudAccount.objects.filter(owner__in=list(owners)).order_by().values("owner").annotate(number=Count("id"))
    return {row["owner"]: row["number"] for row in rows}


def find(owner: str, account: UUID) -> CloudAccount | None:
    return CloudAccount.objects.of(owner).filter(pk=account).first()


def account_lookup(owner: str, accounts: Iterable[UUID]) -> dict[UUID, CloudAccount]:
    """Names and ids of these accounts of the owner, in one query: for lists whose rows know only an account's key."""
    keys = set(accounts)
    if not keys:
        return {}
    return CloudAccount.objects.of(owner).defer("last_check", "coverage_gaps").in_bulk(list(keys))


def accounts(owner: str, filters: AccountFilter) -> CloudAccountQuerySet:
    """For a list: without the reports, which are large and not shown in it."""
    return counted_accounts(owner, filters)[0]


def counted_accounts(owner: str, filters: AccountFilter) -> tuple[CloudAccountQuerySet, QuerySet[Any, Any] | None]:
    """The same, and rows that are quicker to count, where there are such: the members of a whole group."""
    accounts = CloudAccount.objects.of(owner).defer(*UNLISTED)
    exact = {"provider": filters.provider, "status": filters.status, "environment": filters.environment}
    accounts = accounts.filter(**{name: value for name, value in exact.items() if value})
    if filters.q:
        accounts = accounts.matching(filters.q)
    if filters.rotation:
        accounts = accounts.filter(in_state(filters.rotation))
    if filters.coverage:
        accounts = accounts.filter(COVERED[CoverageState(filters.coverage)])
    countable = None
    if filters.group:
        group = group_queries.find(owner, filters.group)
        groups = group_queries.with_descendants(group) if group else []
        accounts = accounts.filter(group_queries.inside(groups)) if groups else accounts.none()
        # Only where nothing else narrows the list are there as many accounts as members.
        if not replace(filters, group=None).narrows:
            countable = group_queries.members_of(groups)
    # An order that does not exist is the usual one, so that old links keep working.
    return accounts.order_by(*SORTS.get(filters.sort, SORTS["name"])), countable


def overview(owner: str) -> Overview:
    """All of the dashboard's numbers, in three queries, each of which an index answers without a row of the table.

    In one they would read every row whole, reports included: 100,000 accounts took three times as long.
    """
    now = timezone.now()
    from cloudaccounts.credentials.age import age_bins  # the admin needs this module's counts, and no chart

    bins = {f"bin_{n}": aged_between(b.first, b.last, now=now) for n, b in enumerate(age_bins())}
    conditions: dict[str, Q] = {
        **{status.value: Q(status=status) for status in CloudAccountStatus},
        "due": in_state(RotationState.WARNING, now=now),
        "overdue": in_state(RotationState.CRITICAL, now=now),
        "secretless": Q(credential_secretless=True),
        **bins,
    }
    # Cloud by cloud: MongoDB's backend cannot count distinct values of nothing.
    clouds = {f"cloud_{n}": Q(provider=key) for n, (key, _) in enumerate(registry.choices())}
    conditions |= clouds
    accounts = CloudAccount.objects.of(owner)
    numbers: dict[str, Any] = accounts.aggregate(
        total=Count("id"), **{name: Count("id", filter=condition) for name, condition in conditions.items()}
    )
    # A query of its own: coverage stands in another index than the columns above.
    numbers |= accounts.aggregate(
        covered=Count("id", filter=COVERED[CoverageState.COMPLETE]),
        blinded=Count("id", filter=COVERED[CoverageState.GAPS]),
    )
    numbers |= accounts.aggregate(last_checked_at=Max("last_checked_at"))
    ages = tuple(numbers.pop(name) for name in bins)
    return Overview(ages=ages, clouds=sum(numbers.pop(name) > 0 for name in clouds), **numbers)


def failed(owner: str, limit: int) -> list[CloudAccount]:
    """With their reports: the page shows a remediation for each."""
    return list(CloudAccount.objects.of(owner).filter(status=CloudAccountStatus.FAILED).order_by("name", "id")[:limit])


def due(owner: str, limit: int) -> list[CloudAccount]:
    """Working accounts whose credential is overdue, expiring or soon due; oldest first."""
    now = timezone.now()
    late = in_state(RotationState.CRITICAL, now=now) | in_state(RotationState.WARNING, now=now)
    # Failed accounts stand above them on the dashboard already, with their own remediation.
    accounts = CloudAccount.objects.of(owner).filter(late).exclude(status=CloudAccountStatus.FAILED).defer(*UNLISTED)
    return list(accounts.order_by("credential_since", "id")[:limit])


def blinded(owner: str, limit: int) -> list[CloudAccount]:
    """Accounts that work and are not read completely, the least covered first."""
    accounts = CloudAccount.objects.of(owner).filter(COVERED[CoverageState.GAPS], status=CloudAccountStatus.ACTIVE)
    return list(accounts.defer(*UNLISTED).order_by("coverage_percent", "name", "id")[:limit])


def latest_check(account: CloudAccount) -> ConnectionCheck | None:
    return ConnectionCheck.objects.filter(account=account.pk).order_by("-requested_at").first()


def latest_rotation(account: CloudAccount) -> CredentialRotation | None:
    """The last replacement of its credential that was begun and not taken back."""
    rotations = CredentialRotation.objects.filter(account=account.pk).exclude(state=RotationStage.DISCARDED)
    return rotations.order_by("-requested_at").first()


def is_under_way(check: ConnectionCheck | None) -> bool:
    return check is not None and check.state in {CheckState.QUEUED, CheckState.RUNNING}


def find_job(owner: str, job: UUID) -> Job | None:
    return Job.objects.filter(owner=owner, pk=job).first()


def job_items(job: Job, *, state: str = "") -> QuerySet[JobItem]:
    """In their order, or those in one state."""
    items = JobItem.objects.filter(job=job.pk)
    return (items.filter(state=state) if state else items).order_by("position")


def credential_of(account: CloudAccount) -> CloudCredential | None:
    """What may be shown of it: the encrypted values stay in the database."""
    return CloudCredential.objects.filter(account_id=account.pk).defer("payload", "staged", "previous").first()


def history(account: CloudAccount, *, before: datetime | None = None) -> tuple[list[AuditEvent], bool]:
    """A page of the account's audit events, newest first, and whether there are more."""
    # By owner as well: after a transfer what came before stays the old owner's (`lifecycle.transfer`).
    events = AuditEvent.objects.filter(account=account.pk, owner=account.owner)
    if before is not None:
        events = events.filter(created_at__lt=before)
    rows = list(events.order_by("-created_at")[: HISTORY_PAGE + 1])  # one too many says that there are more
    return rows[:HISTORY_PAGE], len(rows) > HISTORY_PAGE


def check_account_exists(owner: str, provider: str, account_id: str) -> bool:
    """Whether this owner has connected this account; ``account_id`` is canonical."""
    return CloudAccount.objects.of(owner).filter(provider=provider, account_id=account_id).exists()
