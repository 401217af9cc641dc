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


def client_address(request: HttpRequest) -> str:
    """The address as `config.middleware` has set it, so that axes reads no header that a client can write."""
    return str(request.META.get("REMOTE_ADDR", ""))


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Mapping[str, Any] | None = None
) -> HttpResponse:
    seconds = _seconds_left(client_address(request), str((credentials or {}).get("username", "")))
    context = {"minutes": math.ceil(seconds / 60)}
    page = render(request, "site/locked_out.html", context, status=429)
    page["Retry-After"] = str(seconds)
    return page


def _seconds_left(address: str, name: str) -> int:
    cooloff: timedelta = settings.AXES_COOLOFF_TIME
    attempts = AccessAttempt.objects.filter(ip_address=address, username=name)
    last = attempts.aggregate(last=Max("attempt_time"))["last"]
    remaining = cooloff if last is None else last + cooloff - timezone.now()
    return max(1, math.ceil(remaining.total_seconds()))
