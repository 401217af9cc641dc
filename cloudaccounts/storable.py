"""JSON that every database can hold, of what a cloud said: text, numbers, depth and size within bounds.

What a cloud says is written by strangers: whoever may name a resource, tag it or send an error chooses the text.
PostgreSQL refuses NUL and lone surrogates in text (https://www.postgresql.org/docs/current/datatype-json.html), BSON
has integers of 64 bits (https://bsonspec.org/spec.html), and NaN and Infinity are no JSON (RFC 8259, section 6).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

# Controls other than tab and line ends, and halves of surrogate pairs. DEL and the C1 controls steer terminals.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# The same in JSON that is written in ASCII.
_ESCAPED = re.compile(r"\\(?:[bf]|u(?:00[0189]|007f|d[89a-f]))")
_encode = json.JSONEncoder(allow_nan=False).encode
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# 64 bits with a sign, as BSON's integers.
_LEAST, _MOST = -(2**63), 2**63 - 1
_PLAIN = frozenset({str, float, bool, type(None)})
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
    """What `storable` changed: ``cut`` is for what is missing now, ``replaced`` for what is there in another form.

    ``spent`` is how much of the total it took.
    """

    cut: bool = False
    replaced: bool = False
    spent: int = 0


@dataclass(slots=True)
class _Budget:
    bounds: Bounds
    changes: Changes
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.bounds.total


def clean_text(text: str) -> str:
    """The text with a replacement character for each that some database refuses."""
    # Searched first: nearly all texts are clean, and a search costs less than a copy.
    return _UNSTORABLE.sub(REPLACEMENT, text) if _UNSTORABLE.search(text) else text


def short_text(text: str, most: int) -> str:
    """As `clean_text`, and with at most so many characters, the last an ellipsis where it is cut."""
    # Cut before it is searched: a cloud may send megabytes, of which a few hundred characters stay.
    text = clean_text(text if len(text) <= most else text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + CUT


def clean_record(record: Any, most: int = 4000) -> None:
    """Makes all texts of a frozen dataclass with slots storable, each of at most so many characters.

    For its ``__post_init__``: what a provider makes of a cloud's answer is then storable from the beginning.
    """
    for name in record.__slots__:
        value = getattr(record, name)
        # `type`: members of a StrEnum are texts of our own.
        if type(value) is str and (len(value) > most or _UNSTORABLE.search(value)):
            object.__setattr__(record, name, short_text(value, most))


def clean_identifier(text: str, most: int) -> str:
    """As `short_text`, but what was different stays different: an identifier that is changed ends with its hash."""
    if len(text) <= most and not _UNSTORABLE.search(text):
        return text
    # `surrogatepass`: halves of surrogate pairs are what makes such a text unstorable, and they have to be hashed too.
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{clean_text(text[: most - 17])}{CUT}{digest}"


def is_storable(value: Any, bounds: Bounds) -> bool:
    """Whether `storable` would change nothing. Fast for what is small and plain; False may be wrong, True is not."""
    try:
        # The encoder's C code looks at everything: types, NaN, and what it escapes.
        written = _encode(value)
    except (TypeError, ValueError, RecursionError):
        return False
    # One length for both bounds: no list has more items, and no text more characters, than the JSON around it.
    if len(written) > bounds.items or len(written) > bounds.text or ("\\" in written and _ESCAPED.search(written)):
        return False
    return _is_shallow_and_of_64_bits(value, bounds.depth)


def _is_shallow_and_of_64_bits(value: Any, depth: int) -> bool:
    """Whether it has so many levels of lists and objects at most, and no larger integers. Level by level, for speed."""
    level = [value]
    for _ in range(depth + 1):
        inner: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                inner += item.values()
            elif kind is list:
                inner += item
            elif kind is int:
                if not _LEAST <= item <= _MOST:
                    return False
            elif kind not in _PLAIN:
                return False
        if not inner:
            return True
        level = inner
    return False


def storable(value: Any, bounds: Bounds, changes: Changes | None = None) -> Any:
    """A copy in JSON types within the bounds; dates in ISO 8601, other objects as text. It raises nothing.

    A list or an object that is cut says in its last item how many are missing.
    """
    budget = _Budget(bounds, Changes() if changes is None else changes)
    kept = _value(value, budget, 0)
    budget.changes.spent = bounds.total - budget.left
    return kept


def _value(value: Any, budget: _Budget, depth: int) -> Any:
    # Counted for each value, so that many small ones are bounded as well as few large ones.
    budget.left -= 1
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, budget)
    if isinstance(value, int):
        return (
            int(value)
            if _LEAST <= value <= _MOST
            # Python refuses to write very long integers as decimal digits, to guard against the time that takes.
            else _other(str(value) if abs(value) < 10**400 else "a large number", budget)
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
    text = str(text)  # of a subclass, too
    short = short_text(text, most)
    budget.left -= len(short) // 8
    if len(text) > most:
        budget.changes.cut = True
    elif short != text:
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
