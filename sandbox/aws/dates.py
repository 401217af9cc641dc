"""Moves the dates of moto's objects into the past: moto makes them at each start, and everything would be new."""

from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

_LIMIT = 50_000  # objects looked at: a guard against a model that refers to the world


def date_back(root: Any, *, since: datetime, to: datetime) -> None:
    """Replaces all moments after `since` in moto's models below `root`: datetimes, ISO texts, (milli)seconds."""
    visited: set[int] = set()
    waiting: list[Any] = [root]
    while waiting and len(visited) < _LIMIT:
        holder = waiting.pop()
        if id(holder) in visited:
            continue
        visited.add(id(holder))
        if isinstance(holder, MutableMapping):
            _renew(holder.items(), holder.__setitem__, since, to, waiting)
        elif isinstance(holder, list):
            _renew(enumerate(holder), holder.__setitem__, since, to, waiting)
        elif type(holder).__module__.startswith("moto.") and hasattr(holder, "__dict__"):
            _renew(vars(holder).items(), vars(holder).__setitem__, since, to, waiting)


def _renew(items: Any, put: Callable[[Any, Any], None], since: datetime, to: datetime, waiting: list[Any]) -> None:
    for key, value in list(items):
        if isinstance(value, MutableMapping | list) or type(value).__module__.startswith("moto."):
            waiting.append(value)
        elif (earlier := _earlier(value, since, to)) is not None:
            put(key, earlier)


def _earlier(value: Any, since: datetime, to: datetime) -> Any:
    """The moment in the value's own shape; None where it is no moment after `since`."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (to if value.tzinfo else to.replace(tzinfo=None)) if moment >= since.replace(microsecond=0) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        for scale in (1, 1000):  # seconds or milliseconds; a number that happens to lie there is a risk taken
            if since.timestamp() - 1 <= value / scale <= since.timestamp() + 600:
                return type(value)(to.timestamp() * scale)
        return None
    if isinstance(value, str) and len(value) in range(19, 36) and value[:2] == "20" and value[10:11] in ("T", " "):
        today = since.astimezone(UTC).date().isoformat()
        return to.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if value.startswith(today) else None
    return None
