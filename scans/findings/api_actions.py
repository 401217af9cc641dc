"""The API's calls that change findings: suppressing, assigning, commenting, checking again.

On the router of the reads, since some of their addresses are the same.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from pydantic import BaseModel, Field, StrictStr

from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, is_conditional, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.schemas import Input
from cloudaccounts.errors import InputError
from scans.api_common import require_provider
from scans.findings import triage
from scans.findings.api import FindingDetail, FindingFilters, detail_of, filters_of, state_of
from scans.findings.api import findings as findings  # the API's router, with these calls
from scans.findings.bulk import AT_ONCE, change_findings
from scans.findings.filters import FindingFilter
from scans.findings.queries import find_finding
from scans.findings.recheck import request_recheck
from scans.models import Finding, FindingComment

Until = Annotated[
    date | datetime | None,
    Field(
        description="An ISO date, on which it counts again as the day begins in UTC, or an ISO time.",
        examples=["2027-06-30"],
    ),
]


class FilterInput(FindingFilters, Input):
    """The names of the list's query."""


class Suppression(Input):
    """``ids`` or ``filter``: one of them."""

    ids: Annotated[list[UUID], Field(max_length=AT_ONCE)] | None = None
    filter: Annotated[
        FilterInput | None,
        Field(description="The names of the list's query.", examples=[{"check": "aws_s3_bucket_public_access"}]),
    ] = None
    reason: Annotated[StrictStr, Field(max_length=500, examples=["A public web site"])]
    until: Until = None


class SuppressedAnswer(BaseModel):
    suppressed: Annotated[int, Field(description="How many findings were suppressed.")]


class JobAnswer(BaseModel):
    job_id: Annotated[UUID, Field(description="See /jobs/{id}.")]


class FindingChanges(Input):
    """What is not named stays as it is."""

    assignee: Annotated[StrictStr, Field(max_length=150, description="A member's user name; empty: nobody.")] = ""
    due: Annotated[date | None, Field(examples=["2027-01-31"])] = None


class NewComment(Input):
    text: Annotated[StrictStr, Field(max_length=2000, examples=["The web team closes it on Monday."])]


class CommentRow(BaseModel):
    id: UUID
    author: str
    text: str
    created_at: datetime


class CommentList(BaseModel):
    items: list[CommentRow]
    count: int


@findings.post(
    "/suppress",
    summary="Suppress findings",
    **answers({200: SuppressedAnswer, 202: JobAnswer}, 404, 422, body=True),
)
def suppress(request: HttpRequest, body: Suppression) -> HttpResponse:
    """At once up to 1,000 findings; of a filter that names more, a job does it."""
    scope = scope_of(request)
    if (body.ids is None) == (body.filter is None):
        raise InputError({"ids": "Give ids or a filter, one of them."})
    chosen: list[UUID] | FindingFilter = body.ids or []
    if body.filter is not None:
        require_provider(body.filter)
        chosen = filters_of(scope, body.filter)
        if not chosen.narrows:
            raise InputError({"filter": "Name at least one filter: without any it would be everything."})
    until = end_of(body.until)
    options = {"reason": body.reason, "until": until.isoformat() if until else ""}
    changed = change_findings(scope, chosen, "suppress", options, actor=actor_of(request))
    if changed.job is not None:
        return reply({"job_id": str(changed.job.pk)}, status=202)
    return reply({"suppressed": changed.number})


@findings.post("/{uuid:finding_id}/recheck", summary="Check a finding again", **answers({202: JobAnswer}, 404))
def recheck(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """Reads that one resource now, and evaluates it as a scan does."""
    finding = finding_or_404(request, finding_id)
    job = request_recheck(scope_of(request), [finding.pk], actor=actor_of(request))
    return reply({"job_id": str(job.pk)}, status=202)


@findings.patch(
    "/{uuid:finding_id}", summary="Change a finding", **answers({200: FindingDetail}, 404, body=True, matched=True)
)
@one_at_a_time
def change(request: HttpRequest, response: HttpResponse, finding_id: UUID, body: FindingChanges) -> dict[str, Any]:
    """Whose it is, and until when it is to be resolved."""
    scope, finding = scope_of(request), finding_or_404(request, finding_id)
    check_match(request, state_of(finding))
    given, actor = body.model_dump(exclude_unset=True), actor_of(request)
    # Pages change findings too, and many at once: so each change is a condition on what was read.
    seen = {"assignee": finding.assignee, "due": finding.due} if is_conditional(request) else None
    if "assignee" in given:
        triage.assign(scope, [finding.pk], actor=actor, assignee=given["assignee"], seen=seen)
        seen = seen and {**seen, "assignee": given["assignee"].strip()}
    if "due" in given:
        triage.set_due(scope, [finding.pk], actor=actor, due=given["due"], seen=seen)
    finding = finding_or_404(request, finding_id)
    tagged(response, state_of(finding))
    return detail_of(scope, finding)


@findings.get("/{uuid:finding_id}/comments", summary="List comments", **answers({200: CommentList}, 404))
def list_comments(request: HttpRequest, finding_id: UUID) -> dict[str, Any]:
    """The oldest first."""
    items = [_comment(row) for row in triage.comments_of(finding_or_404(request, finding_id))]
    return {"items": items, "count": len(items)}


@findings.post("/{uuid:finding_id}/comments", summary="Comment", **answers({201: CommentRow}, 404, body=True))
def add_comment(request: HttpRequest, finding_id: UUID, body: NewComment) -> HttpResponse:
    row = triage.comment(finding_or_404(request, finding_id), actor=actor_of(request), text=body.text)
    return reply(_comment(row), status=201)


def finding_or_404(request: HttpRequest, finding_id: UUID) -> Finding:
    finding = find_finding(scope_of(request), finding_id)
    if finding is None:
        raise Http404
    return finding


def end_of(until: date | datetime | None) -> datetime | None:
    """A day ends a suppression as it begins, in UTC; so does a time without a zone."""
    if until is None:
        return None
    moment = until if isinstance(until, datetime) else datetime.combine(until, time.min)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _comment(row: FindingComment) -> dict[str, Any]:
    return {"id": row.pk, "author": row.author, "text": row.text, "created_at": row.created_at}
