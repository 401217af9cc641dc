"""Whether a binding with a condition gives its role now. No Django.

Expressions are of the Common Expression Language: https://cloud.google.com/iam/docs/conditions-overview. Only times are
evaluated, because access that ends is what most conditions are for; all else narrows by what nobody knows before the
request (the resource, the address, the access level), so that the answer is "perhaps".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

_LITERAL = re.compile(r'"[^"\\]*"' + r"|'[^'\\]*'")
_TIME = re.compile(r"request\.time\s*(<=|>=|<|>)\s*timestamp\(\s*#(\d+)\s*\)")
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def in_force(expression: str, now: datetime) -> bool | None:
    """None where that depends on the request, or is not understood."""
    literals: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        literals.append(found.group()[1:-1])
        return f"#{len(literals) - 1}"

    # Without texts first: an operator inside a text is none.
    bare = _LITERAL.sub(numbered, expression).strip()
    if not bare:
        return True
    if "||" in bare or "?" in bare:
        return None
    return _holds(bare, literals, now)


def _holds(bare: str, literals: list[str], now: datetime) -> bool | None:
    parts = list(_conjuncts(bare))
    if len(parts) > 1:
        parts_hold = [_holds(part, literals, now) for part in parts]
        # One that is false is enough, whatever the others would say.
        return False if False in parts_hold else None if None in parts_hold else True
    inner = bare.strip()
    if inner.startswith("(") and _closes_at_its_end(inner):
        return _holds(inner[1:-1], literals, now)
    if inner in ("true", "false"):
        return inner == "true"
    return _compared(_TIME.fullmatch(inner), literals, now)


def _conjuncts(bare: str) -> Iterator[str]:
    """Between the ``&&`` that stand in no brackets: inside of them a negation may turn the meaning round."""
    depth, start = 0, 0
    for place, character in enumerate(bare):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and bare.startswith("&&", place):
            yield bare[start:place]
            start = place + 2
    yield bare[start:]


def _closes_at_its_end(text: str) -> bool:
    """Whether the bracket at the beginning is closed by the last character and not before."""
    depth = 0
    for place, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return place == len(text) - 1
    return False


def _compared(found: re.Match[str] | None, literals: list[str], now: datetime) -> bool | None:
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(literals[int(found[2])])
    except (ValueError, IndexError):
        return None
    return _COMPARE[found[1]](now, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
