"""Where sinks get findings from: the app that has them registers a function, as this package lies below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from cloudaccounts.jobs.handlers import discover
from teams.scope import Scope

MOST = 10_000  # findings in one delivery

# Of a scope: the findings of these groups (account, check), at most so many, as OCSF events.
Source = Callable[[Scope, Iterable[tuple[UUID, str]], int], list[dict[str, Any]]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    _sources.append(source)
    return source


def findings_of(scope: Scope, groups: Iterable[tuple[UUID, str]]) -> Sequence[dict[str, Any]]:
    discover()  # loads what registers sources
    pairs = list(dict.fromkeys(groups))
    return [finding for source in _sources for finding in source(scope, pairs, MOST)][:MOST]
