"""Reading one resource with the collectors that read all of a kind.

What costs a call for each resource is then read of those alone that may be the one that is looked for. It is a guess by
names, so that a collector that finds nothing in focus has said nothing: only a reading of everything tells that a
resource is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_focus: ContextVar[frozenset[str]] = ContextVar("focus", default=frozenset())
_LAST_PART = re.compile(r"[^/:]+(?=[/:]*$)")
DEEPEST = 3  # levels of an item in which its names stand


@contextmanager
def focus_on(native_id: str, name: str) -> Iterator[None]:
    """Within this, `may_be_meant` is true of items that name the resource. It holds in the calling thread."""
    token = _focus.set(frozenset(text.lower() for text in (native_id, name, _last_part(native_id))))
    try:
        yield
    finally:
        _focus.reset(token)


def may_be_meant(item: Any) -> bool:
    """Whether an item of a list (a dictionary of the SDK's, a name, an object) names what is in focus.

    True without a focus, and for items of a form that holds no names to compare.
    """
    focus = _focus.get()
    if not focus:
        return True
    names = list(_texts(item, DEEPEST))
    return not names or any(text.lower() in focus or _last_part(text).lower() in focus for text in names)


def _last_part(text: str) -> str:
    """``i-0abc`` of ``arn:…:instance/i-0abc``, and a queue's name of its address."""
    last = _LAST_PART.search(text)
    return last[0] if last else text


def _texts(item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, str):
        yield item
    elif depth and isinstance(item, Mapping):
        for value in item.values():
            yield from _texts(value, depth - 1)
    elif depth and isinstance(item, (list, tuple)):
        for value in item:
            yield from _texts(value, depth - 1)
