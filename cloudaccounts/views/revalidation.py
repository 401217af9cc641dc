"""Checking all failed accounts at once, by a job."""

from __future__ import annotations

from itertools import chain

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import revalidate_many
from cloudaccounts.health import queries as health_queries
from cloudaccounts.views.common import scope_of


@require_POST
def accounts_revalidate(request: HttpRequest) -> HttpResponse:
    """Starts the job and leads to its page."""
    scope = scope_of(request)
    failed = iter(health_queries.failed_accounts(scope))
    first = next(failed, None)  # one row says whether there is anything to do; the job reads the rest as a stream
    if first is None:
        messages.info(request, "No account has failed: there is nothing to check again.")
        return redirect("accounts")
    job = revalidate_many(
        scope=scope,
        actor=Actor.of_request(request),
        accounts=chain([first], failed),
        title="Check the failed accounts again",
    )
    return redirect("job", job_id=job.pk)
