"""The list of accounts, and its export."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.exports import COLUMNS, export_rows
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.forms.accounts import AccountFilterForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format

PAGE_SIZE = 25


@require_safe
def account_list(request: HttpRequest) -> HttpResponseBase:
    """Three queries of its own, however many accounts there are: the groups, the number of matches, and one page."""
    owner = owner_of(request)
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(owner))
    filters = form.filters()
    rows, counting = account_queries.counted_accounts(owner, filters)
    if file_format := wanted_format(request):
        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=owner, what="accounts", format=file_format,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        return export(export_rows(rows), columns=COLUMNS, name="accounts", format=file_format)
    # Keys first where a filter narrows the list; a whole group is counted by its members, and read as it is.
    part = rows.part if filters.narrows and counting is None else None
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE, counting=counting, part=part)
    context = {"form": form, "filters": filters, "page": page}
    return render(request, "cloudaccounts/account_list.html", context)
