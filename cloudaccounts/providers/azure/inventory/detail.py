"""How the details of a type of resource are read: which properties of its own answer, and which calls below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Source = str | Callable[[Mapping[str, Any]], Any]

# Diagnostic settings of a resource, or of the subscription. A preview version, because the stable one before it
# (2016-09-01) has a single setting without a name:
# https://learn.microsoft.com/rest/api/monitor/diagnostic-settings/list
DIAGNOSTICS = "providers/Microsoft.Insights/diagnosticSettings"
DIAGNOSTICS_TYPE = "Microsoft.Insights/diagnosticSettings"
DIAGNOSTICS_VERSION = "2021-05-01-preview"
MOST_READ_ONE_BY_ONE = 200  # of one list: each costs a call
UNREAD = "unread"  # of an item that was to be read by itself: the error's code


@dataclass(frozen=True, slots=True)
class Child:
    """Something that the resource's own answer leaves out: a list, or a single object.

    ``path`` is below the resource, or a function of the resource's answer that gives a whole path; without one there
    (None) the child is None. A function that gives several names objects of their own (``single``), which are known or
    unknown together. ``one_by_one``: the list leaves out what each of its items tells when it is asked itself.
    ``not_for`` are the kinds of the resource that have no such child: it is None there.
    """

    name: str
    path: str | Callable[[Mapping[str, Any]], str | tuple[str, ...] | None]
    type: str
    extract: Callable[[Sequence[Any]], Any]
    single: bool = False
    version: str = ""  # only where the newest stable version of the interface has another shape
    one_by_one: bool = False
    not_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Detail:
    """``sources`` are in the resource's own answer, by the name of our property; each child costs a call."""

    type: str  # of our asset
    sources: Mapping[str, Source] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
