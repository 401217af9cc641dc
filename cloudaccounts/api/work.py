"""Calls about jobs, the audit and notices: what is under way and what happened.

No postponed annotations here: ninja reads them through decorators.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import scope_of
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of, refuse_unknown
from cloudaccounts.api.schemas import Listed, Page
from cloudaccounts.audit import queries as audit_queries
from cloudaccounts.audit.queries import AuditFilter
from cloudaccounts.jobs import queries as job_queries
from cloudaccounts.models import AuditEvent, Job, Notice
from cloudaccounts.models.job import ItemState, JobState
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications import queries as notice_queries

jobs = Router(tags=["Jobs"])
audit = Router(tags=["Audit"])
notices = Router(tags=["Notices"])
SHOWN_FAILURES = 100


class JobStarted(BaseModel):
    """Long work: its progress is at /jobs/{id}."""

    job_id: UUID


class JobRow(BaseModel):
    id: UUID
    kind: Annotated[str, Field(examples=["organization.onboard"])]
    title: Annotated[str, Field(examples=["Onboard members of Meadowlark"])]
    state: JobState
    total: Annotated[int, Field(examples=[12])]
    done: Annotated[int, Field(examples=[11])]
    failed: Annotated[int, Field(examples=[1])]
    skipped: Annotated[int, Field(description="There was nothing to do.", examples=[0])]
    requested_by: Annotated[str, Field(examples=["alice"])]
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Failure(BaseModel):
    subject: Annotated[str, Field(description="What it was about: the id of an account or a member, a line.")]
    label: Annotated[str, Field(examples=["payments 111122223333"])]
    code: Annotated[str, Field(examples=["role_not_assumable"])]
    cause: str
    remedy: str


class JobWithFailures(JobRow):
    failures: Annotated[list[Failure], Field(description=f"Those of its items that failed, {SHOWN_FAILURES} at most.")]


class JobPage(Listed):
    items: list[JobRow]


class JobQuery(Page):
    state: JobState | None = None


class AuditRow(BaseModel):
    id: UUID
    at: datetime
    action: Annotated[str, Field(examples=["account.created"])]
    actor: Annotated[str, Field(examples=["alice"])]
    via: Annotated[str, Field(description="page, api, admin, command or worker.", examples=["api"])]
    address: Annotated[str, Field(examples=["192.0.2.7"])]
    account: UUID | None
    account_name: Annotated[str, Field(examples=["payments"])]
    text: Annotated[str, Field(examples=["Account connected by alice; credentials encrypted"])]
    detail: dict[str, Any]


class AuditPage(Listed):
    items: list[AuditRow]


class AuditQuery(Page):
    subject: Annotated[str, Field(max_length=40, description="The first word of the action: account, scan …")] = ""
    action: Annotated[str, Field(max_length=64)] = ""
    account: UUID | None = None
    actor: Annotated[str, Field(max_length=160, description="Exactly as the rows name it.")] = ""
    first: Annotated[date | None, Field(description="The first day, in UTC.")] = None
    last: Annotated[date | None, Field(description="The last day, in UTC; it is included.")] = None


class NoticeRow(BaseModel):
    id: UUID
    kind: NoticeKind
    account: UUID | None
    account_name: Annotated[str, Field(examples=["payments"])]
    text: Annotated[str, Field(examples=["payments has failed: the role cannot be assumed any more."])]
    remedy: str
    created_at: datetime


class NoticePage(Listed):
    items: list[NoticeRow]


class NoticeQuery(Page):
    kind: NoticeKind | None = None
    account: UUID | None = None


@jobs.get("/", summary="List jobs", **answers({200: JobPage}, 422))
def list_jobs(request: HttpRequest, query: Query[JobQuery]) -> HttpResponse:
    """The latest first."""
    refuse_unknown(request, JobQuery)
    rows = job_queries.jobs(scope_of(request))
    if query.state:
        rows = rows.filter(state=query.state)
    return page_of(rows, query, lambda page: [_job(job) for job in page])


@jobs.get("/{uuid:job_id}", summary="One job", **answers({200: JobWithFailures}, 404))
def get_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Its progress, and why items failed. It has ended when `state` is `finished` or `cancelled`."""
    job = job_queries.find_job(scope_of(request), job_id)
    if job is None:
        raise Http404
    failed = job_queries.job_items(scope_of(request), job, state=ItemState.FAILED)[:SHOWN_FAILURES]
    failures = [{name: getattr(item, name) for name in Failure.model_fields} for item in failed]
    return reply({**_job(job), "failures": failures})


@audit.get("/", summary="List events of the audit", **answers({200: AuditPage}, 422))
def list_events(request: HttpRequest, query: Query[AuditQuery]) -> HttpResponse:
    """Who did what and when, the newest first. For auditors and owners of a team."""
    refuse_unknown(request, AuditQuery)
    filters = AuditFilter(**query.model_dump(include={"subject", "action", "account", "actor", "first", "last"}))
    return page_of(audit_queries.events(scope_of(request), filters), query, _events)


@notices.get("/", summary="List notices", **answers({200: NoticePage}, 422))
def list_notices(request: HttpRequest, query: Query[NoticeQuery]) -> HttpResponse:
    """What happened and wants attention, the newest first."""
    refuse_unknown(request, NoticeQuery)
    rows = notice_queries.notices(scope_of(request))
    equal = {"kind": query.kind, "account": query.account}
    rows = rows.filter(**{name: value for name, value in equal.items() if value})
    return page_of(rows, query, _notices)


def _job(job: Job) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in JobRow.model_fields if name not in {"id", "requested_by"}}
    return {"id": job.pk, **values, "requested_by": str(job.actor.get("label", ""))}


def _events(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    return [
        {
            "id": event.pk, "at": event.created_at, "action": event.action, "actor": event.actor_label,
            "via": event.via, "address": event.address, "account": event.account,
            "account_name": event.account_label, "text": event.full_text, "detail": event.detail,
        }
        for event in events
    ]  # fmt: skip


def _notices(rows: Iterable[Notice]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk, "kind": row.kind, "account": row.account, "account_name": row.account_label,
            "text": row.text, "remedy": row.remedy, "created_at": row.created_at,
        }
        for row in rows
    ]  # fmt: skip
