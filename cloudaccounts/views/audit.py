"""The audit: a page of events, and exports."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit import queries as audit_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.forms.audit import AuditFilterForm
from cloudaccounts.views.common import scope_of
from cloudaccounts.web.exports import export, wanted_format
from teams.scope import Scope


@require_safe
def audit_list(request: HttpRequest) -> HttpResponseBase:
    """Two queries of its own at most: a page of events, and the account that they are of."""
    scope = scope_of(request)
    form = AuditFilterForm(request.GET)
    filters = form.filters()
    if kind := wanted_format(request):
        return _export(request, scope, filters, kind)
    account = account_queries.find(scope, filters.account) if filters.account else None
    page = audit_queries.page(scope, filters, before=request.GET.get("before", ""))
    context = {"form": form, "filters": filters, "page": page, "account": account}
    return render(request, "cloudaccounts/audit_list.html", context)


def _export(request: HttpRequest, scope: Scope, filters: audit_queries.AuditFilter, kind: str) -> HttpResponseBase:
    if request.method == "HEAD":
        # Nothing is taken away by a HEAD, so nothing is recorded.
        return HttpResponse(headers={"Content-Type": "text/csv" if kind == "csv" else "application/json"})
    record_export(actor=Actor.of_request(request), owner=scope.owner, what="audit", format=kind)
    return export(audit_queries.rows(scope, filters), columns=audit_queries.COLUMNS, name="audit", format=kind)
