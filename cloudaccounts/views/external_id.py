"""The team's external ID: replaced, with the accounts that still trust the former one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cloudaccounts.accounts.external_id_change import StillTrustedError, replace_external_id, state_of, trusting
from cloudaccounts.audit.actor import Actor
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web import reauthentication

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def external_id(request: HttpRequest) -> HttpResponse:
    owner = scope_of(request).owner
    if request.method == "POST":
        if not reauthentication.is_recent(request):
            return reauthentication.ask(request, back=request.path)
        try:
            replace_external_id(owner, actor=Actor.of_request(request))
        except StillTrustedError as error:
            messages.error(request, f"{error.cause} {error.remedy}")
        else:
            messages.success(request, "The external ID is replaced. Let the accounts below trust the new one.")
        return redirect("team-external-id")
    state = state_of(owner)
    page = None
    if state.former is not None:
        rows = trusting(state.former).only("id", "name", "account_id", "provider", "status", "owner")
        page = page_of(rows, request.GET.get("page"), PAGE_SIZE)
    context = {"state": state, "page": page, "grace_days": settings.EXTERNAL_ID_GRACE_DAYS}
    return render(request, "cloudaccounts/team_external_id.html", context)
