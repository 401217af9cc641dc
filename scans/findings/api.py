"""The API's calls about findings. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import BaseModel, Field, RootModel

from cloudaccounts.accounts.queries import find
from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import tagged
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of
from cloudaccounts.api.schemas import Listed, Page
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.rules import Severity
from cloudaccounts.errors import InputError
from cloudaccounts.models import Environment
from scans.api_common import AccountFilter, filter_values, requested_account, row_fields, rows_with_links
from scans.assets.queries import find_asset
from scans.compliance.own.catalogue import catalogue_of, frameworks_of
from scans.findings import groups
from scans.findings import queries as finding_queries
from scans.findings.facets import FacetCounter
from scans.findings.filters import STATES, FindingFilter
from scans.findings.remediation import remediation_of
from scans.models import Finding
from teams.scope import Scope

findings = Router(tags=["Findings"])


State = Literal["open", "suppressed", "muted", "resolved"]
Many = Annotated[str, Field(max_length=400)]


class FindingRow(BaseModel):
    id: UUID
    account: UUID
    account_name: str
    provider: str
    check_id: str
    title: str
    severity: Severity
    status: State
    environment: str
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
    assignee: Annotated[str, Field(description="A user name; empty: nobody.")]
    due: date | None
    mute_rule: Annotated[UUID | None, Field(description="Which rule mutes it; see /mute-rules/.")]
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


class FindingPage(Listed):
    items: list[FindingRow]


class CheckGroupRow(BaseModel):
    check_id: str
    title: str
    severity: Severity
    count: int
    accounts: int
    resources: int


class ResourceGroupRow(BaseModel):
    asset_key: Annotated[str, Field(description="Names the resource within its account.")]
    asset_name: str
    account: UUID
    severity: Annotated[Severity, Field(description="Of its worst finding.")]
    count: int


class AccountGroupRow(BaseModel):
    account: UUID
    account_name: str
    critical: int
    high: int
    medium: int
    low: int
    count: int


class FindingGroups(BaseModel):
    """By ``group_by``: rules, resources or accounts, the worst first. ``count`` is their number."""

    items: list[CheckGroupRow] | list[ResourceGroupRow] | list[AccountGroupRow]
    count: int


class FindingsAnswer(RootModel[FindingPage | FindingGroups]):
    """Findings; with ``group_by`` counts of them."""


class FindingFilters(AccountFilter):
    """What a list of findings is filtered by. Alternatives are separated by commas: ``severity=critical,high``."""

    q: Annotated[str, Field(max_length=200)] = ""
    severity: Annotated[Many, Field(description="critical, high, medium, low.", examples=["critical,high"])] = ""
    status: Annotated[Many, Field(description="open (the default), suppressed, muted, resolved.")] = ""
    environment: Annotated[Many, Field(description="production, staging, dev.", examples=["production"])] = ""
    service: Annotated[Many, Field(examples=["s3"])] = ""
    check: Annotated[Many, Field(examples=["aws_s3_bucket_public_access"])] = ""
    control: Annotated[Many, Field(description="framework:control", examples=["cis_aws_5.0:2.1.4"])] = ""
    region: Many = ""
    assignee: Annotated[Many, Field(description="A user name, or - for findings that are nobody's.")] = ""
    tag: Annotated[str, Field(max_length=400, description="A cloud tag: key, or key=value.")] = ""
    age: Annotated[int, Field(ge=0, le=36500, description="Open for so many days, or more.")] = 0
    run: Annotated[UUID | None, Field(description="What this scan opened, reopened or resolved.")] = None
    mute_rule: Annotated[UUID | None, Field(description="What this rule mutes.")] = None


class FindingQuery(FindingFilters, Page):
    sort: Literal["severity", "newest", "oldest"] = "severity"
    group_by: Annotated[
        Literal["check", "resource", "account"] | None,
        Field(description="Counts in place of findings; sort and format are then without effect."),
    ] = None
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
    **answers({200: FindingsAnswer}, 404, 422),
)
def list_findings(request: HttpRequest, query: Query[FindingQuery]) -> HttpResponseBase:
    """Open ones, the worst first, unless the filters say otherwise."""
    requested_account(request, query)  # refuses what the list cannot be filtered by
    scope = scope_of(request)
    filters = replace(filters_of(scope, query), sort=query.sort)
    if query.group_by:
        return reply(_grouped(scope, filters, query))
    rows = finding_queries.findings(scope, filters)
    if query.format == "ocsf":
        from scans.findings.ocsf import ocsf_answer  # its classes take a tenth of a second to load, and few ask

        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=actor_of(request),
            owner=scope.owner,
            what="findings",
            format="ocsf",
            query=request.GET.urlencode()[:300],
        )
        return ocsf_answer(scope, rows)
    return page_of(rows, query, lambda page: rows_with_links(scope, page, _finding))


@findings.get("/{uuid:finding_id}", summary="Get a finding", **answers({200: FindingDetail}, 404))
def get_finding(request: HttpRequest, response: HttpResponse, finding_id: UUID) -> dict[str, Any]:
    scope = scope_of(request)
    row = finding_queries.find_finding(scope, finding_id)
    if row is None:
        raise Http404
    tagged(response, state_of(row))
    return detail_of(scope, row)


def state_of(row: Finding) -> list[Any]:
    """What a PATCH changes: a scan that sees the finding once more must not make that impossible."""
    return [row.assignee, row.due]


def detail_of(scope: Scope, row: Finding) -> dict[str, Any]:
    """As `FindingDetail`."""
    account = find(scope, row.account)
    # Filled in now: a finding stores the facts, and neither command nor snippet (docs/decisions/0019).
    remediation = remediation_of(row, account, find_asset(scope, row.asset))
    return {
        **_finding(row),
        "console_link": remediation.console_url,
        "evidence": row.evidence,
        "remediation": asdict(remediation),
        "controls": [
            # From the frameworks' files, the only place where numbers of benchmarks stand (docs/compliance.md).
            {"framework": citation.framework.slug, "control": citation.control.id}
            for citation in catalogue_of(scope.owner).citations_of(row.check_id)
        ],
    }


def filters_of(scope: Scope, query: FindingFilters) -> FindingFilter:
    """Raises `InputError` for a value that a closed filter does not have, and for a group that is not the caller's."""
    values = filter_values(scope, query)
    allowed: dict[str, Collection[str]] = {
        "severity": list(Severity), "status": STATES, "environment": Environment.values,
    }  # fmt: skip
    names = ("severity", "status", "environment", "service", "check", "control", "region", "assignee")
    many: dict[str, tuple[Any, ...]] = {
        name: tuple(filter(None, map(str.strip, values[name].split(",")))) for name in names
    }
    for name, known in allowed.items():
        if any(value not in known for value in many[name]):
            raise InputError({name: f"Choose among {', '.join(known)}."})
    known_frameworks = frameworks_of(scope.owner) if many["control"] else {}
    if any(control.partition(":")[0] not in known_frameworks for control in many["control"]):
        raise InputError({"control": f"Give framework:control, with one of {', '.join(known_frameworks)}."})
    single = ("provider", "account", "group", "tag")
    many |= {name: (values[name],) if values[name] else () for name in single}
    alone = ("q", "age", "run", "mute_rule")
    given: dict[str, Any] = {**many, **{name: values[name] for name in alone if values[name]}}
    return FindingFilter(**given)


def _grouped(scope: Scope, filters: FindingFilter, query: FindingQuery) -> dict[str, Any]:
    rows, start, stop = finding_queries.findings(scope, filters), query.offset, query.offset + query.limit
    if query.group_by == "check":
        checks, count = groups.by_check(rows, FacetCounter(scope, filters).check_lines(), start=start, stop=stop)
        return {"items": [_picked(group, CheckGroupRow) for group in checks], "count": count}
    by = groups.by_resource if query.group_by == "resource" else groups.by_account
    row_groups, count = by(rows, start, stop)
    if query.group_by == "resource":
        items = [{"asset_key": row.key, "asset_name": row.label, "account": row.account, "severity": row.severity,
                  "count": row.count} for row in row_groups]  # fmt: skip
        return {"items": items, "count": count}
    return {
        "items": [
            {"account": row.account, "account_name": row.label, "count": row.count,
             **dict(zip(map(str, Severity), row.numbers, strict=True))}
            for row in row_groups
        ],
        "count": count,
    }  # fmt: skip


def _picked(group: object, schema: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(group, name) for name in schema.model_fields}


def _finding(row: Finding) -> dict[str, Any]:
    # As people say it: suppressed is no status of the row (see `FindingStatus`).
    return {**row_fields(row, FindingRow, "console_link", "status"), "status": row.state}
