"""The list of notices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.notifications import queries as notification_queries
from cloudaccounts.notifications.notify import mark_read
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of

PAGE_SIZE = 50


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """All notices of the owner, whether they were mailed or not. Showing the first page marks all of them as read."""
    owner = owner_of(request)
    page = page_of(notification_queries.of_owner(owner), request.GET.get("page"), PAGE_SIZE)
    notices = list(page)  # read before they are marked, so that this page still shows which are new
    accounts = account_lookup(owner, (notice.account for notice in notices if notice.account))
    rows = [(notice, accounts.get(notice.account) if notice.account else None) for notice in notices]
    response = render(request, "cloudaccounts/notice_list.html", {"page": page, "notices": rows})
    # A HEAD shows nothing to anybody, so it marks nothing.
    if request.method == "GET" and page.number == 1 and any(notice.read_at is None for notice in notices):
        # Up to the newest that was shown: one that arrives meanwhile stays new.
        mark_read(owner, until=notices[0].created_at)
    return response
