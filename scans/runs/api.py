"""The API's calls about scans. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import problem, reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.idempotency import idempotent, ticket_id
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of
from cloudaccounts.api.schemas import Input, Listed, Text
from scans.api_common import AccountQuery, filter_values, requested_account, row_fields
from scans.models import ScanRun, ScanStatus, ScanType
from scans.runs import queries as run_queries
from scans.runs import requests as run_requests
from scans.runs.queries import ScanFilter, find_run, time_left
from scans.runs.requests import request_scan

of_accounts = Router(tags=["Scans"])  # below /cloud-accounts/
runs = Router(tags=["Scans"])


class NewScan(Input):
    scan_type: ScanType = ScanType.FULL
    regions: Annotated[list[Text], Field(max_length=200, description="Some of the account's; all without it.")] = []


class StartedScan(BaseModel):
    scan_run_id: UUID


class Progress(BaseModel):
    units_done: int
    units_total: int
    percent: int
    now_doing: str
    seconds_left: int | None


class Gap(BaseModel):
    """A part that could not be looked at."""

    service: str
    region: str
    code: str
    cause: str
    remedy: str


class Scan(BaseModel):
    run_id: UUID
    account: UUID
    account_name: str
    provider: str
    status: ScanStatus
    scan_type: ScanType
    regions: list[str]
    auto_initiated: bool
    progress: Progress
    assets_seen: int
    assets_new: int
    assets_changed: int
    assets_gone: int
    gaps: list[Gap]
    error_code: str
    error: str
    error_remedy: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ScanPage(Listed):
    items: list[Scan]


class ScanQuery(AccountQuery):
    status: ScanStatus | None = None


@of_accounts.post(
    "/{uuid:account_id}/scans",
    summary="Start a scan",
    **answers({202: StartedScan}, 404, 409, body=True, repeatable=True),
)
@idempotent
def start_scan(request: HttpRequest, account_id: UUID, body: NewScan | None = None) -> HttpResponse:
    """409 where one is active: its id is in the answer."""
    options = body or NewScan()  # a request without a body asks for a full scan
    account = account_or_404(request, account_id)
    # A call with an Idempotency-Key gives the run its id: repeated after a kill, it meets the run and starts no second
    # one.
    run = request_scan(
        account, actor=actor_of(request), scan_type=options.scan_type, regions=tuple(options.regions),
        run_id=ticket_id(request),
    )  # fmt: skip
    # The same status and body for a repeated call as for its first, which is what idempotency promises.
    if run.just_requested:
        return reply({"scan_run_id": run.run_id}, 202)
    return problem(
        409,
        "scan_active",
        "A scan of this account is under way already.",
        "Wait for it, or cancel it first.",
        details={"scan_run_id": str(run.run_id)},
        scan_run_id=str(run.run_id),
    )


@runs.get("/", summary="List scans", **answers({200: ScanPage}, 404, 422))
def list_scans(request: HttpRequest, query: Query[ScanQuery]) -> HttpResponse:
    """The latest first."""
    requested_account(request, query)  # refuses what the list cannot be filtered by
    scope = scope_of(request)
    filters = ScanFilter(**{name: value for name, value in filter_values(scope, query).items() if value})
    return page_of(run_queries.runs(scope, filters), query, lambda rows: [_scan(row) for row in rows])


@runs.get("/{uuid:run_id}", summary="One scan", **answers({200: Scan}, 404))
def get_scan(request: HttpRequest, run_id: UUID) -> HttpResponse:
    return reply(_scan(_run_or_404(request, run_id)))


@runs.post("/{uuid:run_id}/cancel", summary="Cancel a scan", **answers({200: Scan}, 404))
def cancel_scan(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What it found so far stays. One that has ended stays as it is."""
    run_requests.cancel_scan(_run_or_404(request, run_id), actor=actor_of(request))
    return reply(_scan(_run_or_404(request, run_id)))


def _run_or_404(request: HttpRequest, run_id: UUID) -> ScanRun:
    run = find_run(scope_of(request), run_id)
    if run is None:
        raise Http404
    return run


def _scan(run: ScanRun) -> dict[str, Any]:
    left = time_left(run)
    # A completed scan is at 100 % even where it had no units; one that failed stays where it was.
    percent = (
        100 if run.status == ScanStatus.COMPLETED else run.units_done * 100 // run.units_total if run.units_total else 0
    )
    progress = {
        "units_done": run.units_done,
        "units_total": run.units_total,
        "percent": percent,
        "now_doing": run.now_doing,
        "seconds_left": None if left is None else round(left.total_seconds()),
    }
    return {**row_fields(run, Scan, "progress"), "progress": progress}
