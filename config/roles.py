"""Asks of each page what it takes (`teams.access`). The API asks in `cloudaccounts.api.auth`, the admin by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from teams.access import LIMITED, PAGES, WHOLE_TEAM, is_export, right_for, why_refused
from teams.present import scope_of

# The API looks at its token, whatever session the caller has; Django's admin at permissions of its own.
OTHERS = frozenset({"api", "api-root", "api-docs", "api-description", "operators-overview"})


class RoleMiddleware:
    """Answers 403, with what it takes, before a view of another role's runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not request.user.is_authenticated or "admin" in match.namespaces:
            return None
        name = match.url_name or ""
        if name in OTHERS:
            return None
        right = right_for(PAGES, request.method or "GET", name, export=is_export(request))
        scope = scope_of(request)
        if not scope.has(right):
            cause, remedy = why_refused(right, scope.role)
        elif scope.limited and (request.method, name) in WHOLE_TEAM:
            cause, remedy = LIMITED
        else:
            return None
        return render(request, "403.html", {"cause": cause, "remedy": remedy}, status=403)
