"""The answers of a call, for its description."""

from __future__ import annotations

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


def answers(
    good: dict[int, type[BaseModel] | None], *codes: int, body: bool = False, repeatable: bool = False
) -> dict[str, Any]:
    """Arguments of ninja's decorators: the good answers, and each code that an error of this call may have."""
    more = (*codes, *(OF_BODIES if body else ()))
    arguments: dict[str, Any] = {"response": {**good, **dict.fromkeys((*ALWAYS, *more), Problem)}}
    if repeatable:
        arguments["openapi_extra"] = {"parameters": [KEY]}
    return arguments
