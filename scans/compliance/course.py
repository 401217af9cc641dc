"""How a framework stood day by day, over the accounts of a scope."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudaccounts.accounts.visibility import within
from scans.compliance.facts import MANY
from scans.compliance.scope import ReportScope
from scans.models import ComplianceDay

DAYS = 90
STATES = ("passed", "failed", "unknown", "muted")


def course_of(scope: ReportScope, framework: str) -> list[dict[str, Any]]:
    """``{day, passed, failed, unknown, muted, accounts}`` for each day on which a scan ended, oldest first.

    Numbers are controls times accounts, as rules decided them. An account counts with its latest day, so that a day on
    which few were scanned is no fall; before its first day it counts in none. One query.
    """
    # Days are text (docs/decisions/0001), and ISO days sort as they follow one another.
    since = (timezone.now() - timedelta(days=DAYS)).strftime("%Y-%m-%d")
    rows = within(ComplianceDay.objects.filter(framework=framework, day__gte=since), scope.team)
    # Else all of the owner's rows are read, and those outside the scope are left out below (see `facts.MANY`).
    if scope.narrowed and len(scope.accounts) <= MANY:
        rows = rows.filter(account__in=list(scope.place))
    latest: dict[UUID, tuple[int, ...]] = {}
    days: dict[str, dict[str, Any]] = {}
    for day, account, *numbers in rows.order_by("day").values_list("day", "account", *STATES):
        if account not in scope.place:
            continue
        latest[account] = tuple(numbers)
        sums = [sum(column) for column in zip(*latest.values(), strict=True)]
        days[day] = {"day": date.fromisoformat(day), **dict(zip(STATES, sums, strict=True)), "accounts": len(latest)}
    return list(days.values())
