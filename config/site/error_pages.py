"""The error pages."""

from __future__ import annotations

import sys
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse

from cloudaccounts.outages import RETRY_AFTER, DatabaseUnavailableError
from cloudaccounts.work.databases import is_outage


def nothing_there(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain("400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    from config.site.elsewhere import team_of_address

    return render(request, "404.html", {"team": team_of_address(request)}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles an uncaught exception of a view or a middleware, which it logs."""
    if is_outage(sys.exc_info()[1]):
        return _unavailable(request)
    return _plain("500.html", 500)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """The answer while a database is down: without any query, not even for the user.

    API calls get the API's own form.
    """
    error = DatabaseUnavailableError()
    if request.path.startswith(reverse("api-root")) and request.path != reverse("api-docs"):
        from cloudaccounts.api.answers import problem_of

        return problem_of(error)
    # A POST is not repeated by a link: its form is still in the browser's history.
    again = request.get_full_path() if request.method == "GET" else "/"
    response = _plain("503.html", 503, error=error, again=again)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _plain(template: str, status: int, **more: Any) -> HttpResponse:
    """Renders without request, database or manifest of static files, so that it works whatever is broken."""
    assets = dict(more)
    for name, path in (("tokens", "css/tokens.css"), ("stylesheet", "css/app.css"), ("theme", "js/theme.js")):
        try:
            assets[name] = static(path)
        except ValueError:  # static files were not collected
            assets[name] = ""
    return HttpResponse(render_to_string(template, assets), status=status)
