"""JSON that every database can hold, of what a cloud said: text, numbers, depth and size within bounds.

What a cloud says is written by strangers: whoever may name a resource, tag it or send an error chooses the text.
PostgreSQL refuses NUL and lone surrogates in text (https://www.postgresql.org/docs/current/datatype-json.html), BSON
has integers of 64 bits (https://bsonspec.org/spec.html), and NaN and Infinity are no JSON (RFC 8259, section 6).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

# Controls other than tab and line ends, and halves of surrogate pairs. DEL and the C1 controls steer terminals.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_INT64 = range(-(2**63), 2**63)
CUT = "…"


@dataclass(frozen=True, slots=True)
class Bounds:
    """``text``: characters of a text, and of a name in an object. ``items``: of a list or an object. ``depth``: levels
    of lists and objects. ``total``: values in all, where each eight characters of text count as one more.
    """

    text: int
    items: int
    depth: int
    total: int


@dataclass(slots=True)
class Changes:
    """What `storable` changed. ``cut`` is for what is missing now, ``replaced`` for what is there in another form."""

    cut: bool = False
    replaced: bool = False


@dataclass(slots=True)
class _Budget:
    bounds: Bounds
    changes: Changes
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.bounds.total


def clean_text(text: str) -> str:
    """The text with a replacement character for each that some database refuses."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def short_text(text: str, most: int) -> str:
    """As `clean_text`, and with at most so many characters, the last an ellipsis where it is cut."""
    text = clean_text(text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + CUT


def storable(value: Any, bounds: Bounds, changes: Changes | None = None) -> Any:
    """A copy in JSON types within the bounds; dates in ISO 8601, other objects as text. It raises nothing.

    A list or an object that is cut says in its last item how many are missing.
    """
    return _value(value, _Budget(bounds, Changes() if changes is None else changes), 0)


def _value(value: Any, budget: _Budget, depth: int) -> Any:
    budget.left -= 1
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, budget)
    if isinstance(value, int):
        return (
            int(value) if value in _INT64 else _other(str(value) if abs(value) < 10**400 else "a large number", budget)
        )
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _other(str(value), budget)
    if isinstance(value, Mapping):
        return _object(value, budget, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return _list(value, budget, depth)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _text(str(value), budget)


def _other(text: str, budget: _Budget) -> str:
    budget.changes.replaced = True
    return _text(text, budget)


def _text(text: str, budget: _Budget) -> str:
    most = min(budget.bounds.text, max(budget.left, 1) * 8)
    short = short_text(str(text), most)
    budget.left -= len(short) // 8
    if short != text:
        budget.changes.cut = budget.changes.cut or len(text) > most
        budget.changes.replaced = True
    return short


def _object(value: Mapping[Any, Any], budget: _Budget, depth: int) -> dict[str, Any] | str:
    if depth >= budget.bounds.depth:
        return _cut(len(value), budget) if value else {}
    result: dict[str, Any] = {}
    for key, item in value.items():
        if len(result) >= budget.bounds.items or budget.left <= 0:
            result[CUT] = _cut(len(value) - len(result), budget)
            break
        result[_text(str(key), budget)] = _value(item, budget, depth + 1)
    return result


def _list(value: Any, budget: _Budget, depth: int) -> list[Any] | str:
    if depth >= budget.bounds.depth:
        return _cut(len(value), budget) if value else []
    result: list[Any] = []
    for item in value:
        if len(result) >= budget.bounds.items or budget.left <= 0:
            result.append(_cut(len(value) - len(result), budget))
            break
        result.append(_value(item, budget, depth + 1))
    return result


def _cut(missing: int, budget: _Budget) -> str:
    budget.changes.cut = True
    return f"{CUT} {missing} more"
