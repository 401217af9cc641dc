"""What a list of findings is narrowed by, each part as a condition of its own.

Facets count with all conditions but their own, so that the other values of a filter that is set stay countable. What
follows from the account alone (its cloud, its groups) and from the check alone (its severity, its controls) is kept
apart: a facet of these needs one query for all of them (`scans.findings.facets`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from cloudaccounts.group_scope import inside
from cloudaccounts.groups import queries as group_queries
from scans.compliance.catalogue import frameworks
from scans.compliance.own.catalogue import own_frameworks
from scans.findings.tag_sets import with_tags
from scans.models import RANKS, FindingStatus
from teams.scope import Scope

OPEN, SUPPRESSED, MUTED, RESOLVED = "open", "suppressed", "muted", "resolved"
STATES = (OPEN, SUPPRESSED, MUTED, RESOLVED)
NOBODY = "-"  # as assignee: findings that are nobody's
# How long findings are open: from so many days, up to so many.
BANDS: dict[str, tuple[int, int | None]] = {
    "0-1": (0, 1), "1-7": (1, 7), "7-30": (7, 30), "30-90": (30, 90), "90-": (90, None),
}  # fmt: skip
BY_ACCOUNT = ("provider", "environment", "account", "group")
BY_CHECK = ("severity", "service", "check", "control")
_EITHER = [False, True]
# As lists, so that SQLite uses the indexes of the lists (see `scans.findings.models.SHOWN`). Resolved before suppressed
# before muted: docs/findings.md.
_STATES: dict[str, dict[str, Any]] = {
    OPEN: {"status": FindingStatus.OPEN, "suppressed__in": [False], "muted__in": [False]},
    SUPPRESSED: {"status": FindingStatus.OPEN, "suppressed__in": [True], "muted__in": _EITHER},
    MUTED: {"status": FindingStatus.OPEN, "suppressed__in": [False], "muted__in": [True]},
    RESOLVED: {"status": FindingStatus.RESOLVED, "suppressed__in": _EITHER, "muted__in": _EITHER},
}


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Several values of one name are alternatives. ``status`` without a value is open: neither suppressed nor muted.

    ``age`` is days and more, ``resolved_for`` days and less, ``open_for`` names of `BANDS`. ``run`` narrows to what a
    scan opened, reopened or resolved last, whatever its status. ``control`` is ``framework:control``, ``mute_rule``
    what one rule mutes.
    """

    q: str = ""
    severity: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    account: tuple[UUID, ...] = ()
    group: tuple[UUID, ...] = ()
    check: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    open_for: tuple[str, ...] = ()
    age: int = 0
    resolved_for: int = 0
    due: str = ""  # ``overdue``
    run: UUID | None = None
    mute_rule: UUID | None = None
    sort: str = "severity"

    @property
    def narrows(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__ if name != "sort")


def conditions(
    scope: Scope, filters: FindingFilter, *, by_key: bool = False, now: datetime | None = None
) -> dict[str, Q]:
    """Each facet's condition by its name; none for a facet that is not filtered by. A query or two for each group.

    ``by_key``: the rows are found by their keys, so that SQLite must not prefer an index of the list.
    """
    now = now or timezone.now()
    conditions: dict[str, Q | None] = {
        "severity": _among("severity_rank", [RANKS[word] for word in filters.severity if word in RANKS]),
        "service": _among("service", filters.service),
        "check": _among("check_id", filters.check),
        # A control without a check is about no finding.
        "control": Q(check_id__in=rules_of(scope.owner, filters.control)) if filters.control else None,
        "provider": _among("provider", filters.provider),
        "environment": _among("environment", filters.environment),
        "account": _among("account", filters.account),
        "group": _groups(scope, filters.group),
        "region": _among("region", filters.region),
        "assignee": _among("assignee", ["" if name == NOBODY else name for name in filters.assignee]),
        "tag": with_tags(scope, filters.tag),
        "open_for": _any_of(band(name, now) for name in filters.open_for if name in BANDS),
        "age": Q(open_since__lte=now - timedelta(days=filters.age)) if filters.age else None,
        "resolved_for": Q(resolved_at__gt=now - timedelta(days=filters.resolved_for)) if filters.resolved_for else None,
        "due": Q(due__lt=now.date()) if filters.due == "overdue" else None,
        "run": Q(changed_run=filters.run) if filters.run else None,
        "mute_rule": Q(mute_rule=filters.mute_rule) if filters.mute_rule else None,
    }
    # What a scan changed, and what one rule mutes, is asked for in every state unless the address names one.
    if filters.status or not (filters.run or filters.mute_rule):
        conditions["status"] = states(filters.status or (OPEN,), by_key=by_key)
    return {name: condition for name, condition in conditions.items() if condition is not None}


def states(names: Sequence[str], *, by_key: bool = False) -> Q:
    """Findings in any of these states. All of them are no condition."""
    wanted = [name for name in STATES if name in names]
    return _any_of(Q(**(_plain(_STATES[name]) if by_key else _STATES[name])) for name in wanted) or Q()


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """The same condition, in a form for which SQLite asks no index of a list."""
    values = {name.removesuffix("__in"): value for name, value in state.items() if value != _EITHER}
    return {name: value[0] if isinstance(value, list) else value for name, value in values.items()}


def band(name: str, now: datetime) -> Q:
    """Open for as long as this one of `BANDS` says."""
    least, most = BANDS[name]
    young = Q(open_since__gt=now - timedelta(days=most)) if most is not None else Q()
    return (Q(open_since__lte=now - timedelta(days=least)) if least else Q()) & young


def combined(parts: dict[str, Q], *, without: Iterable[str] = ()) -> Q:
    left_out = set(without)
    whole = Q()
    for name, condition in parts.items():
        if name not in left_out:
            whole &= condition
    return whole


def rules_of(owner: str, controls: Sequence[str]) -> list[str]:
    """Ids of the checks that are evidence for any of these controls (``cis_aws_5.0:1.4``). A query for own ones."""
    rules: dict[str, None] = {}
    own = own_frameworks(owner, [text.partition(":")[0] for text in controls])
    for text in controls:
        slug, _, control_id = text.partition(":")
        framework = own.get(slug) or frameworks().get(slug)
        for control in framework.controls if framework else ():
            if control.id == control_id:
                rules |= dict.fromkeys(control.rules)
    return list(rules)


def _among(column: str, values: Sequence[Any]) -> Q | None:
    if not values:
        return None
    return Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": list(values)})


def _any_of(alternatives: Iterable[Q]) -> Q | None:
    each = list(alternatives)
    return reduce(or_, each) if each else None


def _groups(scope: Scope, keys: Sequence[UUID]) -> Q | None:
    """Of the accounts in any of these groups, nested ones included. A group outside of the scope holds nothing."""
    if not keys:
        return None
    groups = [group for key in keys if (group := group_queries.find(scope, key)) is not None]
    nested = [key for group in groups for key in group_queries.with_descendants(group)]
    return inside(nested, field="account") if nested else Q(pk__in=[])
