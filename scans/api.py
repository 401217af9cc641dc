"""Calls about scans, findings and assets. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts import registry
from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import problem, reply
from cloudaccounts.api.auth import actor_of, owner_of
from cloudaccounts.api.idempotency import idempotent, ticket_id
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of, refuse_unknown
from cloudaccounts.api.schemas import Input, Page, Text
from cloudaccounts.contract.rules import Severity
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import find_groups
from cloudaccounts.models import CloudAccount
from scans import selectors, services
from scans.console import link_of_finding, link_of_row
from scans.models import Asset, Finding, ScanRun, ScanStatus, ScanType

of_accounts = Router(tags=["Scans"])
runs = Router(tags=["Scans"])
findings = Router(tags=["Findings"])
assets = Router(tags=["Assets"])


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


class ScanPage(BaseModel):
    items: list[Scan]
    count: int


GroupName = Annotated[str, Field(max_length=200, description="A group of yours by name or id, nested ones included.")]


class ScanQuery(Page):
    account: UUID | None = None
    group: GroupName = ""
    provider: Annotated[str, Field(max_length=40)] = ""
    status: ScanStatus | None = None


class FindingRow(BaseModel):
    id: UUID
    account: UUID
    account_name: str
    provider: str
    check_id: str
    title: str
    severity: Severity
    status: Literal["open", "suppressed", "resolved"]
    service: str
    region: str
    asset: UUID
    asset_type: str
    asset_name: str
    native_id: str
    reason: str
    first_seen: datetime
    last_seen: datetime
    open_since: datetime
    resolved_at: datetime | None
    suppressed_reason: str
    suppressed_until: datetime | None
    console_link: Annotated[str, Field(description="Into the cloud's own console; empty where there is none.")]


class FindingPage(BaseModel):
    items: list[FindingRow]
    count: int


class FindingQuery(Page):
    q: Annotated[str, Field(max_length=200)] = ""
    severity: Severity | None = None
    status: Literal["open", "suppressed", "resolved"] | None = None
    service: Annotated[str, Field(max_length=40)] = ""
    provider: Annotated[str, Field(max_length=40)] = ""
    account: UUID | None = None
    group: GroupName = ""
    check: Annotated[str, Field(max_length=80)] = ""
    region: Annotated[str, Field(max_length=60)] = ""
    age: Annotated[int, Field(ge=0, le=36500, description="Open for so many days, or more.")] = 0
    run: Annotated[UUID | None, Field(description="What this scan opened, reopened or resolved.")] = None
    sort: Literal["severity", "newest", "oldest"] = "severity"


class AssetRow(BaseModel):
    id: UUID
    account: UUID
    account_name: str
    provider: str
    type: str
    service: str
    region: str
    native_id: str
    name: str
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    console_link: str


class AssetPage(BaseModel):
    items: list[AssetRow]
    count: int


class AssetQuery(Page):
    q: Annotated[str, Field(max_length=200)] = ""
    account: UUID | None = None
    group: GroupName = ""
    provider: Annotated[str, Field(max_length=40)] = ""
    type: Annotated[str, Field(max_length=80)] = ""
    region: Annotated[str, Field(max_length=60)] = ""
    gone: Annotated[bool, Field(description="What is not there any more, instead of what is.")] = False


@of_accounts.post(
    "/{uuid:account_id}/scans",
    summary="Start a scan",
    **answers({202: StartedScan}, 404, 409, body=True, repeatable=True),
)
@idempotent
def start_scan(request: HttpRequest, account_id: UUID, body: NewScan | None = None) -> HttpResponse:
    """409 where one is active: its id is in the answer."""
    wanted = body or NewScan()
    account = account_or_404(request, account_id)
    run = services.request_scan(
        account, actor=actor_of(request), scan_type=wanted.scan_type, regions=tuple(wanted.regions),
        run_id=ticket_id(request),
    )  # fmt: skip
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
def list_scans(request: HttpRequest, wanted: Query[ScanQuery]) -> HttpResponse:
    """The latest first."""
    _check(request, wanted)
    owner = owner_of(request)
    filters = selectors.ScanFilter(**{name: value for name, value in _values(owner, wanted).items() if value})
    return page_of(selectors.runs(owner, filters), wanted, lambda rows: [_scan(row) for row in rows])


@runs.get("/{uuid:run_id}", summary="One scan", **answers({200: Scan}, 404))
def get_scan(request: HttpRequest, run_id: UUID) -> HttpResponse:
    return reply(_scan(_run_or_404(request, run_id)))


@runs.post("/{uuid:run_id}/cancel", summary="Cancel a scan", **answers({200: Scan}, 404))
def cancel_scan(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What it found so far stays. One that has ended stays as it is."""
    services.cancel_scan(_run_or_404(request, run_id), actor=actor_of(request))
    return reply(_scan(_run_or_404(request, run_id)))


@findings.get("/", summary="List findings", **answers({200: FindingPage}, 404, 422))
def list_findings(request: HttpRequest, wanted: Query[FindingQuery]) -> HttpResponse:
    """Open ones, the worst first, unless the filters say otherwise."""
    _check(request, wanted)
    owner = owner_of(request)
    values = _values(owner, wanted)
    filters = selectors.FindingFilter(**{name: value for name, value in values.items() if value})
    return page_of(selectors.findings(owner, filters), wanted, lambda rows: _with_links(owner, rows, _finding))


@assets.get("/", summary="List assets", **answers({200: AssetPage}, 404, 422))
def list_assets(request: HttpRequest, wanted: Query[AssetQuery]) -> HttpResponse:
    account = _check(request, wanted)
    owner = owner_of(request)
    filters = selectors.AssetFilter(**_values(owner, wanted))
    rows = selectors.assets(owner, filters, account)
    return page_of(rows, wanted, lambda found: _with_links(owner, found, _asset))


def _check(request: HttpRequest, wanted: ScanQuery | FindingQuery | AssetQuery) -> CloudAccount | None:
    """The account that is asked for. Raises `InputError`, and Http404 where it is not the caller's."""
    refuse_unknown(request, type(wanted))
    if wanted.provider and wanted.provider not in dict(registry.choices()):
        raise InputError({"provider": f"Choose one of {', '.join(dict(registry.choices()))}."})
    return account_or_404(request, wanted.account) if wanted.account else None


def _values(owner: str, wanted: ScanQuery | FindingQuery | AssetQuery) -> dict[str, Any]:
    """As the filters of pages take them. Raises `InputError` for a group that is not the caller's."""
    values = wanted.model_dump(exclude={"limit", "offset"})
    group = values.pop("group")
    return {**values, "group": find_groups(owner, [group], field="group")[0] if group else None}


def _run_or_404(request: HttpRequest, run_id: UUID) -> ScanRun:
    found = selectors.find_run(owner_of(request), run_id)
    if found is None:
        raise Http404
    return found


def _told(row: Any, shape: type[BaseModel], *but: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields if name not in but}


def _scan(run: ScanRun) -> dict[str, Any]:
    left = selectors.time_left(run)
    ended = run.status == ScanStatus.COMPLETED
    percent = 100 if ended else run.units_done * 100 // run.units_total if run.units_total else 0
    progress = {
        "units_done": run.units_done,
        "units_total": run.units_total,
        "percent": percent,
        "now_doing": run.now_doing,
        "seconds_left": None if left is None else round(left.total_seconds()),
    }
    return {**_told(run, Scan, "progress"), "progress": progress}


def _with_links(owner: str, rows: Iterable[Any], told: Any) -> list[dict[str, Any]]:
    found = list(rows)
    accounts = account_lookup(owner, (row.account for row in found))
    return [{**told(row), "console_link": _link(row, accounts.get(row.account))} for row in found]


def _link(row: Asset | Finding, account: CloudAccount | None) -> str:
    return link_of_row(row, account) if isinstance(row, Asset) else link_of_finding(row, account)


def _finding(row: Finding) -> dict[str, Any]:
    return {**_told(row, FindingRow, "console_link", "status"), "status": row.state}


def _asset(row: Asset) -> dict[str, Any]:
    return _told(row, AssetRow, "console_link")
