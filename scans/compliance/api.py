"""The API's calls about compliance. Imported only when the API is called.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import is_naive, make_aware
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import problem, reply
from cloudaccounts.api.auth import actor_of, owner_of
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown
from cloudaccounts.api.schemas import Input
from cloudaccounts.groups.services import find_groups
from scans.api_common import GroupName
from scans.compliance.answers import ControlEvaluatedError, answer_control
from scans.compliance.catalogue import find_framework, frameworks
from scans.compliance.coverage import coverage_of
from scans.compliance.evaluation import ControlState
from scans.compliance.queries import report_on, reports_on
from scans.compliance.schema import Control, Framework
from scans.compliance.scope import Scope, accounts_in_scope
from scans.compliance.shapes import answer_json, coverage_json, framework_json, report_json

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


@compliance.get("/", summary="List frameworks", **answers({200: FrameworkPage}, 404, 422))
def list_frameworks(request: HttpRequest, query: Query[ScopeQuery]) -> HttpResponse:
    """Each with its numbers over your accounts, or over those that the query names."""
    reports = reports_on(frameworks().values(), _scope(request, query))
    return reply({"items": [framework_json(report) for report in reports], "count": len(reports)})


@compliance.get("/{framework}", summary="One framework", **answers({200: FrameworkReport}, 404, 422))
def get_framework(request: HttpRequest, framework: str, query: Query[ScopeQuery]) -> HttpResponse:
    """Each control with its state. Passed: every rule of it was evaluated on every account, and nothing is unread."""
    known = _framework_or_404(framework)
    scope = _scope(request, query)
    report = report_on(known, scope)
    # Beside the controls in every answer: a report always says what it does not rest on.
    return reply({**report_json(report), "not_read": coverage_json(coverage_of(scope, known.provider))})


@compliance.put(
    "/{framework}/{control}/answer", summary="Answer a manual control", **answers({200: Answer}, 404, 409, body=True)
)
def put_answer(request: HttpRequest, framework: str, control: str, body: NewAnswer) -> HttpResponse:
    """In place of an earlier answer, which stays in the audit. 409 where rules decide the control."""
    known = _framework_or_404(framework)
    values = {**body.model_dump(), "until": _aware(body.until)}
    try:
        answer = answer_control(
            owner_of(request), known, _control_or_404(known, control), actor=actor_of(request), **values
        )
    # 409 and not 422: no other value would be taken for this control.
    except ControlEvaluatedError as error:
        return problem(409, error.code, error.cause, error.remedy)
    return reply(answer_json(answer))


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone, as a plain date gives it, is the server's."""
    return make_aware(moment) if moment and is_naive(moment) else moment


def _scope(request: HttpRequest, query: ScopeQuery) -> Scope:
    # A misspelt parameter would answer for all accounts, which scripts take for the report that they asked for.
    refuse_unknown(request, type(query))
    owner = owner_of(request)
    # Else somebody else's account would be an empty report: `accounts_in_scope` only finds nothing of it.
    if query.account:
        account_or_404(request, query.account)
    group = find_groups(owner, [query.group], field="group")[0] if query.group else None
    return accounts_in_scope(owner, account=query.account, group=group)


def _framework_or_404(slug: str) -> Framework:
    framework = find_framework(slug)
    if framework is None:
        raise Http404
    return framework


def _control_or_404(framework: Framework, identifier: str) -> Control:
    control = framework.control(identifier)
    if control is None:
        raise Http404
    return control
