"""What the pages and panels of a run have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from cloudaccounts.operations.workers import worker_state
from cloudaccounts.views.common import scope_of
from scans.findings.queries import changed_by
from scans.models import ScanRun
from scans.runs.queries import find_run, time_left


def run_or_404(request: HttpRequest, run_id: UUID) -> ScanRun:
    run = find_run(scope_of(request), run_id)
    if run is None:
        raise Http404
    return run


def progress_context(run: ScanRun | None) -> dict[str, Any]:
    """A run, and while it is active the time it may still take and whether a worker is there to do it."""
    if run is None or not run.is_active:
        return {"run": run}
    return {"run": run, "left": time_left(run), "worker": worker_state("scans", run)}


def run_context(run: ScanRun) -> dict[str, Any]:
    """For a run's own page: its progress, and once it has ended the findings that it changed."""
    context = progress_context(run)
    # Not while it runs: the panel polls, and the list would be read every second.
    if not run.is_active:
        context["changed"] = changed_by(run)
    return context
