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
    """All that its owner was told, by e-mail or not. Seeing the newest is reading them all."""
    owner = owner_of(request)
    page = page_of(notification_queries.of_owner(owner), request.GET.get("page"), PAGE_SIZE)
    rows = list(page)  # as they were before this look
    accounts = account_lookup(owner, (notice.account for notice in rows if notice.account))
    told = [(notice, accounts.get(notice.account) if notice.account else None) for notice in rows]
    response = render(request, "cloudaccounts/notice_list.html", {"page": page, "notices": told})
    if request.method == "GET" and page.number == 1 and any(notice.read_at is None for notice in rows):
        mark_read(owner, until=rows[0].created_at)
    return response
