"""Notices: grouped by cause, or of one kind one by one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications import queries as notification_queries
from cloudaccounts.notifications.notify import mark_read
from cloudaccounts.notifications.queries import Cause
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from teams.scope import Scope

PAGE_SIZE = 50
GROUPED = 500  # of the newest; the lists by kind have all
EVENTS = 8  # of a cause that its entry shows
# Icon and tone of an entry; what is not here is calm.
SIGNS: dict[str, tuple[str, str]] = {
    NoticeKind.ACCOUNT_FAILED: ("unlink", "bad"),
    NoticeKind.PERMISSION_LOST: ("blind", "bad"),
    NoticeKind.COVERAGE_LOST: ("blind", ""),
    NoticeKind.ROTATION_WARNING: ("key", ""),
    NoticeKind.ROTATION_CRITICAL: ("key", "bad"),
    NoticeKind.CREDENTIAL_EXPIRING: ("key", ""),
    NoticeKind.CREDENTIAL_RETIRED: ("key", ""),
    NoticeKind.CREDENTIAL_UNUSED: ("key", ""),
    NoticeKind.EXTERNAL_ID_ENDING: ("key", ""),
    NoticeKind.SCAN_FAILED: ("scans", ""),
    NoticeKind.FINDING_CRITICAL: ("findings", "crit"),
    NoticeKind.MEMBER_CLOSED: ("org", ""),
}


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """All notices of the scope, whether they were mailed or not. Showing it marks them as read, for this person."""
    scope, person, kind = scope_of(request), str(request.user.pk), request.GET.get("kind", "")
    until = notification_queries.read_until(person, scope.owner)
    if kind in NoticeKind.values:
        return render(request, "cloudaccounts/notice_kind.html", _of_kind(request, scope, NoticeKind(kind)))
    context = _grouped(scope, until)
    response = render(request, "cloudaccounts/notice_list.html", context)
    # A HEAD shows nothing to anybody, so it marks nothing. Up to the newest that was shown: one that arrives meanwhile
    # stays new.
    if request.method == "GET" and context["unread"]:
        mark_read(person, scope.owner, until=context["newest"])
    return response


def _grouped(scope: Scope, until: Any) -> dict[str, Any]:
    notices = list(notification_queries.notices(scope)[: GROUPED + 1])
    causes = notification_queries.by_cause(notices[:GROUPED], until)
    shown = [notice for cause in causes for notice in cause.events[:EVENTS]]
    accounts = account_lookup(scope, (notice.account for notice in shown if notice.account))
    today = timezone.now().date()
    days = {
        "Today": [cause for cause in causes if cause.at.date() == today],
        "Earlier": [cause for cause in causes if cause.at.date() != today],
    }
    return {
        "days": [(name, [_entry(cause, accounts) for cause in own]) for name, own in days.items() if own],
        "newest": notices[0].created_at if notices else None,
        "events": len(notices[:GROUPED]),
        "more": len(notices) > GROUPED,
        "causes": len(causes),
        "unread": sum(cause.unread for cause in causes),
        # As the sidebar counts them.
        "unread_events": sum(cause.number for cause in causes if cause.unread),
        "kinds": NoticeKind.choices,
    }


def _entry(cause: Cause, accounts: dict[Any, Any]) -> dict[str, Any]:
    icon, tone = SIGNS.get(cause.kind, ("notices", "calm"))
    events = [(notice, accounts.get(notice.account)) for notice in cause.events[:EVENTS]]
    return {"cause": cause, "icon": icon, "tone": tone, "events": events, "more": max(0, cause.number - EVENTS)}


def _of_kind(request: HttpRequest, scope: Scope, kind: NoticeKind) -> dict[str, Any]:
    page = page_of(notification_queries.notices(scope).filter(kind=kind), request.GET.get("page"), PAGE_SIZE)
    notices = list(page)
    accounts = account_lookup(scope, (notice.account for notice in notices if notice.account))
    rows = [(notice, accounts.get(notice.account) if notice.account else None) for notice in notices]
    return {"page": page, "notices": rows, "kind": kind}
