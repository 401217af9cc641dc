"""Panels about findings, on the dashboard and on an account's page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.views.common import account_or_404, scope_of
from scans.findings import charts as finding_charts
from scans.findings.counts import (
    SHOWN_LINES,
    count_by_account,
    count_by_age,
    count_by_service,
    count_by_severity,
    daily_counts,
    most_urgent_checks,
)
from scans.findings.queries import LONG_COLUMNS, open_findings, open_findings_of_account
from scans.models import RANKS
from scans.runs.queries import last_completed, latest_changes

CHANGES_SHOWN = 6


@require_safe
def severity_panel(request: HttpRequest) -> HttpResponse:
    """Open findings by severity and by service. One query."""
    # One query for both charts: the severities are the sums of the services.
    services = count_by_service(open_findings(scope_of(request)))
    numbers = {word: sum(line.numbers[rank] for line in services) for word, rank in RANKS.items()}
    services = services[:SHOWN_LINES]  # after the sums, which are of all services
    context = {
        "numbers": numbers,
        "total": sum(numbers.values()),
        "segments": finding_charts.segments(numbers),
        "legend": finding_charts.legend(numbers),
        "bars": finding_charts.bars(services),
        "services": services,
    }
    return render(request, "scans/panels/severity.html", context)


@require_safe
def spread_panel(request: HttpRequest) -> HttpResponse:
    """Open findings by account and by age. Three queries."""
    scope = scope_of(request)
    findings = open_findings(scope)
    lines = count_by_account(findings)
    accounts = account_lookup(scope, (UUID(line.key) for line in lines))
    bars = [{"account": accounts.get(UUID(bar.key)), "bar": bar} for bar in finding_charts.bars(lines)]
    # An account may have been deleted between the two queries.
    context = {"bars": [bar for bar in bars if bar["account"]], "ages": count_by_age(findings)}
    return render(request, "scans/panels/spread.html", context)


@require_safe
def trend_panel(request: HttpRequest) -> HttpResponse:
    days = daily_counts(scope_of(request))
    return render(request, "scans/panels/trend.html", {"days": days[::-1], "trend": finding_charts.trend(days)})


@require_safe
def first_panel(request: HttpRequest) -> HttpResponse:
    return render(request, "scans/panels/first.html", {"rows": most_urgent_checks(scope_of(request))})


@require_safe
def changes_panel(request: HttpRequest) -> HttpResponse:
    runs = latest_changes(scope_of(request), CHANGES_SHOWN)
    return render(request, "scans/panels/changes.html", {"runs": runs})


@require_safe
def account_findings_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    findings = open_findings_of_account(account)
    numbers = count_by_severity(findings)
    runs = last_completed(account.pk, 1)
    context = {
        "account": account,
        "numbers": numbers,
        "total": sum(numbers.values()),
        "segments": finding_charts.segments(numbers),
        "legend": finding_charts.legend(numbers),
        "worst": list(findings.defer(*LONG_COLUMNS).order_by("severity_rank", "-open_since", "id")[:5]),
        "run": runs[0] if runs else None,
    }
    return render(request, "scans/panels/account_findings.html", context)
