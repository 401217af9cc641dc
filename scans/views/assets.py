from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts import groups
from cloudaccounts.forms import offer_groups
from cloudaccounts.selectors import find
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of
from scans import selectors
from scans.forms import AssetFilterForm

PAGE_SIZE = 50


@require_safe
def asset_list(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    form = AssetFilterForm(request.GET)
    offer_groups(form.fields["group"], groups.choices(owner))
    wanted = form.wanted()
    account = find(owner, wanted.account) if wanted.account else None
    types = selectors.asset_types(owner, wanted, account)
    form.offer_types(types)
    if wanted.type not in types:
        wanted = replace(wanted, type="")  # as any value that does not exist: it narrows nothing
    page = page_of(selectors.assets(owner, wanted, account), request.GET.get("page"), PAGE_SIZE)
    context = {"form": form, "wanted": wanted, "page": page, "account": account}
    return render(request, "scans/asset_list.html", context)


@require_safe
def asset(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    found = selectors.find_asset(owner_of(request), asset_id)
    if found is None:
        raise Http404
    properties = json.dumps(found.properties, indent=2, sort_keys=True, ensure_ascii=False)
    return render(
        request, "scans/asset.html", {"asset": found, "properties": properties, "tags": sorted(found.tags.items())}
    )
