"""Reads of what a second engine found. All are of one scope: what lies outside of it is as if it did not exist."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import CloudAccount
from cloudaccounts.web.pagination import COUNT_LIMIT
from scans.engines.models import EngineFinding, EngineRelation, EngineRun
from scans.models import Finding
from teams.scope import Scope

SHOWN = 5  # on the page of one finding: several of its checks may ask what one of ours asks


@dataclass(frozen=True, slots=True)
class EngineFilter:
    account: UUID | None = None
    relation: str = ""
    resolved: bool = False


def engine_findings(scope: Scope, filters: EngineFilter) -> QuerySet[EngineFinding]:
    """The most severe first, then the newest."""
    rows = within(EngineFinding.objects.filter(is_open=not filters.resolved), scope)
    if filters.relation:
        rows = rows.filter(relation=filters.relation)
    if filters.account:
        rows = rows.filter(account=filters.account)
    return rows.order_by("severity_rank", "-first_seen", "id")


def relation_counts(scope: Scope, account: UUID | None = None) -> dict[str, int]:
    """Open ones by relation, each counted up to one more than `COUNT_LIMIT`. Three queries."""
    rows = engine_findings(scope, EngineFilter(account=account)).order_by().values("relation")
    return {relation.value: rows.filter(relation=relation)[: COUNT_LIMIT + 1].count() for relation in EngineRelation}


def opinions_about(finding: Finding) -> list[EngineFinding]:
    """What it says of the resource of a finding of ours, which the caller may see. One query."""
    rows = EngineFinding.objects.filter(
        account=finding.account, asset=finding.asset, rule=finding.check_id, is_open=True
    )
    return list(rows.order_by("verdict", "check_id")[:SHOWN])


def latest_run(account: CloudAccount) -> EngineRun | None:
    return EngineRun.objects.filter(account=account.pk).order_by("-requested_at").first()
