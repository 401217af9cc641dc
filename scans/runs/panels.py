"""Panels about scans, on other pages: each has its own address and owner check, and polls while a run is active."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.operations.workers import worker_state
from cloudaccounts.views.common import account_or_404, scope_of
from scans.models import ScanRun
from scans.runs import queries as run_queries
from scans.runs.presentation import progress_context, run_context, run_or_404
from scans.runs.queries import latest, latest_of_account, time_left

ACTIVE_SHOWN = 5
ENDED_SHOWN = 3
RUNS_SHOWN = 15
# The event that htmx fires on a page when a run that it was watching has ended: other panels then load anew.
CHANGED = "scan-changed"


@require_safe
def dashboard_scans_panel(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    active = run_queries.active(scope, ACTIVE_SHOWN)
    context = {
        "rows": [{"run": run, "left": time_left(run)} for run in active],
        # Whether workers live matters only while somebody waits for one.
        "worker": worker_state("scans", next((run for run in active if run.claim is None), None)) if active else None,
        "ended": [] if active else latest(scope, ENDED_SHOWN),
    }
    return render(request, "scans/panels/dashboard.html", context)


@require_safe
def account_scan_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    run = latest_of_account(scope_of(request), account.pk)
    return _answer(request, "scans/panels/account.html", {"account": account, **progress_context(run)}, run)


@require_safe
def account_runs_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    rows = list(run_queries.runs(scope_of(request), run_queries.ScanFilter(account=account.pk))[:RUNS_SHOWN])
    return render(request, "scans/panels/account_runs.html", {"account": account, "runs": rows})


@require_safe
def scan_panel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(request, run_id)
    return _answer(request, "scans/panels/run.html", run_context(run), run)


def _answer(request: HttpRequest, template: str, context: dict[str, object], run: ScanRun | None) -> HttpResponse:
    """Tells the page's other panels where a run has ended that the page watched (``watching``), or of which it did not
    know when it was made (``seen``: the last run whose outcome it shows, or ``none``)."""
    response = render(request, template, context)
    ended = run is not None and not run.is_active
    unseen = run is not None and request.GET.get("seen", str(run.pk)) != str(run.pk)
    if ended and ("watching" in request.GET or unseen):
        response["HX-Trigger"] = CHANGED
    return response
