"""The list of accounts, and its export."""

from __future__ import annotations

from dataclasses import replace

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
from cloudaccounts.models import Environment
from cloudaccounts.views.account_act import uuids
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format

PAGE_SIZE = 25
# Sort, label, class and direction of each column's heading.
HEADERS = (
    ("name", "Account", "", "ascending"),
    ("", "Status", "", ""),
    ("", "Environment, group", "", ""),
    ("critical", "Open findings", "", "descending"),
    ("score", "Score", "score", "ascending"),
    ("coverage", "Covered", "r", "ascending"),
    ("age", "Credential", "", "descending"),
    ("scanned", "Last scan", "r", "ascending"),
)


@require_safe
def account_list(request: HttpRequest) -> HttpResponseBase:
    """Four queries of its own, however many accounts there are: groups, the number of matches, a page, its groups."""
    scope = scope_of(request)
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(scope))
    filters = form.filters()
    if ticked := uuids(request.GET.getlist("account")):
        filters = replace(filters, only=tuple(ticked))
    rows, counting = account_queries.counted_accounts(scope, filters)
    if file_format := wanted_format(request):
        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=scope.owner, what="accounts", format=file_format,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        return export(export_rows(rows), columns=COLUMNS, name="accounts", format=file_format)
    # Keys first where a filter narrows the list; a whole group is counted by its members, and read as it is.
    part = rows.part if filters.narrows and not filters.is_whole_group else None
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE, counting=counting, part=part)
    accounts = list(page)
    groups = group_queries.groups_of_many(scope, accounts)
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "rows": [(account, groups.get(account.pk, ())) for account in accounts],
        "environments": Environment.choices,
        "sorts": HEADERS,
    }
    return render(request, "cloudaccounts/account_list.html", context)
