"""How a cloud's answers become properties of an `Asset`: JSON types, in an order that stays the same.

The fingerprint covers the properties (`Asset.fingerprint`), so the same resource must give the same JSON each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from cloudaccounts.contract.inventory import UNREADABLE


def plain(value: Any) -> Any:
    """JSON types only: dates in ISO 8601, other objects as text. Lists keep their order; see `ordered`."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def ordered(values: Iterable[Any] | None) -> list[Any]:
    """As `plain`, sorted: for lists whose order means nothing to the cloud, which may change it at each call."""
    # By their JSON, since objects of different shapes cannot be compared with one another.
    return sorted((plain(value) for value in values or ()), key=lambda value: json.dumps(value, sort_keys=True))


def with_unreadable(properties: Mapping[str, Any], refused: Mapping[str, str]) -> dict[str, Any]:
    """The properties, and under `UNREADABLE` which of them could not be read: property name to error code.

    Without refusals the key is left out, so that it never changes a fingerprint.
    """
    return {**properties} | ({UNREADABLE: dict(sorted(refused.items()))} if refused else {})
