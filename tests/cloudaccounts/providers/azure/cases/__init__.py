"""For each check of Azure: what passes, what fails, what is not its business, and what cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Properties = dict[str, Any]  # of an asset, as the inventory stores them; ``name`` is the asset's own


@dataclass(frozen=True)
class Cases:
    """``unknown`` beside what could not be read, which is tried with every case that passes."""

    passing: tuple[Properties, ...]
    failing: tuple[Properties, ...]
    not_applicable: tuple[Properties, ...] = ()
    unknown: tuple[Properties, ...] = ()


def on_day(day: str, **properties: Any) -> Properties:
    """As observed then."""
    return {**properties, "observed": {"at": f"{day}T12:00:00+00:00"}}


def unread(*names: str, code: str = "permission_denied") -> Properties:
    return {**dict.fromkeys(names), "unreadable": dict.fromkeys(names, code)}


def flags(name: str, **more: Any) -> Cases:
    """Of a check that wants true, for which a missing value says nothing."""
    return Cases(
        ({name: True, **more}, {name: True, **more, "x": None}, {name: True, **more, "resource_group": "g"}),
        ({name: False, **more}, {name: False, **more, "x": None}, {name: False, **more, "resource_group": "g"}),
        (),
        ({name: None, **more}, {**more}, {name: "perhaps", **more}, {name: 1, **more}),
    )
