"""The API's calls about findings. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.auth import owner_of
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of
from cloudaccounts.contract.rules import Severity
from scans.api_common import AccountQuery, filter_values, requested_account, row_fields, rows_with_links
from scans.findings import queries as finding_queries
from scans.findings.queries import FindingFilter
from scans.models import Finding

findings = Router(tags=["Findings"])


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


class FindingQuery(AccountQuery):
    q: Annotated[str, Field(max_length=200)] = ""
    severity: Severity | None = None
    status: Literal["open", "suppressed", "resolved"] | None = None
    service: Annotated[str, Field(max_length=40)] = ""
    check: Annotated[str, Field(max_length=80)] = ""
    region: Annotated[str, Field(max_length=60)] = ""
    age: Annotated[int, Field(ge=0, le=36500, description="Open for so many days, or more.")] = 0
    run: Annotated[UUID | None, Field(description="What this scan opened, reopened or resolved.")] = None
    sort: Literal["severity", "newest", "oldest"] = "severity"


@findings.get("/", summary="List findings", **answers({200: FindingPage}, 404, 422))
def list_findings(request: HttpRequest, query: Query[FindingQuery]) -> HttpResponse:
    """Open ones, the worst first, unless the filters say otherwise."""
    requested_account(request, query)  # refuses what the list cannot be filtered by
    owner = owner_of(request)
    values = filter_values(owner, query)
    filters = FindingFilter(**{name: value for name, value in values.items() if value})
    rows = finding_queries.findings(owner, filters)
    return page_of(rows, query, lambda page: rows_with_links(owner, page, _finding))


def _finding(row: Finding) -> dict[str, Any]:
    return {**row_fields(row, FindingRow, "console_link", "status"), "status": row.state}
