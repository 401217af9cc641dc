"""What is done to the findings that were ticked in the list, or to all that its filters name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.group_scope import within
from cloudaccounts.views.common import scope_of
from cloudaccounts.web.exports import export
from scans.findings import triage
from scans.findings.bulk import AT_ONCE, change_findings
from scans.findings.exports import export_columns, export_rows
from scans.findings.filters import FindingFilter
from scans.findings.forms import BulkAssignForm, DueForm, FindingFilterForm, SuppressForm
from scans.findings.queries import LONG_COLUMNS, findings
from scans.findings.recheck import MOST, request_recheck
from scans.models import Finding
from scans.saved_views.services import clean_query
from teams.scope import Scope

TITLES = {
    "suppress": "Suppress", "unsuppress": "Unsuppress", "assign": "Assign", "due": "Set a day for",
    "recheck": "Check again",
}  # fmt: skip
SHOWN = 20  # findings that the question names


@require_http_methods(["GET", "HEAD", "POST"])
def findings_bulk(request: HttpRequest) -> HttpResponse:
    """Asks for what an action needs, and does it when that was given (``confirmed``)."""
    if request.method != "POST":
        return redirect("findings")
    scope, action = scope_of(request), request.POST.get("action", "")
    chosen = chosen_of(scope, request.POST)
    rows = _rows(scope, chosen)
    number = rows.values("owner")[: AT_ONCE * 100].count() if action in TITLES else 0
    if not number:
        messages.info(request, "Choose findings in the list first.")
        return redirect(_back(request))
    confirmed = "confirmed" in request.POST
    form = _form(action, scope, request.POST if confirmed else None)
    if confirmed and (form is None or form.is_valid()):
        try:
            return _do(request, scope, action, chosen, form)
        except ProviderError as error:
            if form is None:
                messages.error(request, f"{error.cause} {error.remedy}")
                return redirect(_back(request))
            form.refuse(error)
    context = {
        "action": action, "title": TITLES[action], "form": form, "number": number,
        "sample": list(rows.order_by("severity_rank", "-open_since", "id").defer(*LONG_COLUMNS)[:SHOWN]),
        "selection": [(key, value) for key in ("finding", "check", "asset", "in_account", "all", "query")
                      for value in request.POST.getlist(key)],
        "is_job": number > AT_ONCE and not isinstance(chosen, list),
        "back": _back(request),
    }  # fmt: skip
    return render(request, "scans/findings_bulk.html", context, status=422 if confirmed else 200)


@require_POST
def findings_export(request: HttpRequest) -> HttpResponseBase:
    """The ticked findings as a file."""
    scope = scope_of(request)
    rows = _rows(scope, chosen_of(scope, request.POST)).order_by("severity_rank", "-open_since", "id")
    record_export(
        actor=Actor.of_request(request), owner=scope.owner, what="findings", format="csv",
        query=request.POST.get("query", "")[:300],
    )  # fmt: skip
    columns = export_columns("csv")
    rows = rows.defer(*LONG_COLUMNS)
    return export(export_rows(scope, rows, columns), columns=columns, name="findings", format="csv")


def chosen_of(scope: Scope, data: QueryDict) -> list[UUID] | FindingFilter:
    """What is ticked: single findings, all of some rules, or all that the list's filters name."""
    form = FindingFilterForm(QueryDict(data.get("query", "")[:4000]))
    filters = form.filters()
    if "all" in data:
        return filters
    keys: dict[UUID, None] = {}
    for text in data.getlist("finding")[:AT_ONCE]:
        try:
            keys[UUID(text)] = None
        except ValueError:
            continue
    extra = _grouped(scope, filters, data)
    for key in extra:
        keys[key] = None
    return list(keys)[:AT_ONCE]


def _grouped(scope: Scope, filters: FindingFilter, data: QueryDict) -> list[UUID]:
    """The findings of ticked rules, resources and accounts, within the list's filters."""
    columns = {"check": "check_id__in", "asset": "asset_key__in", "in_account": "account__in"}
    keys: list[UUID] = []
    for name, lookup in columns.items():
        values: list[Any] = data.getlist(name)[:200]
        if name == "in_account":
            values = list(FindingFilterForm(QueryDict(mutable=False)).keys_of(values))
        if values:
            rows = findings(scope, filters).filter(**{lookup: values})
            keys += rows.order_by().values_list("pk", flat=True)[:AT_ONCE]
    return keys


def _rows(scope: Scope, chosen: list[UUID] | FindingFilter) -> Any:
    if isinstance(chosen, FindingFilter):
        return findings(scope, chosen).order_by()
    return within(Finding.objects.filter(pk__in=chosen), scope)


def _form(action: str, scope: Scope, data: QueryDict | None) -> Any:
    if action == "suppress":
        return SuppressForm(data)
    if action == "assign":
        return BulkAssignForm(data, people=triage.people(scope))
    return DueForm(data) if action == "due" else None


def _do(request: HttpRequest, scope: Scope, action: str, chosen: list[UUID] | FindingFilter, form: Any) -> HttpResponse:
    actor = Actor.of_request(request)
    if action == "recheck":
        keys = list(_rows(scope, chosen).values_list("pk", flat=True)[: MOST + 1])
        return redirect("job", job_id=request_recheck(scope, keys, actor=actor).pk)
    given = form.cleaned_data if form is not None else {}
    options = {name: value.isoformat() if hasattr(value, "isoformat") else value or "" for name, value in given.items()}
    changed = change_findings(scope, chosen, action, options, actor=actor)
    if changed.job is not None:
        return redirect("job", job_id=changed.job.pk)
    done = {"suppress": "suppressed", "unsuppress": "count again", "assign": "assigned", "due": "changed"}[action]
    messages.success(request, f"{changed.number} finding{'' if changed.number == 1 else 's'} {done}.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    query = clean_query(request.POST.get("query", "")[:4000])
    return f"{reverse('findings')}?{query}" if query else reverse("findings")
