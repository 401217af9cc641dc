"""Panels about findings: of the dashboard, and of an account's page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.views.common import account_or_404, owner_of
from scans.findings import charts as finding_charts
from scans.findings.queries import (
    SHOWN_LINES,
    by_account,
    by_age,
    by_service,
    by_severity,
    fix_first,
    of_account,
    open_findings,
    trend,
)
from scans.models import RANKS
from scans.runs.queries import last_completed, latest_changes

CHANGES_SHOWN = 6


@require_safe
def severity_panel(request: HttpRequest) -> HttpResponse:
    """Open findings by severity and by service. One query."""
    services = by_service(open_findings(owner_of(request)))
    numbers = {word: sum(line.numbers[rank] for line in services) for word, rank in RANKS.items()}
    services = services[:SHOWN_LINES]
    context = {
        "numbers": numbers,
        "total": sum(numbers.values()),
        "segments": finding_charts.segments(numbers),
        "legend": finding_charts.legend(numbers),
        "bars": finding_charts.service_bars(services),
        "services": services,
    }
    return render(request, "scans/panels/severity.html", context)


@require_safe
def spread_panel(request: HttpRequest) -> HttpResponse:
    """Open findings by account and by age. Three queries."""
    owner = owner_of(request)
    rows = open_findings(owner)
    lines = by_account(rows)
    accounts = account_lookup(owner, (UUID(line.key) for line in lines))
    bars = [{"account": accounts.get(UUID(bar.service)), "bar": bar} for bar in finding_charts.service_bars(lines)]
    context = {"bars": [row for row in bars if row["account"]], "ages": by_age(rows)}
    return render(request, "scans/panels/spread.html", context)


@require_safe
def trend_panel(request: HttpRequest) -> HttpResponse:
    days = trend(owner_of(request))
    return render(request, "scans/panels/trend.html", {"days": days[::-1], "trend": finding_charts.trend(days)})


@require_safe
def first_panel(request: HttpRequest) -> HttpResponse:
    return render(request, "scans/panels/first.html", {"rows": fix_first(owner_of(request))})


@require_safe
def changes_panel(request: HttpRequest) -> HttpResponse:
    runs = latest_changes(owner_of(request), CHANGES_SHOWN)
    return render(request, "scans/panels/changes.html", {"runs": runs})


@require_safe
def account_findings_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    rows = of_account(account)
    numbers = by_severity(rows)
    runs = last_completed(account.pk, 1)
    context = {
        "account": account,
        "numbers": numbers,
        "total": sum(numbers.values()),
        "segments": finding_charts.segments(numbers),
        "legend": finding_charts.legend(numbers),
        "worst": list(rows.defer("history", "suppressions").order_by("severity_rank", "-open_since", "id")[:5]),
        "run": runs[0] if runs else None,
    }
    return render(request, "scans/panels/account_findings.html", context)
