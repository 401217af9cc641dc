"""Counts of findings for each value that a list can be narrowed by: its facets.

A facet is narrowed by all filters except its own. A dozen queries, however many filters are set and findings there
are. What follows from the check (severity, service, control) or the account (cloud, environment, group), and the ages,
are counted by account and check in one of them, and Python adds them up; where that would be too many lines, by check
and by account apart (`scans.findings.lines`). All read an index of the lists, in which the filters' columns stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
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
    combined,
    conditions,
    rules_of,
    states,
)
from scans.findings.lines import (
    EDGES,
    AccountLine,
    AccountNumbers,
    CheckLine,
    PairLine,
    account_lines,
    ages,
    check_lines,
    pair_lines,
)
from scans.findings.queries import Searched, searched
from scans.findings.tag_sets import lines_of
from scans.models import Finding, FindingStatus
from teams.scope import Scope

SHOWN_VALUES = 8
MOST_VALUES = 200  # of one facet: who needs the others searches
ASKED_FOR = 5_000  # accounts in one question


@dataclass(frozen=True, slots=True)
class Value:
    value: str  # as the address names it
    label: str
    count: int
    chosen: bool


@dataclass(slots=True)
class Facets:
    """``checks`` are narrowed by all filters: the list by rule is made of them. ``total`` is their sum.

    ``accounts`` says in how many accounts each of those checks fails, ``by_account`` what the list by account is made
    of; each is None where that was not counted on the way.
    """

    total: int = 0
    checks: list[CheckLine] = field(default_factory=list)
    accounts: dict[str, int] | None = None
    by_account: dict[UUID, AccountNumbers] | None = None
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
        pairs = self._pairs()
        if pairs is None:
            self._count_checks(facets, check_lines(self._narrowed(*BY_CHECK)))
            self._count_accounts(facets, account_lines(self._narrowed(*BY_ACCOUNT)))
        else:
            self._count_pairs(facets, pairs)
        if "region" not in but:
            facets.values["region"] = self._counted("region", "region")
        facets.values["open_for"] = self._ages(pairs)
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
        for line in check_lines(self._narrowed(*BY_CHECK)):
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
        return [line for line in check_lines(self._narrowed(*BY_CHECK)) if self._keeps_check(line)]

    def _narrowed(self, *without: str) -> QuerySet[Finding]:
        return self._rows.filter(combined(self._parts, without=without))

    def _counted(self, facet: str, column: str) -> Counter[str]:
        rows = self._narrowed(facet).order_by().values(column).annotate(number=Count("*"))
        return Counter({str(row[column]): row["number"] for row in rows})

    def _pairs(self) -> list[PairLine] | None:
        """The findings by account and check; None where that would be too many lines, or the filters need other rows.

        Only without a filter by what follows from one of the two: with it, two narrower questions take less.
        """
        if self._parts.keys() & {*BY_CHECK, *BY_ACCOUNT}:
            return None
        return pair_lines(self._narrowed(), self._now)

    def _count_pairs(self, facets: Facets, pairs: list[PairLine]) -> None:
        by_check: dict[tuple[str, str, str], CheckLine] = {}
        by_account: dict[tuple[UUID, str, str], AccountLine] = {}
        accounts: dict[str, set[UUID]] = {}
        facets.by_account = {}
        for pair in pairs:
            check, account = pair.of_check, pair.of_account
            key = (check.check_id, check.severity, check.service)
            by_check[key] = by_check[key] + check if key in by_check else check
            place = (account.account, account.provider, account.environment)
            before = by_account[place].count if place in by_account else 0
            by_account[place] = AccountLine(*place, before + account.count)
            accounts.setdefault(check.check_id, set()).add(account.account)
            facets.by_account.setdefault(account.account, AccountNumbers(check.oldest)).add(check)
        self._count_checks(facets, list(by_check.values()))
        self._count_accounts(facets, list(by_account.values()))
        facets.accounts = {check: len(members) for check, members in accounts.items()}

    def _count_checks(self, facets: Facets, lines: list[CheckLine]) -> None:
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

    def _count_accounts(self, facets: Facets, lines: list[AccountLine]) -> None:
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

    def _ages(self, pairs: list[PairLine] | None) -> Counter[str]:
        """Each band by the difference of how many are at least so old."""
        if pairs is None or self._parts.keys() & {"open_for", "age"}:
            whole, counted = ages(self._narrowed("open_for", "age"), self._now)
        else:
            whole = sum(pair.of_check.count for pair in pairs)
            counted = tuple(sum(pair.older[place] for pair in pairs) for place in range(len(EDGES)))
        older = {0: whole, **dict(zip(EDGES, counted, strict=True))}
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


def _state(row: Mapping[str, Any]) -> str:
    if row["status"] == FindingStatus.RESOLVED:
        return RESOLVED
    return SUPPRESSED if row["suppressed"] else MUTED if row["muted"] else OPEN


def _memberships(scope: Scope, accounts: Collection[UUID]) -> tuple[dict[UUID, frozenset[UUID]], dict[UUID, str]]:
    """The groups that each of these accounts is in, outer ones included, and the names of groups. Two queries.

    Where there are few, those of others are not read: a fleet has 100,000 memberships, and findings in a part of it.
    """
    # Without a row for each: a thousand groups, and the question that named them all, took 16 ms of a page's 70.
    groups = list(group_queries.visible_groups(scope).order_by("id").values_list("pk", "name", "parent"))
    if not groups:
        return {}, {}
    names = {key: name for key, name, _ in groups}
    parents = {key: parent for key, _, parent in groups}
    memberships: dict[UUID, set[UUID]] = {}
    if len(accounts) <= ASKED_FOR:
        members = GroupMember.objects.filter(account__in=list(accounts))
    else:
        members = GroupMember.objects.filter(group__in=list(names))
    for account, group in members.values_list("account", "group"):
        above: UUID | None = group
        held = memberships.setdefault(account, set())
        # Two moves at the same moment can close a circle for an instant.
        while above is not None and above in names and above not in held:
            held.add(above)
            above = parents.get(above)
    return {account: frozenset(groups) for account, groups in memberships.items()}, names
