"""The list of frameworks over a large fleet, from sums by check: no account is read, and no total by itself.

How many controls are in which state follows from whether any account fails, is unknown or muted, and not from which:
one failure makes a control failed, whatever else there is; without one, anything unknown makes it unknown; then what is
muted counts. So each cloud's accounts stand as one (`ReportScope.sizes`), and the evaluation is that of a report. What
names accounts, or counts them by control, is no part of it: that is a framework's own page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import connections
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.coverage import unread_regions
from cloudaccounts.accounts.kept_numbers import LARGE, KeptNumbers
from cloudaccounts.accounts.visibility import visible_accounts, within
from cloudaccounts.models import CloudAccount, SwitchedOffCheck
from scans.compliance.facts import Facts, RuleFacts
from scans.compliance.own.catalogue import frameworks_of
from scans.compliance.queries import Report, evaluated, rule_providers
from scans.compliance.scope import ReportScope
from scans.models import SHOWN_OR_NOT, CheckTotal, Finding, FindingStatus, ScanEvery, ScanSchedule
from scans.runs.readings import stale_period
from teams.scope import Scope


def is_large(team: Scope) -> bool:
    """Whether it has so many accounts that its list of frameworks is made here. Counting ends where that is known."""
    return visible_accounts(team).order_by().values("owner")[: LARGE + 1].count() > LARGE


def reports_of(team: Scope) -> list[Report]:
    """A report on each framework, of which its totals, its number of accounts and its oldest scan count."""
    chosen = list(frameworks_of(team.owner).values())
    providers = rule_providers(chosen)
    counted = visible_accounts(team).order_by().values("provider").annotate(number=Count("pk"))
    sizes = {row["provider"]: row["number"] for row in counted}
    return evaluated(chosen, _facts(team, sizes, providers), providers)


FRAMEWORKS = KeptNumbers(reports_of, lambda reports: max((report.accounts for report in reports), default=0))


def _facts(team: Scope, sizes: Mapping[str, int], providers: Mapping[str, str]) -> Facts:
    accounts = tuple(
        CloudAccount(id=uuid4(), provider=cloud, enabled_regions=None if _has_unread_regions(team, cloud) else [])
        for cloud in sizes
    )
    scope = ReportScope(team, accounts, sizes=sizes)
    totals = _totals(team)
    failing, muted = _failures(team)
    stale = _stale(team)
    rules: dict[str, RuleFacts] = {}
    for rule, cloud in providers.items():
        bit, total = scope.by_provider.get(cloud, 0), totals.get(rule)
        fails = bit if rule in failing else 0
        # Fewer totals than accounts: some were never scanned by this check.
        known = total is not None and total["number"] >= sizes.get(cloud, 0) and not total["undecided"]
        unknown = bit & ~fails if not known or rule in stale else 0
        rest = bit & ~(fails | unknown)
        hidden = rest if rule in muted else 0
        passed = bool(total and total["passed"])
        rules[rule] = RuleFacts(
            failed=fails, unknown=unknown, muted=hidden, passed=rest & ~hidden if passed else 0,
            empty=0 if passed else rest & ~hidden, failures=failing.get(rule, 0), muted_failures=muted.get(rule, 0),
        )  # fmt: skip
    oldest = min((total["oldest"] for total in totals.values()), default=None)
    off = {row.check_id: row for row in SwitchedOffCheck.objects.filter(owner=team.owner) if row.check_id in rules}
    return Facts(scope, rules, off, oldest)


def _has_unread_regions(team: Scope, provider: str) -> bool:
    """Whether an enabled region of any of its accounts is not read, or is not known. Ends with the first."""
    # What is covered whole has every enabled region read (`accounts.coverage`), and is not looked at.
    rows = visible_accounts(team).filter(Q(coverage_percent__lt=100) | Q(coverage_percent=None), provider=provider)
    columns = rows.order_by().only("enabled_regions", "coverage")
    return any(unread_regions(account) != () for account in columns.iterator(chunk_size=100))


def _totals(team: Scope) -> dict[str, Mapping[str, Any]]:
    """By check: how many accounts have one, whether any passed or is undecided, and the oldest scan. One query."""
    rows = within(CheckTotal.objects.all(), team).order_by().values("check_id")
    summed = rows.annotate(
        number=Count("account"), oldest=Min("at"), passed=Count("account", filter=Q(passed__gt=0)),
        undecided=Count("account", filter=Q(unknown__gt=0) | Q(unread__gt=0)),
    )  # fmt: skip
    return {row["check_id"]: row for row in summed}


def _failures(team: Scope) -> tuple[dict[str, int], dict[str, int]]:
    """Open findings by check: those that count, and those that are suppressed or muted. One query, of an index."""
    rows = within(Finding.objects.filter(status=FindingStatus.OPEN, **SHOWN_OR_NOT), team).order_by()
    failing: dict[str, int] = {}
    hidden: dict[str, int] = {}
    for row in rows.values("check_id", "suppressed", "muted").annotate(number=Count("*")):
        counts = hidden if row["suppressed"] or row["muted"] else failing
        counts[row["check_id"]] = counts.get(row["check_id"], 0) + row["number"]
    return failing, hidden


def _stale(team: Scope) -> set[str]:
    """Checks with readings in any account that are older than twice its schedule. A query for each kind of schedule."""
    now = timezone.now()
    rows = within(CheckTotal.objects.all(), team).order_by()
    stale: set[str] = set(rows.filter(read_at=None).values_list("check_id", flat=True).distinct())
    scheduled = within(ScanSchedule.objects.all(), team)
    for every in ScanEvery.values:
        old = rows.filter(read_at__lt=now - stale_period(every))
        those = _accounts(scheduled.filter(every=every))
        condition = Q(account__in=those)
        if every == ScanEvery.DAILY:  # which holds without a schedule as well
            condition = ~Q(account__in=_accounts(scheduled.exclude(every=every)))
        stale |= set(old.filter(condition).values_list("check_id", flat=True).distinct())
    return stale


def _accounts(rows: QuerySet[ScanSchedule]) -> QuerySet[ScanSchedule, UUID] | list[UUID]:
    keys: QuerySet[ScanSchedule, UUID] = rows.order_by().values_list("account", flat=True)
    # A subquery would be asked for each row there.
    return list(keys) if connections[rows.db].vendor == "mongodb" else keys
