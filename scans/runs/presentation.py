from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from cloudaccounts.operations.workers import worker_state
from cloudaccounts.views.common import owner_of
from scans.findings.queries import changed_by
from scans.models import ScanRun
from scans.runs.queries import find_run, time_left


def run_or_404(request: HttpRequest, run_id: UUID) -> ScanRun:
    found = find_run(owner_of(request), run_id)
    if found is None:
        raise Http404
    return found


def progress_of(run: ScanRun | None) -> dict[str, Any]:
    """What a page says of a run beyond its row: how long it may take, and whether anybody works on it."""
    if run is None or not run.is_active:
        return {"run": run}
    return {"run": run, "left": time_left(run), "worker": worker_state("scans")}


def run_context(run: ScanRun) -> dict[str, Any]:
    """A run's own page: its progress, and once it has ended what it changed."""
    context = progress_of(run)
    if not run.is_active:
        context["changed"] = changed_by(run)
    return context
