"""Whether a session may go on, and what allauth raises where it wants to know again who one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from cloudaccounts.web import reauthentication


class SignInMiddleware:
    """Stands behind allauth's own middleware, and so is asked first about an exception.

    Calls of the API bring a token and no session: what is required here of people does not touch them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        if not (settings.REQUIRE_SSO or settings.REQUIRE_SECOND_FACTOR):
            return None
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        # Loads allauth's models, which commands need not.
        from config.signin import requirements

        user = request.user
        if not (requirements.may_come_in_without_sso(user) or requirements.came_by_sso(request, user)):
            logout(request)
            messages.info(request, "This server takes single sign-on alone: log in with it.")
            return _leave_for(request, reverse("login"))
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name not in requirements.SETTING_UP and requirements.lacks_second_factor(user):
            return _leave_for(request, reverse("mfa_index"))
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ReauthenticationRequired) or not request.user.is_authenticated:
            return None
        # allauth would keep what was posted in the session, in clear, and send it again behind our middleware.
        return reauthentication.ask(request, back=request.path)


def _leave_for(request: HttpRequest, address: str) -> HttpResponse:
    # A plain redirect would be followed by htmx, and the whole page would land in the fragment's place.
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else redirect(address)
