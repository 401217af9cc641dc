"""The list of frameworks over a large fleet, from one row of totals an account: no account itself is read.

How many controls are in which state follows from whether any account fails, is unknown or muted, and not from which:
one failure makes a control failed, whatever else there is; without one, anything unknown makes it unknown; then what is
muted counts. So each cloud's accounts stand as one (`ReportScope.sizes`), and the evaluation is that of a report. What
names accounts, or counts them by control, is no part of it: that is a framework's own page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from django.db.models import Count, Q

from cloudaccounts.accounts.coverage import unread_regions
from cloudaccounts.accounts.kept_numbers import LARGE, KeptNumbers
from cloudaccounts.accounts.visibility import visible_accounts, within
from cloudaccounts.models import CloudAccount, SwitchedOffCheck
from scans.compliance.account_totals import read_account_states
from scans.compliance.facts import Facts, RuleFacts, rules_by_cloud
from scans.compliance.own.catalogue import frameworks_of
from scans.compliance.packing import ABSENT, PASSED, UNDECIDED
from scans.compliance.queries import Report, evaluated, rule_providers
from scans.compliance.scope import ReportScope
from scans.models import SHOWN_OR_NOT, Finding, FindingStatus
from teams.scope import Scope

GATHERED = 5_000  # different states of accounts of a cloud that are held at a time


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
    states, oldest = _states(team, sizes, providers)
    failing, muted = _failures(team)
    rules: dict[str, RuleFacts] = {}
    for rule, cloud in providers.items():
        bit, letters = scope.by_provider.get(cloud, 0), states.get(rule, set())
        fails = bit if rule in failing else 0
        unknown = bit & ~fails if not letters or letters & {UNDECIDED, ABSENT} else 0
        rest = bit & ~(fails | unknown)
        hidden = rest if rule in muted else 0
        passed = PASSED in letters
        rules[rule] = RuleFacts(
            failed=fails, unknown=unknown, muted=hidden, passed=rest & ~hidden if passed else 0,
            empty=0 if passed else rest & ~hidden, failures=failing.get(rule, 0), muted_failures=muted.get(rule, 0),
        )  # fmt: skip
    off = {row.check_id: row for row in SwitchedOffCheck.objects.filter(owner=team.owner) if row.check_id in rules}
    return Facts(scope, rules, off, oldest)


def _has_unread_regions(team: Scope, provider: str) -> bool:
    """Whether an enabled region of any of its accounts is not read, or is not known. Ends with the first."""
    # What is covered whole has every enabled region read (`accounts.coverage`), and is not looked at.
    rows = visible_accounts(team).filter(Q(coverage_percent__lt=100) | Q(coverage_percent=None), provider=provider)
    columns = rows.order_by().only("enabled_regions", "coverage")
    return any(unread_regions(account) != () for account in columns.iterator(chunk_size=100))


def _states(
    team: Scope, sizes: Mapping[str, int], providers: Mapping[str, str]
) -> tuple[dict[str, set[str]], datetime | None]:
    """By check: which letters its accounts have, "never" among them where any has none. And the oldest scan."""
    by_cloud = rules_by_cloud(providers)
    distinct: dict[str, set[str]] = {cloud: set() for cloud in by_cloud}
    found: dict[str, list[set[str]]] = {cloud: [set() for _ in rules] for cloud, rules in by_cloud.items()}
    numbers, oldest = Counter[str](), None

    def gather(cloud: str) -> None:
        for letters, column in zip(found[cloud], zip(*distinct[cloud], strict=True), strict=False):
            letters.update(column)
        distinct[cloud].clear()

    for row in read_account_states(team, by_cloud):
        numbers[row.provider] += 1
        oldest = row.at if oldest is None else min(oldest, row.at)
        if row.provider in distinct:
            distinct[row.provider].add(row.states)
            if len(distinct[row.provider]) >= GATHERED:
                gather(row.provider)
    for cloud in by_cloud:
        gather(cloud)
        if numbers[cloud] < sizes.get(cloud, 0):  # some were never scanned
            for letters in found[cloud]:
                letters.add(ABSENT)
    return {
        rule: letters for cloud, rules in by_cloud.items() for rule, letters in zip(rules, found[cloud], strict=True)
    }, oldest


def _failures(team: Scope) -> tuple[dict[str, int], dict[str, int]]:
    """Open findings by check: those that count, and those that are suppressed or muted. One query, of an index."""
    rows = within(Finding.objects.filter(status=FindingStatus.OPEN, **SHOWN_OR_NOT), team).order_by()
    failing: dict[str, int] = {}
    hidden: dict[str, int] = {}
    for row in rows.values("check_id", "suppressed", "muted").annotate(number=Count("*")):
        counts = hidden if row["suppressed"] or row["muted"] else failing
        counts[row["check_id"]] = counts.get(row["check_id"], 0) + row["number"]
    return failing, hidden
