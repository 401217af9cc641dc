"""Pages of a second engine: what it found, and who wants it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from cloudaccounts.accounts.queries import account_lookup, find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.views.common import account_or_404, gone_is_404, scope_of
from cloudaccounts.views.paging import page_of
from scans.engines import queries
from scans.engines.choices import choose_for_account, choose_for_team, is_installed, team_choice
from scans.engines.forms import AccountEngineForm, EngineFilterForm, TeamEngineForm
from scans.engines.queries import EngineFilter
from scans.findings.checks import titles_of

PAGE_SIZE = 50


@require_safe
def engine_finding_list(request: HttpRequest) -> HttpResponse:
    """A fixed number of queries."""
    scope, form = scope_of(request), EngineFilterForm(request.GET)
    form.is_valid()
    filters = EngineFilter(**{name: value for name, value in form.cleaned_data.items() if value})
    page = page_of(queries.engine_findings(scope, filters), request.GET.get("page"), PAGE_SIZE)
    accounts = account_lookup(scope, {row.account for row in page.object_list})
    titles = titles_of({row.rule for row in page.object_list if row.rule})
    account = find(scope, filters.account) if filters.account else None
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "rows": [
            {"row": row, "account": accounts.get(row.account), "rule": titles.get(row.rule, "")}
            for row in page.object_list
        ],
        "account": account,
        "run": queries.latest_run(account) if account else None,
        "counts": queries.relation_counts(scope, filters.account),
        "installed": is_installed(),
        "team_form": TeamEngineForm(initial={"enabled": team_choice(scope.owner)}),
    }
    return render(request, "scans/engines/list.html", context)


@require_POST
def engine_team(request: HttpRequest) -> HttpResponse:
    form = TeamEngineForm(request.POST)
    if form.is_valid():
        choose_for_team(scope_of(request).owner, actor=Actor.of_request(request), **form.cleaned_data)
        messages.success(request, "Saved. It holds from the next full scan of each account on.")
    return redirect("engine-findings")


@require_POST
@gone_is_404()
def account_engine(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account, form = account_or_404(request, account_id), AccountEngineForm(request.POST)
    if form.is_valid():
        choose_for_account(account, enabled=form.enabled, actor=Actor.of_request(request))
        messages.success(request, "Saved. It holds from the next full scan on.")
    else:
        messages.error(request, "Choose one of the three.")
    return redirect("account-scan", account_id=account.pk)
