"""The password, entered again before what cannot be taken back: when it was, and where to go for it.

The session keeps a time and nothing else; whatever a person had entered on the way is stored sealed, or not at all.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

LASTS = 600.0  # seconds
_KEY = "password_confirmed_at"


def remember(request: HttpRequest) -> None:
    request.session[_KEY] = time.time()


def remember_login(*, request: HttpRequest | None, **_: Any) -> None:
    """Receiver of ``user_logged_in``: who has just signed in has just entered the password."""
    if request is not None and hasattr(request, "session"):
        remember(request)


def is_recent(request: HttpRequest) -> bool:
    """Whether the password was entered within the last ten minutes. A time that lies ahead does not count."""
    at = request.session.get(_KEY)
    return isinstance(at, int | float) and 0 <= time.time() - at < LASTS


def ask(request: HttpRequest, *, back: str) -> HttpResponse:
    """To the page that asks for the password, and from there back to ``back``, which must answer a GET."""
    address = f"{reverse('confirm-password')}?{urlencode({'next': back})}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return redirect(address)
