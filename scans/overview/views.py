"""The dashboard, and the panels that it asks for by htmx."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.kept_numbers import KeptNumbers
from cloudaccounts.accounts.posture import Posture, by_environment, total
from cloudaccounts.accounts.queries import Overview
from cloudaccounts.accounts.visibility import visible_accounts, within
from cloudaccounts.health import queries as health_queries
from cloudaccounts.views.common import scope_of
from scans.findings.counts import daily_counts, most_urgent_checks
from scans.findings.queries import count_critical
from scans.models import ScanRun
from scans.overview.attention import attention, by_urgency
from scans.overview.fixes import first_fixes
from scans.overview.trend import DAYS, trend_of
from teams.scope import Scope

FRESH = timedelta(days=1)
STALE = timedelta(days=2)
RULES = 8
COUNTED = 10_000  # critical findings


@dataclass(frozen=True, slots=True)
class Scanned:
    """How many accounts were scanned within a day, and how many not for two, or never."""

    fresh: int
    stale: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """What the dashboard counts of a scope's accounts."""

    accounts: Overview
    environments: list[Posture]
    scanned: Scanned


def _fleet(scope: Scope) -> Fleet:
    numbers = account_queries.overview(scope)
    if not numbers.total:
        return Fleet(numbers, [], Scanned(0, 0))
    return Fleet(numbers, by_environment(scope), _scanned(scope))


FLEET = KeptNumbers(_fleet, lambda fleet: fleet.accounts.total)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    counted = FLEET.of(scope)
    numbers, environments = counted.numbers.accounts, counted.numbers.environments
    context: dict[str, Any] = {"numbers": numbers, "counted": counted}
    # Without accounts the page shows the way to the first one, and none of these queries is needed.
    if numbers.total:
        late = numbers.due + numbers.overdue
        entries = attention(scope, failed=numbers.failed, late=late, blinded=numbers.blinded)
        posture = total(environments)
        context |= {
            "posture": posture,
            "unfinished": _unfinished(scope, posture.critical),
            "environments": environments,
            "scanned": counted.numbers.scanned,
            "attention": entries,
            "urgencies": by_urgency(entries),
            "silent": health_queries.silent_providers(scope),
        }
    return render(request, "scans/overview/dashboard.html", context)


def _unfinished(scope: Scope, critical: int) -> int:
    """Critical findings beyond those of the accounts' latest ended scans: of scans that run, or that failed on the way.

    Without them the number here would be less than the sidebar's, and than what the list shows.
    """
    found = count_critical(scope, up_to=COUNTED + 1)
    return max(0, found - critical) if found <= COUNTED else 0


@require_safe
def since_panel(request: HttpRequest) -> HttpResponse:
    """What the scans of the last day changed. One query over their rows."""
    runs = within(ScanRun.objects.filter(requested_at__gte=timezone.now() - FRESH), scope_of(request))
    sums = runs.order_by().aggregate(
        runs=Count("run_id"), new=Sum("findings_new"), reopened=Sum("findings_reopened"),
        resolved=Sum("findings_resolved"), assets=Sum("assets_new"), gone=Sum("assets_gone"),
    )  # fmt: skip
    return render(request, "scans/overview/since.html", {name: value or 0 for name, value in sums.items()})


@require_safe
def fixes_panel(request: HttpRequest) -> HttpResponse:
    return render(request, "scans/overview/fixes.html", {"fixes": first_fixes(scope_of(request))})


@require_safe
def rules_panel(request: HttpRequest) -> HttpResponse:
    rows = most_urgent_checks(scope_of(request), RULES)
    # A bar is as long as what ranks its line: by the bare number the longest would stand anywhere.
    most = max((row.weight for row in rows), default=1)
    lines = [{"row": row, "share": 100 * row.weight / most} for row in rows]
    return render(request, "scans/overview/rules.html", {"lines": lines})


@require_safe
def trend_panel(request: HttpRequest) -> HttpResponse:
    days = daily_counts(scope_of(request), DAYS)
    context = {"days": days[::-1][:14], "trend": trend_of(days), "most": DAYS}
    return render(request, "scans/overview/trend.html", context)


def _scanned(scope: Scope) -> Scanned:
    now = timezone.now()
    accounts = visible_accounts(scope).order_by().values("owner")
    # A query each, of a part of the index of scans' ends; in one they would look at every account.
    fresh, stale = Q(scanned_at__gte=now - FRESH), Q(scanned_at__lt=now - STALE)
    return Scanned(accounts.filter(fresh).count(), accounts.filter(stale).count())
