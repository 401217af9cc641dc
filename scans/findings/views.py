"""The list of findings: by rule, resource or account, with facets, its export, and the parts that load when opened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.storable import clean_text
from cloudaccounts.views.common import scope_of
from cloudaccounts.web.exports import export, wanted_format
from cloudaccounts.web.pagination import COUNT_LIMIT
from scans.findings import groups
from scans.findings.exports import export_columns, export_rows
from scans.findings.facets import FacetCounter, Facets
from scans.findings.finding_views import finding_context
from scans.findings.forms import FindingFilterForm
from scans.findings.presentation import LAZY, KnownPaginator, chips, facet_views, labelled, without
from scans.findings.queries import find_finding, findings, searched
from scans.findings.view_counts import view_counts
from scans.saved_views.services import Person, clean_query, listed_views
from teams.scope import Scope

PAGE_SIZE = 50
ROWS = 50  # findings below an opened rule; its own list has all of them
KEPT = ("check", "age", "resolved_for", "due", "run", "mute_rule", "sort", "order")  # filters without a facet
PRESETS = (
    ("All open", ""),
    ("Urgent in production", "severity=critical&severity=high&environment=production"),
    ("New since yesterday", "open_for=0-1"),
    ("Unassigned", "assignee=-"),
    ("Overdue", "due=overdue"),
    ("Suppressed", "status=suppressed"),
)


@require_safe
def finding_list(request: HttpRequest) -> HttpResponseBase:
    scope = scope_of(request)
    form = FindingFilterForm(request.GET)
    filters = form.filters()
    hits = searched(scope, filters.q)
    rows = findings(scope, filters, hits)
    if file_format := wanted_format(request):
        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=scope.owner, what="findings", format=file_format,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        columns = export_columns(file_format)
        return export(export_rows(scope, rows, columns), columns=columns, name="findings", format=file_format)
    facets = FacetCounter(scope, filters, hits=hits).count(but=LAZY)
    opened = _opened(request, scope)
    query = clean_query(request.GET.urlencode())
    context = {
        "form": form,
        "filters": filters,
        "grouping": form.grouping,
        "facets": facet_views(facets, filters),
        "total": facets.total,
        "chips": chips(filters, facets, request.GET),
        "query": request.GET.urlencode(),
        "plain": without(request.GET, "group_by", "order"),
        "hidden_filters": [
            (name, value) for name in KEPT for value in request.GET.getlist(name) if name != "check" or filters.check
        ],
        "page": _page(request, scope, form, rows, facets),
        "order": request.GET.get("order", ""),
        "views": [
            {**view, "count": facets.total if view["current"] else None} for view in _views(request, scope, query)
        ],
        "opened": opened["finding"] if opened else None,
        **(opened or {}),
    }
    return render(request, "scans/finding_list.html", context)


@require_safe
def finding_rows(request: HttpRequest) -> HttpResponse:
    """The findings of one rule, resource or account, below its line in the list."""
    scope = scope_of(request)
    form = FindingFilterForm(request.GET)
    rows = findings(scope, form.filters())
    if asset := clean_text(request.GET.get("asset", "")):
        rows = rows.filter(asset_key=asset)
    listed = list(rows[: ROWS + 1])
    context = {
        "rows": listed[:ROWS], "more": len(listed) > ROWS, "grouping": form.grouping,
        "all": without(request.GET, "group_by", "order"),
    }  # fmt: skip
    return render(request, "scans/parts/finding_rows.html", context)


@require_safe
def facet_values(request: HttpRequest, name: str) -> HttpResponse:
    """The values of a facet that is counted when it is opened."""
    if name not in LAZY:
        raise Http404
    filters = FindingFilterForm(request.GET).filters()
    counter = FacetCounter(scope_of(request), filters)
    values = labelled(name, counter.opened(name).of(name, getattr(filters, name)))
    return render(request, "scans/parts/facet_values.html", {"name": name, "values": values[:100]})


@require_safe
def finding_tabs(request: HttpRequest) -> HttpResponse:
    """The tabs of the list with a count for each view: loaded after the page, which they shall not hold up."""
    scope = scope_of(request)
    listed = _views(request, scope, clean_query(request.GET.urlencode()))
    filters = [FindingFilterForm(QueryDict(str(view["query"]))).filters() for view in listed]
    counts = view_counts(scope, filters)
    views = [{**view, "count": count} for view, count in zip(listed, counts, strict=True)]
    context = {"views": views, "query": request.GET.urlencode(), "counted": True}
    return render(request, "scans/parts/finding_views.html", context)


def _page(request: HttpRequest, scope: Scope, form: FindingFilterForm, rows: Any, facets: Facets) -> Any:
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 else 1
    if form.grouping == "resource":  # of which no more are counted, and offered
        number = min(number, COUNT_LIMIT // PAGE_SIZE)
    start = (number - 1) * PAGE_SIZE
    if form.grouping == "check":
        row_groups, count = groups.by_check(
            rows, facets.checks, accounts=facets.accounts, sort=request.GET.get("order", ""), start=start,
            stop=start + PAGE_SIZE,
        )  # fmt: skip
    elif form.grouping == "account":
        row_groups, count = groups.by_account(rows, start, start + PAGE_SIZE, counted=facets.by_account)  # type: ignore[assignment]
    elif form.grouping == "resource":
        # One more than the limit tells that there are more.
        row_groups, count = groups.by_resource(rows, start, start + PAGE_SIZE, limit=COUNT_LIMIT + 1)  # type: ignore[assignment]
        if count > COUNT_LIMIT:
            return KnownPaginator(row_groups, COUNT_LIMIT, PAGE_SIZE, exact=False).get_page(number)
    else:
        listed = list(rows[start : start + PAGE_SIZE])
        accounts = account_lookup(scope, (row.account for row in listed))
        row_groups, count = [{"finding": row, "account": accounts.get(row.account)} for row in listed], facets.total  # type: ignore[misc]
    return KnownPaginator(row_groups, count, PAGE_SIZE).get_page(number)


def _opened(request: HttpRequest, scope: Scope) -> dict[str, Any] | None:
    """The finding of the side panel."""
    try:
        finding = find_finding(scope, UUID(request.GET.get("finding", "")))
    except ValueError:
        return None
    return finding_context(request, finding) if finding is not None else None


def _views(request: HttpRequest, scope: Scope, query: str) -> list[dict[str, object]]:
    saved = listed_views(scope, Person(str(request.user.pk)), "findings")
    own = [("Mine", clean_query(f"assignee={request.user.get_username()}"))]
    named = [*PRESETS[:3], *own, *PRESETS[3:], *((view.name, view.query) for view in saved)]
    current = _unordered(query)
    return [{"name": name, "query": text, "current": _unordered(text) == current} for name, text in named]


def _unordered(query: str) -> list[str]:
    return sorted(part for part in query.split("&") if part and not part.startswith(("group_by=", "order=")))
