"""What the page of findings shows of its filters: facets with their values, and chips of what is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import QueryDict

from cloudaccounts import registry
from cloudaccounts.models import Environment
from cloudaccounts.templatetags.services import service
from scans.compliance.catalogue import frameworks
from scans.compliance.own.catalogue import control_labels
from scans.findings.checks import titles_of
from scans.findings.facets import Facets, Value
from scans.findings.filters import BANDS, NOBODY, STATES, FindingFilter
from scans.models import RANKS

SHOWN = 6
LABELS = {
    "severity": "Severity", "environment": "Environment", "status": "State", "provider": "Cloud", "service": "Service",
    "account": "Account", "group": "Group", "region": "Region", "control": "Control", "open_for": "Age",
    "assignee": "Assignee", "tag": "Tag", "check": "Rule",
}  # fmt: skip
CLOSED = ("group", "region", "control", "tag")  # folded until somebody opens them
LAZY = ("region", "control", "tag")  # counted when they are opened
ORDERS: Mapping[str, list[str]] = {
    "severity": list(RANKS), "status": list(STATES), "open_for": list(BANDS), "environment": list(Environment.values),
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, str]] = {
    "severity": {word: word.capitalize() for word in RANKS},
    "status": {"open": "Open", "suppressed": "Suppressed", "muted": "Muted by a rule", "resolved": "Resolved"},
    "open_for": {
        "0-1": "Under a day", "1-7": "1 to 7 days", "7-30": "7 to 30 days", "30-90": "30 to 90 days",
        "90-": "Over 90 days",
    },
    "environment": dict(Environment.choices),
    "assignee": {NOBODY: "Unassigned"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FacetView:
    name: str
    label: str
    values: tuple[Value, ...]
    more: tuple[Value, ...]
    is_open: bool
    is_lazy: bool


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    without: str  # the address's query without this filter
    name: str


class KnownPaginator(Paginator[Any]):
    """Of a page that was read already, and a number that is known. Without ``exact`` there are more than so many."""

    def __init__(self, rows: list[Any], count: int, size: int, *, exact: bool = True) -> None:
        super().__init__(rows, size)
        self._known, self.capped = count, not exact

    @property
    def count(self) -> int:
        return self._known

    def page(self, number: int | str) -> Any:
        return Page(self.object_list, self.validate_number(number), self)


def facet_views(facets: Facets, filters: FindingFilter) -> list[FacetView]:
    return [_view(name, facets, filters) for name in LABELS if name != "check" and _is_offered(name, facets)]


def labelled(name: str, values: Iterable[Value]) -> list[Value]:
    """With what people read for each value."""
    words = words_of(name, [value.value for value in values])
    return [Value(value.value, words.get(value.value, value.label), value.count, value.chosen) for value in values]


def chips(filters: FindingFilter, facets: Facets, query: QueryDict) -> list[Chip]:
    """One for each filter that is set."""
    shown_chips = []
    for name, label in LABELS.items():
        if values := [str(value) for value in getattr(filters, name)]:
            words = {**facets.labels.get(name, {}), **words_of(name, values)}
            shown = ", ".join(words.get(value, value) for value in values[:3])
            more = f" and {len(values) - 3} more" if len(values) > 3 else ""
            shown_chips.append(Chip(f"{shown}{more}", without(query, name), label))
    if filters.age:
        shown_chips.append(Chip(f"Open for {filters.age} days and more", without(query, "age"), "Age"))
    if filters.resolved_for:
        shown = "Within a day" if filters.resolved_for == 1 else f"Within {filters.resolved_for} days"
        shown_chips.append(Chip(shown, without(query, "resolved_for"), "Resolved"))
    if filters.due:
        shown_chips.append(Chip("Overdue", without(query, "due"), "Due"))
    if filters.run:
        shown_chips.append(Chip("Changed by one scan", without(query, "run"), "Scan"))
    if filters.mute_rule:
        shown_chips.append(Chip("Muted by one rule", without(query, "mute_rule"), "Mute rule"))
    if filters.q:
        shown_chips.append(Chip(f"“{filters.q}”", without(query, "q"), "Search"))
    return shown_chips


def without(query: QueryDict, *names: str) -> str:
    """An address's query without these filters, from the first page on."""
    rest = query.copy()
    for name in (*names, "page", "finding"):
        rest.pop(name, None)
    return f"?{rest.urlencode()}"


def words_of(name: str, values: Iterable[str]) -> Mapping[str, str]:
    if name == "provider":
        return {spec.key: spec.short_label for spec in registry.all_providers()}
    if name == "control":
        return control_labels(frameworks(), values)
    if name == "check":
        return titles_of(list(values))
    if name == "service":
        return {value: service(value) for value in values}
    return WORDS.get(name, {})


def _is_offered(name: str, facets: Facets) -> bool:
    # Who has no groups needs no filter by them.
    return name != "group" or bool(facets.labels.get("group"))


def _view(name: str, facets: Facets, filters: FindingFilter) -> FacetView:
    values = facets.of(name, getattr(filters, name))
    if name in ORDERS:
        by_value = {value.value: value for value in values}
        values = [by_value.get(key) or Value(key, key, 0, chosen=False) for key in ORDERS[name]]
    values = labelled(name, values)
    chosen = any(value.chosen for value in values)
    first = [value for place, value in enumerate(values) if place < SHOWN or value.chosen]
    rest = [value for place, value in enumerate(values) if place >= SHOWN and not value.chosen]
    return FacetView(
        name, LABELS[name], tuple(first), tuple(rest), is_open=chosen or name not in CLOSED, is_lazy=name in LAZY
    )
