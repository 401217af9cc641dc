"""ETag and If-Match: a change is made only from what its caller has read (RFC 9110, 13.1.1)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cloudaccounts.errors import ChangedMeanwhileError


def etag_of(state: Any) -> str:
    """Of what callers may change, and nothing else: a heartbeat must not make a person's change impossible."""
    text = json.dumps(state, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def tagged(answer: HttpResponse, state: Any) -> HttpResponse:
    answer["ETag"] = etag_of(state)
    return answer


def is_conditional(request: HttpRequest) -> bool:
    """Whether the call is to be made only from a state that it names."""
    return request.headers.get("If-Match", "*").strip() != "*"


def check_match(request: HttpRequest, state: Any, *, row: Model | None = None) -> None:
    """Raises `ChangedMeanwhileError` (412) where the call names another state than this. Without a header nothing.

    Every call that uses this is `one_at_a_time`: until its change is written, another would still find the same state.
    ``row`` has ``updated_at``: moving it on by a conditional UPDATE also finds what a page has changed meanwhile.
    """
    if not is_conditional(request):
        return
    # A proxy that compresses makes tags weak; the state is the same one.
    tags = {tag.strip().removeprefix("W/") for tag in request.headers["If-Match"].split(",")}
    if etag_of(state) not in tags:
        raise ChangedMeanwhileError
    if row is not None:
        rows = type(row)._default_manager.filter(pk=row.pk, updated_at=getattr(row, "updated_at"))  # noqa: B009
        if not rows.update(updated_at=timezone.now()):
            raise ChangedMeanwhileError
