"""The brake on guessing passwords: what django-axes asks of us (see AXES_* in the settings)."""

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
    """As `config.middleware` found it; no other header is asked."""
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
    whole: timedelta = settings.AXES_COOLOFF_TIME
    attempts = AccessAttempt.objects.filter(ip_address=address, username=name)
    last = attempts.aggregate(last=Max("attempt_time"))["last"]
    left = whole if last is None else last + whole - timezone.now()
    return max(1, math.ceil(left.total_seconds()))
