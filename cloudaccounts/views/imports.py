"""Import in the browser: a file, its dry run row by row, and the import of what the dry run found fit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.forms.imports import ImportForm
from cloudaccounts.imports.uploads import IMPORT, causes_of, import_for_good, is_dry_run, start_import, template
from cloudaccounts.jobs.documents import is_kept
from cloudaccounts.jobs.queries import find_job, job_items
from cloudaccounts.jobs.queries import jobs as jobs_of
from cloudaccounts.models import Job
from cloudaccounts.models.job import JobState
from cloudaccounts.operations.workers import worker_state
from cloudaccounts.views.common import scope_of

PAGE_SIZE = 50
LATEST = 5
TEMPLATES = {"csv": "text/csv; charset=utf-8", "yaml": "application/yaml; charset=utf-8"}


@require_http_methods(["GET", "HEAD", "POST"])
def import_accounts(request: HttpRequest) -> HttpResponse:
    """A POST reads the file and begins its dry run; nothing is connected yet."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = start_import(
                scope_of(request), actor=Actor.of_request(request), name=file.name or "", content=file.read()
            )
        except TeamLimitError:
            raise  # answered 429, see config.middleware
        except ProviderError as error:
            form.add_error("file", f"{error.cause} {error.remedy}".strip())
        else:
            return redirect("import-job", job_id=job.pk)
    latest = list(jobs_of(scope_of(request)).filter(kind=IMPORT)[:LATEST])
    context = {"form": form, "latest": latest}
    return render(request, "cloudaccounts/import.html", context, status=422 if form.is_bound else 200)


@require_safe
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in TEMPLATES:
        raise Http404
    disposition = f'attachment; filename="accounts.{kind}"'
    return HttpResponse(template(kind), content_type=TEMPLATES[kind], headers={"Content-Disposition": disposition})


@require_safe
def import_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return render(request, "cloudaccounts/import_job.html", _context(request, _job_or_404(request, job_id)))


@require_safe
def import_panel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The progress, which the page polls. Once it has ended, HX-Refresh shows what came of it."""
    job = _job_or_404(request, job_id)
    response = render(request, "cloudaccounts/panels/import.html", _context(request, job))
    if not job.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def import_start(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Connects what the dry run found fit."""
    job = _job_or_404(request, job_id)
    if not is_dry_run(job):
        raise Http404
    try:
        started = import_for_good(job, scope=scope_of(request), actor=Actor.of_request(request))
    except TeamLimitError:
        raise
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())
        return redirect("import-job", job_id=job.pk)
    return redirect("import-job", job_id=started.pk)


def _job_or_404(request: HttpRequest, job_id: UUID) -> Job:
    job = find_job(scope_of(request), job_id)
    if job is None or job.kind != IMPORT:
        raise Http404
    return job


def _context(request: HttpRequest, job: Job) -> dict[str, Any]:
    page = Paginator(job_items(scope_of(request), job), PAGE_SIZE).get_page(request.GET.get("page"))
    return {
        "job": job,
        "dry_run": is_dry_run(job),
        "causes": causes_of(job),
        "page": page,
        "may_start": is_dry_run(job) and job.state == JobState.FINISHED and job.done > 0 and is_kept(job),
        "worker": worker_state("fleet", job) if job.is_active else None,
    }
