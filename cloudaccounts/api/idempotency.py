"""Calls with an ``Idempotency-Key``: repeated, they are answered as the first time and done once."""

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
# The call was not done, so repeating it shall try again. Answers of 500 and above are not kept either.
NOT_KEPT = frozenset({401, 403, 429})
View = Callable[..., HttpResponse]


def idempotent(view: View) -> View:
    """Answers a repeated call as the first one, where both carry the same `HEADER`.

    Stands below ninja's decorator, so that it runs after authentication and wraps the view alone.
    """

    @wraps(view)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return view(request, **values)
        if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise InputError({HEADER: f"Give between 1 and {LONGEST} printable ASCII characters."})
        # The body's hash is part of it: the same key with another body is a mistake of the caller's, and answered so.
        ticket = begin_call(
            token_of(request), key=key, method=str(request.method), path=request.path, body=request.body
        )
        if isinstance(ticket, Replay):
            replayed = reply(ticket.answer, ticket.status)
            replayed[REPLAYED] = "true"
            return replayed
        return _answer_first(view, request, ticket, values)

    return answer


def _answer_first(view: View, request: HttpRequest, ticket: Ticket, values: dict[str, Any]) -> HttpResponse:
    """Does the call and keeps its answer. Where there is nothing to keep, the key is given back for another try."""
    kept = False
    # In META, where `ticket_id` finds it: the view gets the request, but no argument of ours.
    request.META["cloudaccounts.ticket"] = ticket.id
    try:
        try:
            # Errors are turned into answers here and not by ninja's handlers: those run above, and a refusal of the
            # service is kept as well.
            answer = view(request, **values)
        except ApiError as error:
            answer = error.answer
        except ProviderError as error:
            answer = problem_of(error, request)
        # What can go another way next time is not kept: outages, limits, and all that carries Retry-After.
        if answer.status_code < 500 and answer.status_code not in NOT_KEPT and "Retry-After" not in answer:
            ticket.answered(answer.status_code, json.loads(answer.content))
            kept = True
    finally:
        if not kept:
            ticket.given_back()
    return answer


def ticket_id(request: HttpRequest) -> UUID | None:
    """The id of what a repeatable call makes; None where the call named no key."""
    ticket = request.META.get("cloudaccounts.ticket")
    return ticket if isinstance(ticket, UUID) else None
