"""The page of one job: its progress, and the outcome of each item."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST, require_safe

from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import is_permitted, needs_password
from cloudaccounts.jobs.handlers import right_of
from cloudaccounts.jobs.queries import failure_causes, find_job, job_items, jobs
from cloudaccounts.jobs.requests import cancel_job, retry_failed
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState
from cloudaccounts.operations.workers import worker_state
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web import reauthentication
from cloudaccounts.web.pagination import slice_of
from teams.access import why_refused

PAGE_SIZE = 50
JOBS_SHOWN = 25
FINDING = "finding:"  # before the id of a finding, where that is the subject of an item


class ItemPaginator(Paginator[JobItem]):
    """All of a job's items, which the job has counted: a person may look for the last of them."""

    object_list: QuerySet[JobItem]
    number: int | None = None

    @cached_property
    def count(self) -> int:
        return super().count if self.number is None else self.number

    def page(self, number: int | str) -> Page[JobItem]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(slice_of(self.object_list, start, min(start + self.per_page, self.count)), number, self)


@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    page = page_of(jobs(scope_of(request)), request.GET.get("page"), JOBS_SHOWN)
    return render(request, "cloudaccounts/job_list.html", {"page": page})


@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return render(request, "cloudaccounts/job.html", _context(request, _job_or_404(request, job_id)))


@require_safe
def job_panel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return render(request, "cloudaccounts/panels/job.html", _context(request, _job_or_404(request, job_id)))


@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job_or_404(request, job_id)
    if cancel_job(job, actor=Actor.of_request(request)):
        messages.success(request, "Cancelled. What was done stays done.")
    else:
        messages.info(request, "This job had ended already.")
    return redirect("job", job_id=job.pk)


@require_POST
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job_or_404(request, job_id)
    # Of who asks now, and not of who asked first: a role that may not do this may not repeat it either.
    right, scope = right_of(job), scope_of(request)
    if not scope.has(right):
        cause, remedy = why_refused(right, scope.role)
        return render(request, "403.html", {"cause": cause, "remedy": remedy}, status=403)
    # Rights are checked anew: an operator may have lost them since the job was started.
    if not is_permitted(job, asks=request.user):
        messages.error(request, "You have no permission any more to do this to accounts of all owners.")
        return redirect("job", job_id=job.pk)
    # Repeating asks for the password as the first time did: a dangerous action is no less so on the second try.
    if needs_password(job) and not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("job", args=[job.pk]))
    retry = retry_failed(job, actor=Actor.of_request(request), scope=scope)
    if retry is None:
        messages.info(request, "Nothing failed in this job.")
    return redirect("job", job_id=(retry or job).pk)


def _job_or_404(request: HttpRequest, job_id: UUID) -> Job:
    job = find_job(scope_of(request), job_id)
    if job is None:
        raise Http404
    return job


def _context(request: HttpRequest, job: Job) -> dict[str, Any]:
    state = request.GET.get("state", "")
    state = state if state in ItemState.values else ""
    scope = scope_of(request)
    items = job_items(scope, job, state=state)
    paginator = ItemPaginator(items, PAGE_SIZE)
    if not state and not scope.limited:
        paginator.number = job.total
    return {
        "job": job,
        "causes": failure_causes(scope_of(request), job),
        "organization": _organization(job),
        "finding": _finding(job),
        "page": paginator.get_page(request.GET.get("page")),
        # Only while something waits: an ended job needs no worker.
        "worker": worker_state("fleet", job) if job.is_active else None,
        "may_retry": job.failed > 0 and not job.is_active and scope.has(right_of(job)),
    }


def _finding(job: Job) -> UUID | None:
    """The finding that a job is about, where it is one alone: the way back leads there."""
    if job.total != 1 or not job.kind.startswith("findings."):
        return None
    subject = JobItem.objects.filter(job=job.pk).values_list("subject", flat=True).first() or ""
    try:
        return UUID(subject.removeprefix(FINDING)) if subject.startswith(FINDING) else None
    except ValueError:
        return None


def _organization(job: Job) -> UUID | None:
    """The organization that a job is about: its set-up is what would have prevented most failures."""
    try:
        return UUID(str(job.options.get("organization", "")))
    except ValueError:
        return None
