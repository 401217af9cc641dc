"""Asking for the password again before actions that cannot be undone.

The session keeps the time of the last entry and nothing else. What a person had entered in a form on the way is stored
encrypted by the form's own view, or not at all.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

LASTS = 600.0  # seconds that an entry counts
_KEY = "password_confirmed_at"


def remember(request: HttpRequest) -> None:
    request.session[_KEY] = time.time()


def remember_login(*, request: HttpRequest | None, **_: Any) -> None:
    """Receiver of ``user_logged_in``: a login is an entry of the password."""
    if request is not None and hasattr(request, "session"):
        remember(request)


def is_recent(request: HttpRequest) -> bool:
    """Whether the password was entered within the last ten minutes. A time in the future does not count."""
    at = request.session.get(_KEY)
    # The session's data come back from storage: what is no number there counts as never.
    return isinstance(at, int | float) and 0 <= time.time() - at < LASTS


def ask(request: HttpRequest, *, back: str) -> HttpResponse:
    """Redirects to the page that asks for the password, and from there to ``back``, which must answer a GET."""
    address = f"{reverse('confirm-password')}?{urlencode({'next': back})}"
    if getattr(request, "htmx", False):
        # A plain redirect would be followed by htmx, and the whole page would land in the fragment's place.
        return HttpResponseClientRedirect(address)
    return redirect(address)
