"""Which members of an organization a job is about: those that were ticked, that are new, that lie below a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q, QuerySet

from cloudaccounts.group_scope import limit
from cloudaccounts.models import Organization, OrganizationMember
from cloudaccounts.models.organization import MemberKind, MemberState, ProviderState
from teams.scope import Scope

CHUNK = 500  # keys in one query: SQLite and PostgreSQL limit the number of parameters


def new_members(organization: Organization, *, under: str = "", failed: bool = False) -> list[UUID]:
    """Active accounts that are new (or have failed), in the whole tree or below one container."""
    # A member that a killed worker left in the middle counts as new: onboarding it again finishes what was begun.
    states = [MemberState.NEW, MemberState.ONBOARDING, *([MemberState.FAILED] if failed else [])]
    members = OrganizationMember.objects.filter(
        organization=organization.pk, kind=MemberKind.ACCOUNT, state__in=states, provider_state=ProviderState.ACTIVE
    )
    if not under:
        return list(members.order_by("name_key", "name", "pk").values_list("pk", flat=True))
    below, keys = containers_below(organization, under), []
    for start in range(0, len(below), CHUNK):
        keys += list(members.filter(parent_id__in=below[start : start + CHUNK]).values_list("pk", flat=True))
    return keys


def containers_below(organization: Organization, node_id: str) -> list[str]:
    """The container itself and all below it; none where it is no container. A circle ends: each is reached once.

    Walked here and not by the database: MongoDB's backend has no recursive queries, and containers are few.
    """
    children: dict[str, list[str]] = {}
    known = False
    rows = OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.CONTAINER)
    for key, parent in rows.values_list("node_id", "parent_id"):
        children.setdefault(parent, []).append(key)
        known = known or key == node_id
    if not known:
        return []
    reached, waiting = {node_id: None}, [node_id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in reached:
                reached[child] = None
                waiting.append(child)
    return list(reached)


def shown_members(scope: Scope, rows: QuerySet[OrganizationMember]) -> QuerySet[OrganizationMember]:
    """Members that are not connected are the cloud's, and seen with the organization; the others are accounts."""
    return rows.filter(Q(account__isnull=True) | limit(scope)) if scope.limited else rows


def items_of(scope: Scope, organization: Organization, members: Iterable[UUID | str]) -> Iterator[tuple[str, str]]:
    """Of what the scope shows: a member that is an account already is seen, and acted on, as that account is."""
    keys = list(dict.fromkeys(str(member) for member in members))
    for start in range(0, len(keys), CHUNK):
        rows = OrganizationMember.objects.filter(
            organization=organization.pk, kind=MemberKind.ACCOUNT, pk__in=keys[start : start + CHUNK]
        ).exclude(state=MemberState.ONBOARDED)
        for row in shown_members(scope, rows).order_by("name_key", "name", "pk"):
            yield str(row.pk), f"{row.name} {row.account_id}" if row.name != row.account_id else row.name
