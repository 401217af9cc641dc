"""Reads of organizations, as a scope shows them. A page makes a fixed number of queries, however large a tree is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.kept_numbers import KeptNumbers
from cloudaccounts.accounts.visibility import visible_accounts, within
from cloudaccounts.contract.organizations import organizations_of
from cloudaccounts.jobs.queries import GROUPED, FailureCause, by_cause, jobs
from cloudaccounts.models import (
    AuditEvent,
    CloudAccount,
    CloudAccountStatus,
    Job,
    Organization,
    OrganizationMember,
)
from cloudaccounts.models.organization import NOT_CONNECTED, MemberKind, MemberState, ProviderState
from cloudaccounts.organizations.choosing import containers_below, shown_members
from teams.names import has_in_name, name_order
from teams.scope import Scope

CHOICES = 200  # accounts offered to connect an organization through
# One list for people, of two columns: what was done here with a member, and what the cloud says of it.
STATES = (*MemberState.values, ProviderState.SUSPENDED.value, ProviderState.CLOSED.value)
COLUMNS = (
    "account_id", "name", "container", "state", "provider_state", "account", "code", "cause", "remedy", "tested_at",
    "first_seen_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """Accounts in numbers. All but ``accounts`` and ``inactive`` are of those that the cloud calls active."""

    accounts: int = 0
    new: int = 0
    onboarded: int = 0
    failed: int = 0
    inactive: int = 0
    ignored: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.accounts + other.accounts, self.new + other.new, self.onboarded + other.onboarded,
            self.failed + other.failed, self.inactive + other.inactive, self.ignored + other.ignored,
        )  # fmt: skip

    @property
    def active(self) -> int:
        """Those that could be onboarded, and are not left out."""
        return self.accounts - self.inactive - self.ignored

    @property
    def words(self) -> str:
        """For the label of a bar."""
        return f"{self.onboarded:,} of {self.active:,} onboarded, {self.new:,} new, {self.failed:,} failed"

    @property
    def others(self) -> str:
        """What follows the numbers of the active ones in a sentence; empty where there are no others."""
        parts = ((self.ignored, "left out"), (self.inactive, "not active at the cloud"))
        return "".join(f", {number:,} {words}" for number, words in parts if number)

    @property
    def onboarded_share(self) -> float:
        return self._share(self.onboarded)

    @property
    def new_share(self) -> float:
        return self._share(self.new)

    @property
    def failed_share(self) -> float:
        return self._share(self.failed)

    def _share(self, number: int) -> float:
        """In percent of the active ones."""
        return 100 * number / self.active if self.active else 0.0


_ACTIVE = Q(provider_state=ProviderState.ACTIVE)


@dataclass(slots=True)
class Container:
    """A place in the tree, with what lies in it and below."""

    node_id: str
    name: str
    parent_id: str
    counts: Counts = Counts()
    critical: int = 0  # open critical findings, once `Tree.count_critical` was asked
    becomes: str = ""  # what new members of it become, in words
    children: list[Container] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Critical:
    """Open critical findings by the container of their account, and in how many accounts there are any."""

    by_parent: dict[str, int]
    accounts: int


def _counted(accounts: QuerySet[OrganizationMember], by: str) -> dict[Any, Counts]:
    """Grouped by columns of one index, and added up here: conditional counts in the database take twice as long."""
    numbers: dict[Any, Counts] = {}
    grouped = accounts.values(by, "state", "provider_state").annotate(number=Count("*"))
    for row in grouped:
        counts = _counts_of(row["state"], row["provider_state"], row["number"])
        numbers[row[by]] = numbers.get(row[by], Counts()) + counts
    return numbers


def _counts_of(state: str, provider_state: str, number: int) -> Counts:
    if provider_state != ProviderState.ACTIVE:
        return Counts(number, inactive=number)
    what = "new" if state == MemberState.ONBOARDING else state
    return Counts(number, **{what: number})


def _none(scope: Scope) -> NoReturn:
    raise LookupError("these numbers are of one organization, which `about` and `count` say")


MEMBERS: KeptNumbers[dict[str, Counts]] = KeptNumbers(_none, lambda own: sum(one.accounts for one in own.values()))
CRITICAL: KeptNumbers[Critical] = KeptNumbers(_none, lambda found: found.accounts)


class Tree:
    """All containers, and how many accounts each holds: two queries, whatever the size.

    Numbers of a large organization are kept for half a minute (`accounts.kept_numbers`).
    """

    def __init__(self, scope: Scope, organization: Organization) -> None:
        self._scope, self._organization = scope, organization
        members = OrganizationMember.objects.filter(organization=organization.pk)
        rows = members.filter(kind=MemberKind.CONTAINER).exclude(provider_state=ProviderState.CLOSED)
        self.nodes = {
            key: Container(key, name, parent)
            for key, name, parent in rows.order_by("name_key", "name", "node_id").values_list(
                "node_id", "name", "parent_id"
            )
        }
        accounts = shown_members(scope, members.filter(kind=MemberKind.ACCOUNT)).order_by()
        self.counted = MEMBERS.of(scope, about=str(organization.pk), count=lambda _: _counted(accounts, "parent_id"))
        own = self.counted.numbers
        self.total = sum(own.values(), Counts())
        for node in self.nodes.values():
            # A container may be read before its parent, or name one that was closed meanwhile: it then hangs nowhere
            # and is not counted.
            if node.parent_id in self.nodes and node.parent_id != node.node_id:
                self.nodes[node.parent_id].children.append(node)
        for node in self._bottom_up(organization.root_id):
            node.counts = sum((child.counts for child in node.children), own.get(node.node_id, Counts()))

    def count_critical(self) -> None:
        """How many critical findings are open in the accounts of each container and below. Two queries."""
        found = CRITICAL.of(self._scope, about=str(self._organization.pk), count=self._critical_by_parent)
        own = found.numbers.by_parent
        for node in self._bottom_up(self._organization.root_id):
            node.critical = own.get(node.node_id, 0) + sum(child.critical for child in node.children)

    def _critical_by_parent(self, scope: Scope) -> Critical:
        accounts = visible_accounts(scope).filter(provider=self._organization.provider, open_critical__gt=0)
        numbers = dict(accounts.order_by().values_list("pk", "open_critical"))
        own: dict[str, int] = {}
        if numbers:
            members = OrganizationMember.objects.filter(organization=self._organization.pk, account__isnull=False)
            # Put together here, without a join: what both queries read is in an index or a row that is small.
            for account, parent in members.order_by().values_list("account", "parent_id").iterator(chunk_size=2000):
                own[parent] = own.get(parent, 0) + (numbers.get(account, 0) if account else 0)
        return Critical(own, len(numbers))

    def _bottom_up(self, root: str) -> Iterator[Container]:
        """Each container after those in it, so that counts add up. A circle, which no root reaches, is left out."""
        order, waiting, reached = [], [self.nodes[root]] if root in self.nodes else [], {root}
        while waiting:
            node = waiting.pop()
            order.append(node)
            for child in node.children:
                if child.node_id not in reached:
                    reached.add(child.node_id)
                    waiting.append(child)
        return reversed(order)

    def way_to(self, node_id: str) -> list[Container]:
        """From the root down to this container."""
        way: list[Container] = []
        node = self.nodes.get(node_id)
        # A tree that changed while it was read may hold a circle for a while.
        while node is not None and node not in way:
            way.append(node)
            node = self.nodes.get(node.parent_id)
        return way[::-1]


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """``under``: in this container, or anywhere below it."""

    q: str = ""
    state: str = ""
    under: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.state)


def find(scope: Scope, organization: UUID) -> Organization | None:
    return within(Organization.objects.filter(pk=organization), scope, account="connection").first()


@dataclass(frozen=True, slots=True)
class RefusedConnection:
    """An organization that was never read: why, and what was entered for it."""

    account: UUID
    options: Mapping[str, str]
    code: str
    cause: str
    remedy: str


def refused_connection(scope: Scope, organization: UUID) -> RefusedConnection | None:
    """Of an organization whose first sync was refused within the last day, and whose row is gone for it."""
    since = timezone.now() - timedelta(days=1)
    events = AuditEvent.objects.filter(owner=scope.owner, created_at__gt=since, action=NOT_CONNECTED)
    for event in events.order_by("-created_at")[:CHOICES]:
        # In Python, as `detail` is JSON.
        if event.account is None or event.detail.get("organization") != str(organization):
            continue
        if not visible_accounts(scope).filter(pk=event.account).exists():
            return None
        given = {name: event.detail.get(name, "") for name in ("code", "cause", "remedy")}
        return RefusedConnection(account=event.account, options=event.detail.get("options") or {}, **given)
    return None


def organizations(scope: Scope) -> QuerySet[Organization]:
    """An organization is seen with the account that it is reached through."""
    return within(Organization.objects.all(), scope, account="connection").order_by("pk")


def listed_organizations(scope: Scope) -> list[Organization]:
    """By name, whatever its case: a team has few."""
    return sorted(organizations(scope), key=lambda organization: name_order(organization.name))


def counts_of(scope: Scope, organizations: Iterable[UUID]) -> Mapping[UUID, Counts]:
    rows = OrganizationMember.objects.filter(organization__in=list(organizations), kind=MemberKind.ACCOUNT)
    return _counted(shown_members(scope, rows).order_by(), "organization")


def members(scope: Scope, organization: Organization, filters: MemberFilter) -> QuerySet[OrganizationMember]:
    """The accounts that fit, in the order of their names."""
    members_found = OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.ACCOUNT)
    members_found = shown_members(scope, members_found)
    if filters.state in MemberState.values:
        members_found = members_found.filter(state=filters.state)
        # What the cloud has closed cannot be onboarded any more; it has a state of its own in the list.
        if filters.state != MemberState.ONBOARDED:
            members_found = members_found.filter(_ACTIVE)
    elif filters.state in STATES:
        members_found = members_found.filter(provider_state=filters.state)
    if filters.under:
        members_found = members_found.filter(parent_id__in=containers_below(organization, filters.under))
    if filters.q:
        # Names by any part, account ids by their beginning, with or without the dashes that AWS prints.
        digits = filters.q.replace("-", "").replace(" ", "").lower()
        members_found = members_found.filter(
            has_in_name(filters.q) | Q(account_id__startswith=filters.q.lower()) | Q(account_id__startswith=digits)
        )
    return members_found.order_by("name_key", "name", "pk")


def accounts_in(scope: Scope, organization: Organization, node_id: str) -> QuerySet[OrganizationMember]:
    """The accounts that lie directly in a container."""
    return members(scope, organization, MemberFilter()).filter(parent_id=node_id)


def export_rows(scope: Scope, organization: Organization, filters: MemberFilter) -> Iterator[dict[str, Any]]:
    names = dict(
        OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.CONTAINER).values_list(
            "node_id", "name"
        )
    )
    for row in members(scope, organization, filters).iterator(chunk_size=500):
        values: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS if name != "container"}
        yield {**values, "container": names.get(row.parent_id, row.parent_id)}


def connecting_choices(scope: Scope, q: str = "") -> list[CloudAccount]:
    """Working accounts through which an organization could be reached; at most `CHOICES`."""
    providers = [provider.key for provider in registry.all_providers() if organizations_of(provider)]
    taken = list(Organization.objects.filter(owner=scope.owner).values_list("connection", flat=True))
    accounts = visible_accounts(scope).filter(
        provider__in=providers, connection__isnull=True, status=CloudAccountStatus.ACTIVE
    )
    if q:
        accounts = accounts.matching(q)
    return list(accounts.exclude(pk__in=taken).defer("last_check").order_by("name_key", "name", "id")[:CHOICES])


def jobs_of(scope: Scope, organization: Organization, most: int = 8) -> list[Job]:
    """The latest jobs over its members, looked for among the latest of the scope."""
    # `options` is JSON, which no index of the three databases answers alike: so the latest 20 are read and looked at
    # here.
    recent = jobs(scope).filter(kind__startswith="organization.")
    return [job for job in recent[:20] if job.options.get("organization") == str(organization.pk)][:most]


def failed_members(scope: Scope, organization: Organization) -> QuerySet[OrganizationMember]:
    """Those that could be tried again, in the order of their names."""
    return members(scope, organization, MemberFilter(state=MemberState.FAILED))


def failures_of(scope: Scope, organization: Organization) -> list[FailureCause]:
    """The causes for which members failed, the most frequent first; of 1,000 members. One query."""
    rows = failed_members(scope, organization).values_list("code", "cause", "remedy", "name", "pk")
    return by_cause((code, cause, remedy, name, str(key)) for code, cause, remedy, name, key in rows[:GROUPED])


def failed_like(scope: Scope, organization: Organization, example: UUID) -> list[UUID]:
    """Keys of the members that failed for the same cause as this one; none where it has not failed, or is gone."""
    failed = failed_members(scope, organization)
    cause = failed.filter(pk=example).values_list("code", "remedy").first()
    return list(failed.filter(code=cause[0], remedy=cause[1]).values_list("pk", flat=True)) if cause else []
