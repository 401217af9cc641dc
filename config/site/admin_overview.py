"""The operators' overview in the admin: failed accounts, overdue credentials, stuck scans, queues and workers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cloudaccounts.operations import overview as operation_overview
from cloudaccounts.operations.workers import confirm_key
from config.waiting import QUEUES
from scans.runs import queries as run_queries
from scans.runs.queries import queued_scans
from teams.queries import names_of

SHOWN = 10


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """A fixed number of queries. None reads more rows than the page shows, or counts beyond a thousand."""
    if not request.user.has_perm("cloudaccounts.view_cloudaccount"):
        raise PermissionDenied
    failed, overdue = operation_overview.failed_accounts(SHOWN), operation_overview.overdue_accounts(SHOWN)
    expired = operation_overview.expired_accounts(SHOWN)
    stuck = run_queries.stuck(SHOWN)
    jobs = operation_overview.unfinished_jobs(SHOWN)
    # One query of the users' database for all tables of the page.
    names = names_of(operation_overview.owners_of(failed.rows, overdue.rows, expired.rows, stuck, jobs.rows))
    for row in (*failed.rows, *overdue.rows, *expired.rows, *stuck, *jobs.rows):
        row.owner_username = names.get(row.owner, row.owner)
    wrong_key = confirm_key()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Overview",
        "failed": failed,
        "overdue": overdue,
        "expired": expired,
        "stuck": stuck,
        "jobs": jobs,
        "digests": operation_overview.unsent_digests(SHOWN),
        "queues": [*operation_overview.queues(), operation_overview.queue("scans", queued_scans())],
        "workers": operation_overview.workers(),
        "unserved": _unserved(),
        "wrong_key": wrong_key,
        "critical_days": settings.CREDENTIAL_ROTATION_CRITICAL_DAYS,
        "now": timezone.now(),
    }
    return TemplateResponse(request, "admin/overview.html", context)


def _unserved() -> list[str]:
    # `Worker.queues` is a text for the page, in which a worker that serves several names them all.
    served = {name for worker in operation_overview.workers() if worker.alive for name in worker.queues.split(", ")}
    return [name for name in QUEUES if name not in served]
