from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.forms.accounts import AccountFilterForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of

PAGE_SIZE = 25


@require_safe
def account_list(request: HttpRequest) -> HttpResponse:
    """Three queries of its own, however many accounts there are: the groups, how many match, and one page of them."""
    owner = owner_of(request)
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(owner))
    wanted = form.wanted()
    rows, counting = account_queries.counted_accounts(owner, wanted)
    part = rows.part if wanted.narrows and counting is None else None
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE, counting=counting, part=part)
    context = {"form": form, "wanted": wanted, "page": page}
    return render(request, "cloudaccounts/account_list.html", context)
