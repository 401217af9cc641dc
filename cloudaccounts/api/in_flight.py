"""Calls whose answer waits for a cloud. The web server gives them threads of their own (config.running.web_worker)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from cloudaccounts.accounts.calls_in_flight import call_in_flight
from cloudaccounts.api.auth import owner_of

View = Callable[..., HttpResponse]


def waits_for_cloud(view: View) -> View:
    """Answers 429 where the caller's team has as many such calls under way as it may. Stands below ninja's decorator.

    A call that is added here belongs into ``WAITS_FOR_A_CLOUD`` of config/running/web_worker.py as well.
    """

    @wraps(view)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        # Counted in the database, since a team's calls come to many processes and hosts (docs/decisions/0015).
        with call_in_flight(owner_of(request)):
            return view(request, **values)

    return answer
