from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup, find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.forms.accounts import offer_groups
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.common import account_or_404, owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format
from scans import console_links
from scans.assets.forms import AssetFilterForm
from scans.assets.queries import account_assets, asset_types, assets, find_asset
from scans.batches import READ, pieces
from scans.findings.queries import findings_of_asset
from scans.models import Asset
from scans.runs.queries import latest_of_account

PAGE_SIZE = 50
COLUMNS = (
    "name", "type", "service", "region", "native_id", "account_name", "account_id", "provider", "first_seen",
    "last_seen", "changed", "gone", "passed", "failed", "unknown", "console_link",
)  # fmt: skip
_SAME = {
    "name", "type", "service", "region", "native_id", "account_name", "provider", "passed", "failed", "unknown",
}  # fmt: skip


@require_safe
def asset_list(request: HttpRequest) -> HttpResponseBase:
    owner = owner_of(request)
    form = AssetFilterForm(request.GET)
    offer_groups(form.fields["group"], group_queries.choices(owner))
    wanted = form.wanted()
    account = find(owner, wanted.account) if wanted.account else None
    types = asset_types(owner, wanted, account)
    form.offer_types(types)
    if wanted.type not in types:
        wanted = replace(wanted, type="")  # as any value that does not exist: it narrows nothing
    rows = assets(owner, wanted, account)
    if asked := wanted_format(request):
        record_export(
            actor=Actor.of_request(request), owner=owner, what="assets", format=asked,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        return export(export_rows(owner, rows), columns=COLUMNS, name="assets", format=asked)
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE)
    accounts = account_lookup(owner, (row.account for row in page))
    context = {
        "form": form,
        "wanted": wanted,
        "page": page,
        "account": account,
        "rows": [{"asset": row, "account": accounts.get(row.account)} for row in page],
    }
    return render(request, "scans/asset_list.html", context)


@require_safe
def asset(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    found = find_asset(owner_of(request), asset_id)
    if found is None:
        raise Http404
    properties = json.dumps(found.properties, indent=2, sort_keys=True, ensure_ascii=False)
    account = find(found.owner, found.account)
    context = {
        "asset": found,
        "account": account,
        "console_link": console_links.link_of_asset(found, account),
        "findings": findings_of_asset(found),
        "properties": properties,
        "tags": sorted(found.tags.items()),
    }
    return render(request, "scans/asset.html", context)


def export_rows(owner: str, rows: QuerySet[Asset]) -> Iterator[dict[str, Any]]:
    """Rows of a file, read in pieces. Accounts are looked up once each."""
    accounts: dict[UUID, CloudAccount] = {}
    for piece in pieces(rows.iterator(chunk_size=READ)):
        accounts |= account_lookup(owner, {row.account for row in piece} - accounts.keys())
        for row in piece:
            account = accounts.get(row.account)
            yield {
                **{name: getattr(row, name) for name in _SAME},
                "account_id": account.account_id if account else "",
                "first_seen": row.first_seen_at,
                "last_seen": row.last_seen_at,
                "changed": row.changed_at,
                "gone": row.gone_at,
                "console_link": console_links.link_of_row(row, account),
            }


@require_safe
def account_assets_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    found = account_assets(account)
    run = latest_of_account(account.owner, account.pk)
    context = {"account": account, "found": found, "scanning": run is not None and run.is_active, "run": run}
    return render(request, "scans/panels/assets.html", context)
