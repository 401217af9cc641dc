"""Reads of accounts, as a scope shows them: what lies outside of it is as if it did not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, TextChoices
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.audit.queries import NAME_GROUPS
from cloudaccounts.credentials.age import RotationState, aged_between, in_state, overdue_parts
from cloudaccounts.group_scope import inside
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import (
    AuditEvent,
    CloudAccount,
    CloudAccountStatus,
    CloudCredential,
    ConnectionCheck,
    CredentialRotation,
)
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.models.check import CheckState
from cloudaccounts.models.rotation import RotationStage
from teams.scope import Scope

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
    "name": ("name_key", "name", "id"),
    "-name": ("-name_key", "-name", "id"),
    "newest": ("-created_at", "id"),
    "checked": ("last_checked_at", "id"),
    "age": ("credential_secretless", "credential_since", "id"),
    "critical": ("-open_critical", "-open_high", "id"),
    "score": ("score", "id"),
    "coverage": ("coverage_percent", "name_key", "name", "id"),
    "scanned": ("scanned_at", "id"),
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
    group: UUID | None = None  # with those nested in it; one outside of the scope holds nothing
    sort: str = "name"
    only: tuple[UUID, ...] = ()  # these accounts: what was ticked in a list, for its export

    @property
    def narrows(self) -> bool:
        return any(
            (self.q, self.provider, self.status, self.environment, self.rotation, self.coverage, self.group, self.only)
        )

    @property
    def is_whole_group(self) -> bool:
        """Then there are as many accounts as the group has members."""
        return self.group is not None and not replace(self, group=None).narrows


@dataclass(frozen=True, slots=True)
class Overview:
    """The accounts of a scope in numbers, as the dashboard shows them."""

    total: int
    clouds: int
    failed: int
    due: int
    overdue: int
    secretless: int
    blinded: int  # not read completely
    last_checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialNumbers:
    """Credentials by their age. ``ages`` are the counts of `credentials.age.age_bins`."""

    total: int  # accounts
    due: int
    overdue: int
    secretless: int
    ages: tuple[int, ...]


def count(scope: Scope, *, up_to: int | None = None) -> int:
    """``up_to``: counting stops there, because a navigation that says "10,000+" needs no more."""
    # One column of the index, so that the database counts without reading a row (docs/decisions/0011).
    return visible_accounts(scope).order_by().values("owner")[:up_to].count()


def counts_of(owners: Iterable[str]) -> dict[str, int]:
    """How many accounts each of these owners has; who has none is left out."""
    rows = CloudAccount.objects.filter(owner__in=list(owners)).order_by().values("owner").annotate(number=Count("id"))
    return {row["owner"]: row["number"] for row in rows}


def find(scope: Scope, account: UUID) -> CloudAccount | None:
    return visible_accounts(scope).filter(pk=account).first()


def account_lookup(scope: Scope, accounts: Iterable[UUID]) -> dict[UUID, CloudAccount]:
    """Names and ids of these accounts, in one query: for lists whose rows know only an account's key."""
    keys = set(accounts)
    if not keys:
        return {}
    return visible_accounts(scope).defer("last_check", "coverage_gaps").in_bulk(list(keys))


def accounts(scope: Scope, filters: AccountFilter) -> CloudAccountQuerySet:
    """For a list: without the reports, which are large and not shown in it."""
    return counted_accounts(scope, filters)[0]


def counted_accounts(
    scope: Scope, filters: AccountFilter
) -> tuple[CloudAccountQuerySet, tuple[QuerySet[Any, Any], ...]]:
    """The same, and rows that together are as many and quicker to count, where there are such; else nothing.

    Of a whole group its members, and of overdue credentials those of each cause.
    """
    accounts = visible_accounts(scope).defer(*UNLISTED)
    countable: tuple[QuerySet[Any, Any], ...] = ()
    exact = {"provider": filters.provider, "status": filters.status, "environment": filters.environment}
    accounts = accounts.filter(**{name: value for name, value in exact.items() if value})
    if filters.only:
        accounts = accounts.filter(pk__in=filters.only)
    if filters.q:
        accounts = accounts.matching(filters.q)
    if filters.coverage:
        accounts = accounts.filter(COVERED[CoverageState(filters.coverage)])
    if filters.group:
        group = group_queries.find(scope, filters.group)
        groups = group_queries.with_descendants(group) if group else []
        accounts = accounts.filter(inside(groups)) if groups else accounts.none()
        if filters.is_whole_group:
            countable = (group_queries.members_of(groups),)
    if filters.rotation:
        if filters.rotation == RotationState.CRITICAL:
            now = timezone.now()
            countable = tuple(accounts.filter(cause).order_by().values("owner") for cause in overdue_parts(now=now))
        accounts = accounts.filter(in_state(filters.rotation))
    # An order that does not exist is the usual one, so that old links keep working.
    return accounts.order_by(*SORTS.get(filters.sort, SORTS["name"])), countable


def overview(scope: Scope) -> Overview:
    """The dashboard's numbers of accounts, in a fixed number of queries, each of which an index answers alone."""
    accounts = visible_accounts(scope)
    numbers = _counts(
        scope,
        {
            "failed": Q(status=CloudAccountStatus.FAILED),
            "blinded": COVERED[CoverageState.GAPS],
            **_by_age(timezone.now()),
        },
    )
    # Whether there is one, cloud by cloud: to count them would read each.
    providers = [key for key, _ in registry.choices()]
    clouds = sum(accounts.filter(provider=key).order_by().exists() for key in providers)
    last = accounts.aggregate(last=Max("last_checked_at"))["last"]
    return Overview(clouds=clouds, last_checked_at=last, **numbers)


def credential_numbers(scope: Scope) -> CredentialNumbers:
    """The numbers of the page of credential ages, as `overview` has those of the dashboard."""
    now = timezone.now()
    from cloudaccounts.credentials.age import age_bins  # the admin needs this module's counts, and no chart

    bins = {f"bin_{n}": aged_between(b.first, b.last, now=now) for n, b in enumerate(age_bins())}
    numbers = _counts(scope, {**_by_age(now), **bins})
    ages = tuple(numbers.pop(name) for name in bins)
    return CredentialNumbers(ages=ages, **numbers)


def _by_age(now: datetime) -> dict[str, Q]:
    return {
        "due": in_state(RotationState.WARNING, now=now),
        "overdue": in_state(RotationState.CRITICAL, now=now),
        "secretless": Q(credential_secretless__in=[True]),
    }


def _counts(scope: Scope, conditions: dict[str, Q]) -> dict[str, int]:
    """How many accounts fulfil each, and as ``total`` all of them.

    A limited scope's accounts are few enough to be looked at once, in one query.
    """
    accounts = visible_accounts(scope)
    if scope.limited:
        each = {name: Count("id", filter=condition) for name, condition in conditions.items()}
        return accounts.aggregate(total=Count("id"), **each)
    # Each of the part of an index that holds it: all conditions on each account took three times as long.
    rows = accounts.order_by().values("owner")
    return {"total": rows.count(), **{name: rows.filter(condition).count() for name, condition in conditions.items()}}


def failed(scope: Scope, limit: int) -> list[CloudAccount]:
    """With their reports: the page shows a remediation for each."""
    return list(visible_accounts(scope).filter(status=CloudAccountStatus.FAILED).order_by(*SORTS["name"])[:limit])


def due(scope: Scope, limit: int) -> list[CloudAccount]:
    """Working accounts whose credential is overdue, expiring or soon due; oldest first."""
    now = timezone.now()
    late = in_state(RotationState.CRITICAL, now=now) | in_state(RotationState.WARNING, now=now)
    # Failed accounts stand above them on the dashboard already, with their own remediation.
    # Both halves ask for a secret, which SQLite sees only where it stands beside them: then an index has the order.
    secret = visible_accounts(scope).filter(credential_secretless__in=[False])
    accounts = secret.filter(late).exclude(status=CloudAccountStatus.FAILED).defer(*UNLISTED)
    return list(accounts.order_by("credential_since", "id")[:limit])


def blinded(scope: Scope, limit: int) -> list[CloudAccount]:
    """Accounts that work and are not read completely, the least covered first."""
    accounts = visible_accounts(scope).filter(COVERED[CoverageState.GAPS], status=CloudAccountStatus.ACTIVE)
    return list(accounts.defer(*UNLISTED).order_by(*SORTS["coverage"])[:limit])


def latest_check(account: CloudAccount) -> ConnectionCheck | None:
    return ConnectionCheck.objects.filter(account=account.pk).order_by("-requested_at").first()


def latest_rotation(account: CloudAccount) -> CredentialRotation | None:
    """The last replacement of its credential that was begun and not taken back."""
    rotations = CredentialRotation.objects.filter(account=account.pk).exclude(state=RotationStage.DISCARDED)
    return rotations.order_by("-requested_at").first()


def is_under_way(check: ConnectionCheck | None) -> bool:
    return check is not None and check.state in {CheckState.QUEUED, CheckState.RUNNING}


def credential_of(account: CloudAccount) -> CloudCredential | None:
    """What may be shown of it: the encrypted values stay in the database."""
    return CloudCredential.objects.filter(account_id=account.pk).defer("payload", "staged", "previous").first()


def history(scope: Scope, account: CloudAccount, *, before: datetime | None = None) -> tuple[list[AuditEvent], bool]:
    """A page of the account's audit events, newest first, and whether there are more."""
    # By owner as well: after a transfer what came before stays the old owner's (`lifecycle.transfer`).
    events = AuditEvent.objects.filter(account=account.pk, owner=account.owner)
    if scope.limited:
        events = events.exclude(action__in=NAME_GROUPS)
    if before is not None:
        events = events.filter(created_at__lt=before)
    rows = list(events.order_by("-created_at")[: HISTORY_PAGE + 1])  # one too many says that there are more
    return rows[:HISTORY_PAGE], len(rows) > HISTORY_PAGE


def check_account_exists(owner: str, provider: str, account_id: str) -> bool:
    """Whether this owner has connected this account; ``account_id`` is canonical."""
    return CloudAccount.objects.of(owner).filter(provider=provider, account_id=account_id).exists()
