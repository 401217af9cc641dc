"""The list of findings by rule, by resource and by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from cloudaccounts.templatetags.services import resource_type
from scans.findings.checks import titles_of
from scans.findings.lines import AccountNumbers, CheckLine, accounts_by_check
from scans.models import RANKS, Finding
from teams.names import name_order

SEVERITIES = list(RANKS)
FRESH = timedelta(days=1)
MIXED = "Mixed"
CHECK_SORTS = ("severity", "title", "count", "accounts", "oldest", "assignee")


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """A rule and its findings. ``resources`` equals ``count``: a check has one finding for each asset."""

    check_id: str
    title: str
    service: str
    severity: str
    count: int
    accounts: int
    fresh: int  # opened or reopened within a day
    oldest: datetime
    assignee: str  # whose all of them are; `MIXED` where they are of several, empty where they are nobody's

    @property
    def resources(self) -> int:
        return self.count


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Findings of one resource or of one account. ``numbers`` are counts in falling order of severity."""

    key: str
    account: UUID
    label: str
    detail: str
    severity: str
    count: int
    numbers: tuple[int, ...]
    oldest: datetime | None
    finding: UUID | None = None  # one of them, where there is a page of its own for it

    @property
    def asset_key(self) -> str:
        """Empty where it is an account."""
        return self.key if self.finding else ""


def by_check(
    rows: QuerySet[Finding],
    lines: Sequence[CheckLine],
    *,
    accounts: Mapping[str, int] | None = None,
    sort: str = "severity",
    start: int = 0,
    stop: int = 50,
) -> tuple[list[CheckGroup], int]:
    """One page of rules, and the number of all. Two queries; another where a check is met that is no more.

    ``lines`` are the counts of ``rows`` by check (`FacetCounter.check_lines`), ``accounts`` in how many accounts each
    fails, where that is known: then it is one query.
    """
    merged: dict[str, CheckLine] = {}
    for line in lines:
        merged[line.check_id] = merged[line.check_id] + line if line.check_id in merged else line
    name, backwards = sort.removeprefix("-"), sort.startswith("-")
    # Sorted by what only the other queries know: then of all rules, of which there are some hundreds at most.
    late = name in {"accounts", "assignee"}
    titles = titles_of(merged)
    groups = [_early(line, titles) for line in merged.values()]
    groups.sort(key=lambda group: (SEVERITIES.index(group.severity), -group.count, name_order(group.title)))
    if not late:
        if name == "title":
            groups.sort(key=lambda group: name_order(group.title), reverse=backwards)
        elif name == "count":
            groups.sort(key=lambda group: group.count, reverse=backwards)
        elif name == "oldest":
            groups.sort(key=lambda group: group.oldest, reverse=backwards)
        elif backwards:
            groups.reverse()
        return _complete(rows, groups[start:stop], accounts), len(groups)
    complete = _complete(rows, groups, accounts)
    complete.sort(key=lambda group: _late_key(group, name), reverse=backwards)
    return complete[start:stop], len(complete)


def _late_key(group: CheckGroup, name: str) -> Any:
    return group.accounts if name == "accounts" else name_order(group.assignee)


def _early(line: CheckLine, titles: dict[str, str]) -> CheckGroup:
    return CheckGroup(
        line.check_id, titles.get(line.check_id, line.check_id), line.service, line.severity, line.count, accounts=0,
        fresh=int(line.newest > timezone.now() - FRESH), oldest=line.oldest, assignee="",
    )  # fmt: skip


def _complete(
    rows: QuerySet[Finding], groups: Sequence[CheckGroup], accounts: Mapping[str, int] | None
) -> list[CheckGroup]:
    if accounts is None:
        accounts = accounts_by_check(rows, [group.check_id for group in groups])
    assigned = _assigned(rows)
    return [
        replace(
            group,
            accounts=accounts.get(group.check_id, 0),
            assignee=_whose(group.count, assigned.get(group.check_id, {})),
        )
        for group in groups
    ]


def _assigned(rows: QuerySet[Finding]) -> dict[str, dict[str, int]]:
    """How many findings of each check are whose. Most are nobody's, and none of those is read for it."""
    # The assignee first: by check, SQLite walks through the index that is in that order, nobody's findings included.
    counted = rows.filter(assignee__gt="").order_by().values("assignee", "check_id").annotate(number=Count("*"))
    assigned: dict[str, dict[str, int]] = {}
    for row in counted:
        assigned.setdefault(row["check_id"], {})[row["assignee"]] = row["number"]
    return assigned


def _whose(count: int, assigned: Mapping[str, int]) -> str:
    if not assigned:
        return ""
    return next(iter(assigned)) if len(assigned) == 1 and sum(assigned.values()) == count else MIXED


def by_resource(
    rows: QuerySet[Finding], start: int, stop: int, *, limit: int | None = None
) -> tuple[list[RowGroup], int]:
    """One page of resources, the worst and then the most findings first, and the number of all. Three queries.

    Counting ends at ``limit``: to count 100,000 takes half as long again as to find the page.
    """
    grouped = (
        rows.order_by()
        .values("account", "asset_key")
        .annotate(number=Count("*"), worst=Min("severity_rank"), oldest=Min("open_since"))
    )
    page = list(grouped.order_by("worst", "-number", "asset_key")[start:stop])
    if len(page) < stop - start:
        total = start + len(page)
    else:
        # Without its numbers, in the order of the index: the database can end where the limit is reached.
        keys = rows.order_by().values("account", "asset_key").distinct()
        total = (keys[:limit] if limit else keys).count()
    of_page = rows.filter(
        account__in={row["account"] for row in page}, asset_key__in=[row["asset_key"] for row in page]
    )
    members: dict[tuple[UUID, str], list[Finding]] = {}
    columns = ("pk", "account", "asset_key", "asset_name", "asset_type", "region", "account_name", "severity_rank")
    for row in of_page.order_by("severity_rank").only(*columns):
        members.setdefault((row.account, row.asset_key), []).append(row)
    return [
        _resource(row, of_it) for row in page if (of_it := members.get((row["account"], row["asset_key"]), []))
    ], total


def _resource(row: Mapping[str, Any], findings: list[Finding]) -> RowGroup:
    first = findings[0]
    return RowGroup(
        key=row["asset_key"], account=first.account, label=first.asset_name,
        detail=f"{resource_type(first.asset_type)} · {first.account_name} · {first.region}",
        severity=SEVERITIES[row["worst"]], count=row["number"],
        numbers=tuple(sum(finding.severity_rank == rank for finding in findings) for rank in RANKS.values()),
        oldest=row["oldest"], finding=first.pk,
    )  # fmt: skip


def by_account(
    rows: QuerySet[Finding], start: int, stop: int, *, counted: Mapping[UUID, AccountNumbers] | None = None
) -> tuple[list[RowGroup], int]:
    """One page of accounts, the most findings of the worst severity first, and the number of all. Two queries.

    ``counted``: what is known of ``rows`` (`Facets.by_account`); then it is one query.
    """
    if counted is None:
        counted = _numbers_by_account(rows)
    numbers = {key: line.numbers for key, line in counted.items()}
    ordered, names = _page_of_accounts(numbers, start, stop)
    return [
        RowGroup(
            key=str(key), account=key, label=names.get(key, str(key)), detail="",
            severity=next(word for word, number in zip(RANKS, numbers[key], strict=True) if number),
            count=sum(numbers[key]), numbers=tuple(numbers[key]), oldest=counted[key].oldest,
        )
        for key in ordered
    ], len(numbers)  # fmt: skip


def _numbers_by_account(rows: QuerySet[Finding]) -> dict[UUID, AccountNumbers]:
    # By the account alone, in the order of an index: by account and severity all rows would be sorted first.
    each = {word: Count("severity_rank", filter=Q(severity_rank=rank)) for word, rank in RANKS.items()}
    counted: list[Any] = list(rows.order_by().values("account").annotate(oldest=Min("open_since"), **each))
    return {row["account"]: AccountNumbers(row["oldest"], [row[word] for word in RANKS]) for row in counted}


def _page_of_accounts(numbers: Mapping[UUID, list[int]], start: int, stop: int) -> tuple[list[UUID], dict[UUID, str]]:
    """The keys of one page and their names. Accounts with the same numbers stand in the order of their names."""
    ordered = sorted(numbers, key=lambda key: ([-number for number in numbers[key]], str(key)))
    page = ordered[start:stop]
    if not page:
        return [], {}
    # Names are asked of the page alone, and of those that one at its edges has its numbers in common with.
    edges = numbers[page[0]], numbers[page[-1]]
    before = next(place for place, key in enumerate(ordered) if numbers[key] == edges[0])
    alike = set(page) | {key for key in ordered if numbers[key] in edges}
    names = dict(CloudAccount.objects.filter(pk__in=alike).values_list("pk", "name"))
    near = ordered[before : before + len(alike)]
    near.sort(key=lambda key: ([-number for number in numbers[key]], name_order(names.get(key, "")), str(key)))
    return near[start - before : stop - before], names
