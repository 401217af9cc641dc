"""The API's calls about compliance. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import is_naive, make_aware
from ninja import Query, Router
from pydantic import BaseModel, Field, StrictStr

from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import problem, reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, is_conditional, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown
from cloudaccounts.api.schemas import Input
from cloudaccounts.groups.services import find_groups
from scans.api_common import GroupName
from scans.compliance.answers import ControlEvaluatedError, answer_control, find_answer
from scans.compliance.coverage import coverage_of
from scans.compliance.evaluation import ControlState
from scans.compliance.fleet import FRAMEWORKS, is_large
from scans.compliance.own.catalogue import find_framework, frameworks_of, is_own
from scans.compliance.own.example import EXAMPLE
from scans.compliance.own.reading import read_own
from scans.compliance.own.schema import LARGEST
from scans.compliance.own.services import (
    FrameworkExistsError,
    add_framework,
    delete_framework,
    find_own,
    replace_framework,
    revisions_of,
)
from scans.compliance.queries import report_on, reports_on
from scans.compliance.schema import Control, Framework
from scans.compliance.scope import ReportScope, accounts_in_scope
from scans.compliance.shapes import answer_json, coverage_json, framework_json, report_json
from scans.models import OwnFramework

compliance = Router(tags=["Compliance"])


class Totals(BaseModel):
    """Controls by state."""

    passed: int
    failed: int
    unknown: int
    muted: int
    manual: int
    not_covered: int
    controls: int


class FrameworkRow(BaseModel):
    framework: Annotated[str, Field(examples=["cis_aws_5.0"])]
    title: Annotated[str, Field(examples=["CIS Amazon Web Services Foundations Benchmark"])]
    version: Annotated[str, Field(examples=["5.0.0"])]
    provider: Annotated[str, Field(description="Empty where it is about all clouds.")]
    source: Annotated[str, Field(examples=["https://www.cisecurity.org/benchmark/amazon_web_services"])]
    accounts: Annotated[int, Field(description="Accounts in scope that it is about.", examples=[12])]
    evaluated_at: Annotated[datetime | None, Field(description="The oldest of the scans that this rests on.")]
    totals: Totals
    own: Annotated[bool, Field(description="Whether the team wrote it itself.")]


class FrameworkPage(BaseModel):
    items: list[FrameworkRow]
    count: int


class AccountNumbers(BaseModel):
    """Accounts in scope, by how the control stands in them."""

    passed: int
    failed: int
    unknown: int
    muted: int
    not_covered: int


class Answer(BaseModel):
    state: Literal["passed", "failed"]
    note: str
    evidence_file: str
    until: datetime | None
    answered_by: str
    answered_at: datetime


class Setting(BaseModel):
    """What the team set otherwise than a check comes."""

    kind: Literal["threshold", "severity"]
    check_id: str
    label: Annotated[str, Field(description="Of the threshold; empty for a severity.")]
    value: Annotated[str, Field(examples=["180"])]
    usual: Annotated[str, Field(examples=["90"])]
    unit: Annotated[str, Field(examples=["days"])]
    looser: Annotated[bool, Field(description="More passes, or counts for less, than by the check itself.")]
    set_by: str
    set_at: datetime
    reason: str


class ControlRow(BaseModel):
    id: Annotated[str, Field(examples=["2.1.1"])]
    title: Annotated[str, Field(examples=["Buckets refuse requests without TLS"])]
    section: Annotated[str, Field(examples=["2.1"])]
    assessment: Literal["automated", "manual"]
    level: int | None
    state: ControlState
    reason: Annotated[str, Field(description="Why it is not simply passed or failed; empty otherwise.")]
    check_ids: Annotated[list[str], Field(examples=[["aws_s3_bucket_tls_only"]])]
    failed: Annotated[int, Field(description="Failures of its checks, suppressed ones left out.", examples=[3])]
    muted: Annotated[int, Field(description="Suppressed failures of its checks.", examples=[0])]
    accounts: AccountNumbers
    settings: Annotated[list[Setting], Field(description="Of its checks, as the team set them.")]
    answer: Answer | None


class Unread(BaseModel):
    """An account of which not everything was read."""

    account: UUID
    name: str
    why: Annotated[list[str], Field(examples=[["Not read: ec2 in eu-west-1."]])]


class FrameworkReport(FrameworkRow):
    controls: list[ControlRow]
    not_read: Annotated[list[Unread], Field(description="What this report does not rest on.")]


class ScopeQuery(BaseModel):
    account: Annotated[UUID | None, Field(description="One account of yours.")] = None
    group: GroupName = ""


class NewAnswer(Input):
    state: Annotated[Literal["passed", "failed"], Field(examples=["passed"])]
    note: Annotated[
        str, Field(max_length=1000, examples=["Both contacts reach the security team's list; called on 30 November."])
    ]
    evidence_file: Annotated[
        str, Field(max_length=200, description="The name of a file that you keep.", examples=["contacts-2026-11.pdf"])
    ] = ""
    until: Annotated[datetime | None, Field(description="Then it waits for a person again.")] = None


class OwnSource(Input):
    yaml: Annotated[
        StrictStr,
        Field(max_length=LARGEST, description="The framework, as docs/compliance.md describes it.", examples=[EXAMPLE]),
    ]


class OwnRow(BaseModel):
    framework: Annotated[str, Field(examples=["own_baseline_1.0"])]
    revision: int
    author: str
    updated_at: datetime


class RevisionRow(BaseModel):
    revision: int
    author: str
    at: datetime


class OwnFrameworkSource(OwnRow):
    yaml: str
    revisions: Annotated[list[RevisionRow], Field(description="Those that it replaced, the latest first.")]


@compliance.get("/", summary="List frameworks", **answers({200: FrameworkPage}, 404, 422))
def list_frameworks(request: HttpRequest, query: Query[ScopeQuery]) -> HttpResponse:
    """Each with its numbers over your accounts, or over those that the query names."""
    team = scope_of(request)
    if not (query.account or query.group) and is_large(team):
        refuse_unknown(request, ScopeQuery)
        reports = FRAMEWORKS.of(team).numbers
    else:
        reports = reports_on(frameworks_of(team.owner).values(), _scope(request, query))
    return reply({"items": [framework_json(report) for report in reports], "count": len(reports)})


@compliance.get("/{framework}", summary="One framework", **answers({200: FrameworkReport}, 404, 422))
def get_framework(request: HttpRequest, framework: str, query: Query[ScopeQuery]) -> HttpResponse:
    """Each control with its state. Passed: every rule of it was evaluated on every account, and nothing is unread."""
    known = _framework_or_404(request, framework)
    scope = _scope(request, query)
    report = report_on(known, scope)
    # Beside the controls in every answer: a report always says what it does not rest on.
    return reply({**report_json(report), "not_read": coverage_json(coverage_of(scope, known.provider))})


@compliance.get(
    "/{framework}/{control}/answer", summary="The answer for a manual control", **answers({200: Answer}, 404)
)
def get_answer(request: HttpRequest, framework: str, control: str) -> HttpResponse:
    """Also one whose time has passed. 404 where nobody has answered it."""
    known = _framework_or_404(request, framework)
    answer = find_answer(scope_of(request).owner, known, _control_or_404(known, control))
    if answer is None:
        raise Http404
    return tagged(reply(answer_json(answer)), answer_json(answer))


@compliance.put(
    "/{framework}/{control}/answer",
    summary="Answer a manual control",
    **answers({200: Answer}, 404, 409, body=True, matched=True),
)
@one_at_a_time
def put_answer(request: HttpRequest, framework: str, control: str, body: NewAnswer) -> HttpResponse:
    """In place of an earlier answer, which stays in the audit. 409 where rules decide the control."""
    known, owner = _framework_or_404(request, framework), scope_of(request).owner
    control_asked = _control_or_404(known, control)
    earlier = find_answer(owner, known, control_asked)
    check_match(request, answer_json(earlier) if earlier else None)
    values = {**body.model_dump(), "until": _aware(body.until)}
    try:
        answer = answer_control(owner, known, control_asked, actor=actor_of(request), **values)
    # 409 and not 422: no other value would be taken for this control.
    except ControlEvaluatedError as error:
        return problem(409, error.code, error.cause, error.remedy)
    return tagged(reply(answer_json(answer)), answer_json(answer))


@compliance.post("/", summary="Add a framework of your own", **answers({201: OwnRow}, 409, body=True))
def add_own(request: HttpRequest, body: OwnSource) -> HttpResponse:
    """Evaluated by the checks that it names, and listed beside the others. 409 where the team has one of this slug."""
    content = read_own(body.yaml)
    try:
        row = add_framework(scope_of(request).owner, content, body.yaml, actor=actor_of(request))
    except FrameworkExistsError as error:
        return problem(409, error.code, error.cause, error.remedy)
    return tagged(reply(_own_json(row), status=201), _state(row))


@compliance.get(
    "/{framework}/source", summary="A framework of your own as YAML", **answers({200: OwnFrameworkSource}, 404)
)
def get_source(request: HttpRequest, framework: str) -> HttpResponse:
    """As it was given, with the revisions that it replaced."""
    row = _own_or_404(request, framework)
    revisions = [{"revision": old.revision, "author": old.author, "at": old.at} for old in revisions_of(row)]
    return tagged(reply({**_own_json(row), "yaml": row.text, "revisions": revisions}), _state(row))


@compliance.put(
    "/{framework}", summary="Replace a framework of your own", **answers({200: OwnRow}, 404, body=True, matched=True)
)
@one_at_a_time
def replace_own(request: HttpRequest, framework: str, body: OwnSource) -> HttpResponse:
    """The former text is kept as a revision. Answers for controls that are no longer there go; the audit has them."""
    row = _own_or_404(request, framework)
    check_match(request, _state(row))
    row = replace_framework(row, read_own(body.yaml), body.yaml, actor=actor_of(request))
    return tagged(reply(_own_json(row)), _state(row))


@compliance.delete("/{framework}", summary="Delete a framework of your own", **answers({204: None}, 404, matched=True))
@one_at_a_time
def delete_own(request: HttpRequest, framework: str) -> HttpResponse:
    """With the answers of people to its controls and its course over time. The product's own stay."""
    row = _own_or_404(request, framework)
    check_match(request, _state(row))
    delete_framework(row, actor=actor_of(request), as_read=is_conditional(request))
    return HttpResponse(status=204)


def _own_or_404(request: HttpRequest, slug: str) -> OwnFramework:
    # The product's own are nobody's to change: as if there were none.
    row = find_own(scope_of(request).owner, slug) if is_own(slug) else None
    if row is None:
        raise Http404
    return row


def _own_json(row: OwnFramework) -> dict[str, Any]:
    return {"framework": row.slug, "revision": row.revision, "author": row.author, "updated_at": row.updated_at}


def _state(row: OwnFramework) -> list[Any]:
    """What callers may change, for their ETag."""
    return [row.slug, row.revision]


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone, as a plain date gives it, is the server's."""
    return make_aware(moment) if moment and is_naive(moment) else moment


def _scope(request: HttpRequest, query: ScopeQuery) -> ReportScope:
    # A misspelt parameter would answer for all accounts, which scripts take for the report that they asked for.
    refuse_unknown(request, type(query))
    team = scope_of(request)
    # Else somebody else's account would be an empty report: `accounts_in_scope` only finds nothing of it.
    if query.account:
        account_or_404(request, query.account)
    group = find_groups(team, [query.group], field="group")[0] if query.group else None
    return accounts_in_scope(team, account=query.account, group=group)


def _framework_or_404(request: HttpRequest, slug: str) -> Framework:
    framework = find_framework(scope_of(request).owner, slug)
    if framework is None:
        raise Http404
    return framework


def _control_or_404(framework: Framework, identifier: str) -> Control:
    control = framework.control(identifier)
    if control is None:
        raise Http404
    return control
