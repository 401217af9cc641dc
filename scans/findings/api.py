"""The API's calls about findings. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.accounts.queries import find
from cloudaccounts.api.auth import actor_of, owner_of
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.rules import Severity
from scans.api_common import AccountQuery, filter_values, requested_account, row_fields, rows_with_links
from scans.assets.queries import find_asset
from scans.compliance.catalogue import citations_of
from scans.findings import queries as finding_queries
from scans.findings.queries import FindingFilter
from scans.findings.remediation import remediation_of
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


class EvidenceFact(BaseModel):
    path: Annotated[str, Field(description="Where it lies in the asset's properties.")]
    value: Annotated[Any, Field(description="What it held, cut where it is long; null where the cloud leaves it out.")]
    expected: Annotated[Any, Field(description="What the check wants there, or in words; null where it does not say.")]


class FindingRemediation(BaseModel):
    console_url: Annotated[str, Field(description="Into the cloud's own console; empty where there is none.")]
    cli: Annotated[str, Field(description="For a POSIX shell, quoted. Replace what stands in angle brackets.")]
    terraform: Annotated[str | None, Field(description="Null where no few lines remediate it.")]


class FindingControl(BaseModel):
    framework: str
    control: str


class FindingDetail(FindingRow):
    evidence: Annotated[
        list[EvidenceFact], Field(description="The facts that decided it. Empty until the next scan of an older one.")
    ]
    remediation: FindingRemediation
    controls: Annotated[list[FindingControl], Field(description="Requirements of benchmarks that the check answers.")]


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
    format: Annotated[
        Literal["json", "ocsf"],
        Field(description="ocsf: all that the filters name, as a stream of OCSF Detection Findings, one a line."),
    ] = "json"


OCSF_LINE = {
    "description": "OK",
    "content": {"application/x-ndjson": {"schema": {"type": "string", "description": "A Detection Finding a line."}}},
}


@findings.get(
    "/",
    summary="List findings",
    openapi_extra={"responses": {200: OCSF_LINE}},
    **answers({200: FindingPage}, 404, 422),
)
def list_findings(request: HttpRequest, query: Query[FindingQuery]) -> HttpResponseBase:
    """Open ones, the worst first, unless the filters say otherwise."""
    requested_account(request, query)  # refuses what the list cannot be filtered by
    owner = owner_of(request)
    values = filter_values(owner, query)
    file_format = values.pop("format")
    filters = FindingFilter(**{name: value for name, value in values.items() if value})
    rows = finding_queries.findings(owner, filters)
    if file_format == "ocsf":
        from scans.findings.ocsf import ocsf_answer  # its classes take a tenth of a second to load, and few ask

        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=actor_of(request), owner=owner, what="findings", format="ocsf", query=request.GET.urlencode()[:300]
        )
        return ocsf_answer(owner, rows)
    return page_of(rows, query, lambda page: rows_with_links(owner, page, _finding))


@findings.get("/{uuid:finding_id}", summary="Get a finding", **answers({200: FindingDetail}, 404))
def get_finding(request: HttpRequest, finding_id: UUID) -> dict[str, Any]:
    owner = owner_of(request)
    row = finding_queries.find_finding(owner, finding_id)
    if row is None:
        raise Http404
    account = find(owner, row.account)
    # Filled in now: a finding stores the facts, and neither command nor snippet (docs/decisions/0019).
    remediation = remediation_of(row, account, find_asset(owner, row.asset))
    return {
        **_finding(row),
        "console_link": remediation.console_url,
        "evidence": row.evidence,
        "remediation": asdict(remediation),
        "controls": [
            # From the frameworks' files, the only place where numbers of benchmarks stand (docs/compliance.md).
            {"framework": citation.framework.slug, "control": citation.control.id}
            for citation in citations_of(row.check_id)
        ],
    }


def _finding(row: Finding) -> dict[str, Any]:
    # As people say it: suppressed is no status of the row (see `FindingStatus`).
    return {**row_fields(row, FindingRow, "console_link", "status"), "status": row.state}
