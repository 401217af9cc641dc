from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from cloudaccounts.api.answers import ApiError, problem_of, reply
from cloudaccounts.api.auth import token_of
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.tokens.idempotency import Replay, Ticket, begin_call

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255
NOT_KEPT = frozenset({401, 403, 429})  # the call was not done; neither was one that ended with a 5xx
View = Callable[..., HttpResponse]


def idempotent(view: View) -> View:
    """Answers a repeated call as the first one, where both carry the same `HEADER`. Goes below ninja's decorator."""

    @wraps(view)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return view(request, **values)
        if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise InputError({HEADER: f"Give between 1 and {LONGEST} printable ASCII characters."})
        begun = begin_call(token_of(request), key=key, method=str(request.method), path=request.path, body=request.body)
        if isinstance(begun, Replay):
            replayed = reply(begun.answer, begun.status)
            replayed[REPLAYED] = "true"
            return replayed
        return _first(view, request, begun, values)

    return answer


def _first(view: View, request: HttpRequest, ticket: Ticket, values: dict[str, Any]) -> HttpResponse:
    kept = False
    request.META["cloudaccounts.ticket"] = ticket.id
    try:
        try:
            answer = view(request, **values)
        except ApiError as error:
            answer = error.answer
        except ProviderError as error:
            answer = problem_of(error, request)
        if answer.status_code < 500 and answer.status_code not in NOT_KEPT and "Retry-After" not in answer:
            ticket.answered(answer.status_code, json.loads(answer.content))
            kept = True
    finally:
        if not kept:
            ticket.given_back()
    return answer


def ticket_id(request: HttpRequest) -> UUID | None:
    """The id of what a repeatable call makes; None where the call named no key."""
    found = request.META.get("cloudaccounts.ticket")
    return found if isinstance(found, UUID) else None
