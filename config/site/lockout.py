"""The limit on guessing passwords: functions that django-axes calls (see AXES_* in the settings)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cloudaccounts.web.networks import network_of


def client_address(request: HttpRequest) -> str:
    """The client's network, by the address that `config.middleware` has set: axes reads no header that a client writes.

    Never empty: axes would keep no count then, as behind a unix socket.
    """
    return network_of(str(request.META.get("REMOTE_ADDR", "")))


def counted_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """What tries of a name are counted under. Not the name: people type their password into that field by mistake."""
    name = (credentials or request.POST).get("username")
    return counted_as(str(name or ""))


def counted_as(name: str) -> str:
    # Keyed by SECRET_KEY: passwords that people use could be found again under a plain hash.
    return salted_hmac("config.site.lockout", name, algorithm="sha256").hexdigest()[:40]


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Mapping[str, Any] | None = None
) -> HttpResponse:
    seconds = _seconds_left(client_address(request), str((credentials or {}).get("username", "")))
    cause = "This name and password did not fit together several times, so we take a pause."
    return too_many(request, seconds, cause=cause)


def too_many(request: HttpRequest, seconds: int, *, cause: str) -> HttpResponse:
    context = {"minutes": math.ceil(seconds / 60), "cause": cause}
    page = render(request, "site/locked_out.html", context, status=429)
    page["Retry-After"] = str(seconds)
    return page


def _seconds_left(address: str, name: str) -> int:
    cooloff: timedelta = settings.AXES_COOLOFF_TIME
    attempts = AccessAttempt.objects.filter(ip_address=address, username=counted_as(name))
    last = attempts.aggregate(last=Max("attempt_time"))["last"]
    remaining = cooloff if last is None else last + cooloff - timezone.now()
    return max(1, math.ceil(remaining.total_seconds()))
