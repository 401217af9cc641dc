"""Sinks of folders and of the organization, which take a project's logs as well. No Django.

An aggregated sink has ``includeChildren``; one that also has ``interceptChildren`` keeps what it takes from the sinks
below it: https://cloud.google.com/logging/docs/export/aggregated_sinks. Cloud Asset's list of a project has neither.
Fields: https://cloud.google.com/logging/docs/reference/rest/v2/folders.sinks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.errors import SDK_ERRORS
from cloudaccounts.providers.gcp.inventory.auditing import SOMEWHERE_ABOVE, places_above

_KEPT = ("name", "destination", "filter", "disabled", "exclusions", "interceptChildren")


def log_sinks_above(project: Asset, sinks_of: Callable[[str], list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """``sinks`` that take a project's entries, each with its place; ``unread`` names the places of the others.

    A refusal is no failure: most set-ups grant nothing above the project.
    """
    found: list[dict[str, Any]] = []
    places = places_above(project)
    for number, place in enumerate(places):
        if place == SOMEWHERE_ABOVE:
            return _answer(found, [place])
        try:
            listed = [_kept(place, sink) for sink in sinks_of(place) if sink.get("includeChildren") is True]
            found += sorted(listed, key=lambda sink: str(sink.get("name")))  # for the fingerprint
        except SDK_ERRORS:
            # Roles are inherited downwards: whoever is refused here has no role above either, so no call is wasted.
            return _answer(found, places[number:])
    return _answer(found, ())


def _answer(sinks: list[dict[str, Any]], unread: Sequence[str]) -> dict[str, list[Any]]:
    return {"sinks": sinks, "unread": list(unread)}


def _kept(place: str, sink: Mapping[str, Any]) -> dict[str, Any]:
    return {"place": place, **{name: sink[name] for name in _KEPT if name in sink}}
