"""The list of accounts."""

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
    """Three queries of its own, however many accounts there are: the groups, the number of matches, and one page."""
    owner = owner_of(request)
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(owner))
    filters = form.filters()
    rows, counting = account_queries.counted_accounts(owner, filters)
    # Keys first where a filter narrows the list; a whole group is counted by its members, and read as it is.
    part = rows.part if filters.narrows and counting is None else None
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE, counting=counting, part=part)
    context = {"form": form, "filters": filters, "page": page}
    return render(request, "cloudaccounts/account_list.html", context)
