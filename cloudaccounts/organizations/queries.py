"""Reads of organizations, all of one owner. A page makes a fixed number of queries, however large a tree is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from cloudaccounts import registry
from cloudaccounts.contract.organizations import organizations_of
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberKind, MemberState, ProviderState

CHOICES = 200  # accounts offered to connect an organization through
# One list for people, of two columns: what was done here with a member, and what the cloud says of it.
STATES = (*MemberState.values, ProviderState.SUSPENDED.value, ProviderState.CLOSED.value)
COLUMNS = (
    "account_id", "name", "container", "state", "provider_state", "account", "code", "cause", "remedy", "tested_at",
    "first_seen_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """Accounts in numbers. ``new`` to ``failed`` are of those that the cloud calls active."""

    accounts: int = 0
    new: int = 0
    onboarded: int = 0
    failed: int = 0
    inactive: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.accounts + other.accounts, self.new + other.new, self.onboarded + other.onboarded,
            self.failed + other.failed, self.inactive + other.inactive,
        )  # fmt: skip


_ACTIVE = Q(provider_state=ProviderState.ACTIVE)
# Conditional counts, so that one query answers for all containers at once.
_COUNTED: dict[str, Any] = {
    "accounts": Count("id"),
    "new": Count("id", filter=_ACTIVE & Q(state__in=(MemberState.NEW, MemberState.ONBOARDING))),
    "onboarded": Count("id", filter=_ACTIVE & Q(state=MemberState.ONBOARDED)),
    "failed": Count("id", filter=_ACTIVE & Q(state=MemberState.FAILED)),
    "inactive": Count("id", filter=~_ACTIVE),
}


@dataclass(slots=True)
class Container:
    """A place in the tree, with what lies in it and below."""

    node_id: str
    name: str
    parent_id: str
    counts: Counts = Counts()
    children: list[Container] = field(default_factory=list)


class Tree:
    """All containers, and how many accounts each holds: two queries, whatever the size."""

    def __init__(self, organization: Organization) -> None:
        members = OrganizationMember.objects.filter(organization=organization.pk)
        rows = members.filter(kind=MemberKind.CONTAINER).exclude(provider_state=ProviderState.CLOSED)
        self.nodes = {
            key: Container(key, name, parent)
            for key, name, parent in rows.order_by("name", "node_id").values_list("node_id", "name", "parent_id")
        }
        grouped = members.filter(kind=MemberKind.ACCOUNT).order_by().values("parent_id").annotate(**_COUNTED)
        own = {row["parent_id"]: _counts(row) for row in grouped}
        self.total = sum(own.values(), Counts())
        for node in self.nodes.values():
            # A container may be read before its parent, or name one that was closed meanwhile: it then hangs nowhere
            # and is not counted.
            if node.parent_id in self.nodes and node.parent_id != node.node_id:
                self.nodes[node.parent_id].children.append(node)
        for node in self._bottom_up(organization.root_id):
            node.counts = sum((child.counts for child in node.children), own.get(node.node_id, Counts()))

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
    q: str = ""
    state: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.state)


def find(owner: str, organization: UUID) -> Organization | None:
    return Organization.objects.filter(owner=owner, pk=organization).first()


def organizations(owner: str) -> QuerySet[Organization]:
    return Organization.objects.filter(owner=owner).order_by("name", "pk")


def counts_of(organizations: Iterable[UUID]) -> Mapping[UUID, Counts]:
    rows = OrganizationMember.objects.filter(organization__in=list(organizations), kind=MemberKind.ACCOUNT).order_by()
    return {row["organization"]: _counts(row) for row in rows.values("organization").annotate(**_COUNTED)}


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(**{name: row[name] for name in _COUNTED})


def accounts_by_id(keys: Iterable[UUID]) -> Mapping[UUID, CloudAccount]:
    return CloudAccount.objects.defer("last_check").in_bulk(list(keys))


def members(organization: Organization, filters: MemberFilter) -> QuerySet[OrganizationMember]:
    """The accounts that fit, in the order of their names."""
    members_found = OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.ACCOUNT)
    if filters.state in MemberState.values:
        members_found = members_found.filter(state=filters.state)
        # What the cloud has closed cannot be onboarded any more; it has a state of its own in the list.
        if filters.state != MemberState.ONBOARDED:
            members_found = members_found.filter(_ACTIVE)
    elif filters.state in STATES:
        members_found = members_found.filter(provider_state=filters.state)
    if filters.q:
        # Names by any part, account ids by their beginning, with or without the dashes that AWS prints.
        digits = filters.q.replace("-", "").replace(" ", "").lower()
        members_found = members_found.filter(
            Q(name__icontains=filters.q)
            | Q(account_id__startswith=filters.q.lower())
            | Q(account_id__startswith=digits)
        )
    return members_found.order_by("name", "pk")


def accounts_in(organization: Organization, node_id: str) -> QuerySet[OrganizationMember]:
    """The accounts that lie directly in a container."""
    return members(organization, MemberFilter()).filter(parent_id=node_id)


def export_rows(organization: Organization, filters: MemberFilter) -> Iterator[dict[str, Any]]:
    names = dict(
        OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.CONTAINER).values_list(
            "node_id", "name"
        )
    )
    for row in members(organization, filters).iterator(chunk_size=500):
        values: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS if name != "container"}
        yield {**values, "container": names.get(row.parent_id, row.parent_id)}


def connecting_choices(owner: str, q: str = "") -> list[CloudAccount]:
    """Working accounts of the owner through which an organization could be reached; at most `CHOICES`."""
    providers = [provider.key for provider in registry.all_providers() if organizations_of(provider)]
    taken = list(Organization.objects.filter(owner=owner).values_list("connection", flat=True))
    accounts = CloudAccount.objects.of(owner).filter(
        provider__in=providers, connection__isnull=True, status=CloudAccountStatus.ACTIVE
    )
    if q:
        accounts = accounts.matching(q)
    return list(accounts.exclude(pk__in=taken).defer("last_check").order_by("name", "id")[:CHOICES])


def jobs_of(organization: Organization, limit: int = 3) -> list[Job]:
    """The latest jobs over its members, looked for among the owner's latest."""
    # `options` is JSON, which no index of the three databases answers alike: so the latest 20 are read and looked at
    # here.
    recent = Job.objects.filter(owner=organization.owner, kind__startswith="organization.").order_by("-requested_at")
    return [job for job in recent[:20] if job.options.get("organization") == str(organization.pk)][:limit]
