"""The answers of a call, for its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cloudaccounts.api.schemas import Problem

# Any call may answer these: a broken request, authentication, rate limits, defects and outages.
ALWAYS = (400, 401, 403, 429, 500, 503)
OF_BODIES = (413, 415, 422)
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key that you choose. Repeating the call with it answers as the first time, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an earlier answer: the change is made only where nothing was changed since (else 412).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~ ]+$"},
}
Examples = Mapping[str, Any]


def answers(
    good: dict[int, type[BaseModel] | None],
    *codes: int,
    body: bool = False,
    repeatable: bool = False,
    matched: bool = False,
    examples: Examples | None = None,
) -> dict[str, Any]:
    """Arguments of ninja's decorators: the good answers, and each code that an error of this call may have.

    ``matched``: the call takes `IF_MATCH`. ``examples`` are bodies by what they show; a call without any gets one made
    of its fields' own examples (`config.api.examples`).
    """
    more = (*codes, *(OF_BODIES if body else ()), *((412,) if matched else ()))
    arguments: dict[str, Any] = {"response": {**good, **dict.fromkeys((*ALWAYS, *more), Problem)}}
    extra: dict[str, Any] = {}
    if headers := [header for header, is_taken in ((KEY, repeatable), (IF_MATCH, matched)) if is_taken]:
        extra["parameters"] = headers
    if examples:
        shown = {f"example{number}": {"summary": text, "value": value} for number, (text, value) in
                 enumerate(examples.items(), start=1)}  # fmt: skip
        extra["requestBody"] = {"content": {"application/json": {"examples": shown}}}
    if extra:
        arguments["openapi_extra"] = extra
    return arguments
