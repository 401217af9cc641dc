"""Pages of assets: the list, with its export, and one asset."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup, find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.forms.accounts import offer_groups
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format
from scans.assets.exports import COLUMNS, export_rows
from scans.assets.forms import AssetFilterForm
from scans.assets.queries import asset_types, assets, find_asset, in_index_order
from scans.console_links import asset_link
from scans.findings.queries import findings_of_asset

PAGE_SIZE = 50


@require_safe
def asset_list(request: HttpRequest) -> HttpResponseBase:
    scope = scope_of(request)
    form = AssetFilterForm(request.GET)
    offer_groups(form.fields["group"], group_queries.choices(scope))
    filters = form.filters()
    account = find(scope, filters.account) if filters.account else None
    types = asset_types(scope, filters, account)
    form.offer_types(types)
    if filters.type not in types:
        filters = replace(filters, type="")  # as any value that does not exist: it narrows nothing
    rows = assets(scope, filters, account)
    if file_format := wanted_format(request):
        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=scope.owner, what="assets", format=file_format,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        return export(export_rows(scope, rows), columns=COLUMNS, name="assets", format=file_format)
    page = page_of(in_index_order(rows, filters), request.GET.get("page"), PAGE_SIZE)
    accounts = account_lookup(scope, (row.account for row in page))
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "account": account,
        "rows": [{"asset": row, "account": accounts.get(row.account)} for row in page],
    }
    return render(request, "scans/asset_list.html", context)


@require_safe
def asset_page(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    asset = find_asset(scope_of(request), asset_id)
    if asset is None:
        raise Http404
    account = find(scope_of(request), asset.account)
    context = {
        "asset": asset,
        "account": account,
        "console_link": asset_link(asset, account),
        "findings": findings_of_asset(asset),
        "properties": json.dumps(asset.properties, indent=2, sort_keys=True, ensure_ascii=False),
        "tags": sorted(asset.tags.items()),
    }
    return render(request, "scans/asset.html", context)
