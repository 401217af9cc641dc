from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from cloudaccounts.models import CloudAccount
from cloudaccounts.selectors import find
from cloudaccounts.services import worker_state
from scans import selectors
from scans.models import ScanRun


def owner_of(request: HttpRequest) -> str:
    return str(request.user.pk)


def account_or_404(request: HttpRequest, account_id: UUID) -> CloudAccount:
    found = find(owner_of(request), account_id)
    if found is None:
        raise Http404
    return found


def run_or_404(request: HttpRequest, run_id: UUID) -> ScanRun:
    found = selectors.find_run(owner_of(request), run_id)
    if found is None:
        raise Http404
    return found


def progress_of(run: ScanRun | None) -> dict[str, Any]:
    """What a page says of a run beyond its row: how long it may take, and whether anybody works on it."""
    if run is None or not run.is_active:
        return {"run": run}
    return {"run": run, "left": selectors.time_left(run), "worker": worker_state("scans")}
