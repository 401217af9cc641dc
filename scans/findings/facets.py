"""Counts of findings for each value that a list can be narrowed by: its facets.

A facet is narrowed by all filters except its own. A dozen queries, however many filters are set and findings there
are: what follows from the check alone (severity, service, control) is counted by check, what follows from the account
alone (cloud, environment, group) by account, and Python adds them up. All of them read an index of the lists, in which
the filters' columns stand, and in its order, so that nothing is sorted (docs/decisions/0011).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import GroupMember
from scans.compliance.own.catalogue import catalogue_of, control_labels, own_frameworks
from scans.findings.filters import (
    BANDS,
    BY_ACCOUNT,
    BY_CHECK,
    MUTED,
    NOBODY,
    OPEN,
    RESOLVED,
    SUPPRESSED,
    FindingFilter,
    band,
    combined,
    conditions,
    rules_of,
    states,
)
from scans.findings.queries import Searched, searched
from scans.findings.tag_sets import lines_of
from scans.models import RANKS, Finding, FindingStatus
from teams.scope import Scope

SHOWN_VALUES = 8
MOST_VALUES = 200  # of one facet: who needs the others searches
ASKED_FOR = 5_000  # accounts in one question
SEVERITIES = list(RANKS)
YOUNGEST = next(iter(BANDS))


@dataclass(frozen=True, slots=True)
class Value:
    value: str  # as the address names it
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class CheckLine:
    """The findings of one check, narrowed by everything but what follows from the check."""

    check_id: str
    severity: str
    service: str
    count: int


@dataclass(frozen=True, slots=True)
class AccountLine:
    account: UUID
    provider: str
    environment: str
    count: int


@dataclass(slots=True)
class Facets:
    """``checks`` are narrowed by all filters: the list by rule is made of them. ``total`` is their sum."""

    total: int = 0
    checks: list[CheckLine] = field(default_factory=list)
    values: dict[str, Counter[str]] = field(default_factory=dict)  # by facet: counts by value
    labels: dict[str, dict[str, str]] = field(default_factory=dict)  # by facet: what people read for a value

    def of(self, facet: str, chosen: Iterable[object]) -> list[Value]:
        """The values of a facet, most findings first; chosen ones are among them, also where they count nothing."""
        counts, labels = self.values.get(facet, Counter()), self.labels.get(facet, {})
        chosen_values = [str(value) for value in chosen]
        ordered = [*dict.fromkeys([*(value for value, _ in counts.most_common(MOST_VALUES)), *chosen_values])]
        return [Value(value, labels.get(value, value), counts[value], value in chosen_values) for value in ordered]


class FacetCounter:
    """Counts the facets of one list. ``hits``: what `searched` has found already."""

    def __init__(
        self, scope: Scope, filters: FindingFilter, *, hits: Searched | None = None, now: datetime | None = None
    ) -> None:
        self._scope = scope
        self._filters = filters
        self._now = now or timezone.now()
        self._rows, _ = hits or searched(scope, filters.q)
        self._parts = conditions(scope, filters, now=self._now)
        self._rules = frozenset(rules_of(scope.owner, filters.control))

    def count(self, *, but: Collection[str] = ()) -> Facets:
        """``but``: facets that are counted when somebody opens them (`opened`)."""
        facets = Facets()
        self._count_checks(facets)
        self._count_accounts(facets)
        if "region" not in but:
            facets.values["region"] = self._counted("region", "region")
        facets.values["open_for"] = self._ages(facets.total)
        facets.values["status"] = self._states(facets.total)
        facets.values["assignee"] = self._assignees(facets.total)
        facets.labels["assignee"] = {NOBODY: "Unassigned"}
        facets.labels["control"] = self._own_labels(self._filters.control)
        return facets

    def opened(self, name: str) -> Facets:
        """One facet alone, of those that are counted when they are opened: control, region, tag."""
        if name == "control":
            return self.control_facet()
        return Facets(values={name: self.tags() if name == "tag" else self._counted(name, name)})

    def controls(self) -> Counter[str]:
        """``framework:control`` of each control that a finding's check is evidence for. Two queries."""
        counts, catalogue = Counter[str](), catalogue_of(self._scope.owner)
        for line in self._check_lines():
            if not self._keeps_check(line, except_for="control"):
                continue
            for citation in catalogue.citations_of(line.check_id):
                counts[f"{citation.framework.slug}:{citation.control.id}"] += line.count
        return counts

    def control_facet(self) -> Facets:
        """The same as a facet, with what people read for the team's own. Three queries."""
        counts = self.controls()
        return Facets(values={"control": counts}, labels={"control": self._own_labels(counts)})

    def _own_labels(self, values: Iterable[str]) -> dict[str, str]:
        """Of controls of the team's own frameworks; the product's are known without a query."""
        own = own_frameworks(self._scope.owner, {value.partition(":")[0] for value in values})
        return control_labels(own, values)

    def tags(self) -> Counter[str]:
        """``key=value`` of the findings' assets, added up over combinations of tags. Two queries."""
        counts: Counter[str] = Counter()
        rows = self._narrowed("tag").order_by().values("tag_set").annotate(number=Count("*"))
        numbers = dict(rows.values_list("tag_set", "number"))
        numbers.pop(0, None)
        lines = lines_of(self._scope.owner, numbers)
        for key, number in numbers.items():
            for line in lines.get(key, "").split("\n"):
                counts[line] += number
        counts.pop("", None)
        return counts

    def check_lines(self) -> list[CheckLine]:
        """By check, narrowed by all filters. One query."""
        return [line for line in self._check_lines() if self._keeps_check(line)]

    def _narrowed(self, *without: str) -> QuerySet[Finding]:
        return self._rows.filter(combined(self._parts, without=without))

    def _counted(self, facet: str, column: str) -> Counter[str]:
        rows = self._narrowed(facet).order_by().values(column).annotate(number=Count("*"))
        return Counter({str(row[column]): row["number"] for row in rows})

    def _check_lines(self) -> list[CheckLine]:
        rows = _carrying(self._narrowed(*BY_CHECK), ("check_id", "severity_rank"), ("service",))
        return [
            CheckLine(row["check_id"], SEVERITIES[row["severity_rank"]], row["service"], row["number"]) for row in rows
        ]

    def _count_checks(self, facets: Facets) -> None:
        lines = self._check_lines()
        facets.checks = [line for line in lines if self._keeps_check(line)]
        facets.total = sum(line.count for line in facets.checks)
        keys: dict[str, Callable[[CheckLine], str]] = {
            "severity": lambda line: line.severity, "service": lambda line: line.service,
            "check": lambda line: line.check_id,
        }  # fmt: skip
        for facet, key in keys.items():
            counts: Counter[str] = Counter()
            for line in lines:
                if self._keeps_check(line, except_for=facet):
                    counts[key(line)] += line.count
            facets.values[facet] = counts

    def _keeps_check(self, line: CheckLine, *, except_for: str = "") -> bool:
        filters = self._filters
        passes = {
            "severity": not filters.severity or line.severity in filters.severity,
            "service": not filters.service or line.service in filters.service,
            "check": not filters.check or line.check_id in filters.check,
            "control": not filters.control or line.check_id in self._rules,
        }
        return all(passed for name, passed in passes.items() if name != except_for)

    def _count_accounts(self, facets: Facets) -> None:
        rows = _carrying(self._narrowed(*BY_ACCOUNT), ("account",), ("provider", "environment"))
        lines = [AccountLine(row["account"], row["provider"], row["environment"], row["number"]) for row in rows]
        memberships, names = _memberships(self._scope, {line.account for line in lines})
        filters = self._filters
        chosen_groups = set(filters.group)
        tests: dict[str, Callable[[AccountLine], bool]] = {
            "provider": lambda line: line.provider in filters.provider,
            "environment": lambda line: line.environment in filters.environment,
            "account": lambda line: line.account in filters.account,
            "group": lambda line: bool(chosen_groups & memberships.get(line.account, frozenset())),
        }
        keys: dict[str, Callable[[AccountLine], Iterable[str]]] = {
            "provider": lambda line: (line.provider,),
            "environment": lambda line: (line.environment,) if line.environment else (),
            "account": lambda line: (str(line.account),),
            "group": lambda line: map(str, memberships.get(line.account, frozenset())),
        }
        values: dict[str, Counter[str]] = {facet: Counter() for facet in keys}
        # One look at each line: there may be as many as accounts.
        tests = {name: test for name, test in tests.items() if getattr(filters, name)}
        for line in lines:
            failed = [name for name, test in tests.items() if not test(line)]
            if len(failed) > 1:
                continue
            for facet in failed or keys:  # what fails a facet's own filter alone still counts in that facet
                for value in keys[facet](line):
                    values[facet][value] += line.count
        facets.values |= values
        facets.labels["group"] = {str(key): name for key, name in names.items()}
        shown = [UUID(key) for key, _ in facets.values["account"].most_common(MOST_VALUES)]
        accounts = visible_accounts(self._scope).filter(pk__in=[*shown, *filters.account])
        facets.labels["account"] = {str(key): name for key, name in accounts.values_list("pk", "name")}

    def _ages(self, total: int) -> Counter[str]:
        if self._parts.keys() <= {"status", "open_for"} and self._in_open and not self._scope.limited:
            # Each band is a part of an index; the youngest is what is left over, as a rule the largest one.
            rows = self._narrowed("open_for").order_by()
            whole = rows.values("owner").count() if "open_for" in self._parts else total
            counts = Counter({name: rows.filter(band(name, self._now)).count() for name, (least, _) in BANDS.items()
                              if least})  # fmt: skip
            return counts + Counter({YOUNGEST: whole - counts.total()})
        # How many are at least so old, and the differences: one comparison a row and band, and none for its end.
        edges = [least for least, _ in BANDS.values() if least]
        # A column of the index and no `*`: MongoDB counts a condition by its values.
        sums = {
            f"since_{days}": Count("severity_rank", filter=Q(open_since__lte=self._now - timedelta(days=days)))
            for days in edges
        }
        rows = self._narrowed("open_for", "age").order_by()
        numbers = rows.aggregate(whole=Count("severity_rank"), **sums)
        older = {0: numbers["whole"], **{days: numbers[f"since_{days}"] for days in edges}}
        return Counter({name: older[least] - (older[most] if most else 0) for name, (least, most) in BANDS.items()})

    @property
    def _in_open(self) -> bool:
        """Whether the list is of open findings, and no search has found its rows by their keys."""
        return "status" in self._parts and self._filters.status in ((), (OPEN,)) and not self._filters.q

    def _states(self, total: int) -> Counter[str]:
        rows = self._narrowed("status").order_by()
        if self._in_open:
            # The open ones are all that the list has: the others alone are counted, each state in its part of an index.
            others = {name: rows.filter(states((name,))).count() for name in (SUPPRESSED, MUTED, RESOLVED)}
            return +Counter({OPEN: total, **others})
        counts: Counter[str] = Counter()
        for row in rows.values("status", "suppressed", "muted").annotate(number=Count("*")):
            counts[_state(row)] += row["number"]
        return counts

    def _assignees(self, total: int) -> Counter[str]:
        """Most findings are nobody's, and are not read for it: what is left over is their number."""
        rows = self._narrowed("assignee")
        assigned = rows.filter(assignee__gt="").order_by().values("assignee").annotate(number=Count("*"))
        counts = Counter({row["assignee"]: row["number"] for row in assigned})
        whole = rows.order_by().values("owner").count() if self._filters.assignee else total
        counts[NOBODY] = whole - sum(counts.values())
        return counts


def _carrying(rows: QuerySet[Finding], by: tuple[str, ...], carried: tuple[str, ...]) -> list[dict[str, Any]]:
    """Numbers of rows by ``by`` and ``carried``, whose values follow from ``by[0]`` as a rule. One query, or two.

    Databases count in the order of an index by its first columns alone; by more of them, SQLite sorts all rows. So the
    least and the greatest value are asked for, and where they differ, those rows are counted once more by all columns.
    """
    bounds = {
        f"{edge}_{name}": function(name) for name in carried for edge, function in (("least", Min), ("most", Max))
    }
    by_first = list(rows.order_by().values(*by).annotate(number=Count("*"), **bounds))
    mixed = {row[by[0]] for row in by_first if any(row[f"least_{name}"] != row[f"most_{name}"] for name in carried)}
    counted = [
        {
            **{name: row[name] for name in by},
            **{name: row[f"least_{name}"] for name in carried},
            "number": row["number"],
        }
        for row in by_first
        if row[by[0]] not in mixed
    ]
    if not mixed:
        return counted
    if len(mixed) > MOST_VALUES:
        counted = []
    else:
        rows = rows.filter(**{f"{by[0]}__in": list(mixed)})
    return [*counted, *rows.order_by().values(*by, *carried).annotate(number=Count("*"))]


def _state(row: Mapping[str, Any]) -> str:
    if row["status"] == FindingStatus.RESOLVED:
        return RESOLVED
    return SUPPRESSED if row["suppressed"] else MUTED if row["muted"] else OPEN


def _memberships(scope: Scope, accounts: Collection[UUID]) -> tuple[dict[UUID, frozenset[UUID]], dict[UUID, str]]:
    """The groups that each of these accounts is in, outer ones included, and the names of groups. Two queries.

    Where there are few, those of others are not read: a fleet has 100,000 memberships, and findings in a part of it.
    """
    branches = group_queries.tree(scope)
    names = {branch.group.pk: branch.group.name for branch in branches}
    if not names:
        return {}, {}
    parents = {branch.group.pk: branch.group.parent for branch in branches}
    memberships: dict[UUID, set[UUID]] = {}
    members = GroupMember.objects.filter(group__in=list(names))
    if len(accounts) <= ASKED_FOR:
        members = members.filter(account__in=list(accounts))
    for account, group in members.values_list("account", "group"):
        above: UUID | None = group
        held = memberships.setdefault(account, set())
        # Two moves at the same moment can close a circle for an instant.
        while above is not None and above in names and above not in held:
            held.add(above)
            above = parents.get(above)
    return {account: frozenset(groups) for account, groups in memberships.items()}, names
