"""The summary of a completed run: what it changed, and how the account stands.

Numbers are counted from what is stored, not summed up on the way. So a later try, after a worker died, is right too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError
from django.db.models import Count, Sum
from django.utils import timezone

from cloudaccounts.accounts.posture import coverage_and_weights
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.check_results import join_names
from scans.findings.counts import count_by_severity
from scans.findings.models import SeverityDay
from scans.findings.queries import open_findings
from scans.models import SHOWN, AccountFindingDay, Asset, Finding, FindingChange, FindingDay, FindingStatus, ScanRun
from teams.scope import Scope

UNKNOWNS_SHOWN = 50
REGIONS_NAMED = 4


def finding_counts(run: ScanRun) -> dict[str, int]:
    """Columns of the run: how many findings it opened, reopened and resolved."""
    # A finding names the run that changed it last, so a later try counts what an earlier one wrote, and nothing twice.
    rows = Finding.objects.filter(changed_run=run.run_id).order_by().values("change").annotate(number=Count("*"))
    numbers = {row["change"]: row["number"] for row in rows}
    return {
        "findings_new": numbers.get(FindingChange.NEW, 0),
        "findings_reopened": numbers.get(FindingChange.REOPENED, 0),
        "findings_resolved": numbers.get(FindingChange.RESOLVED, 0),
    }


def posture(run: ScanRun, titles: Mapping[str, str], unknowns: Counter[tuple[str, str]]) -> dict[str, Any]:
    """Columns of the run about the whole account: open findings by severity, results of checks, undecided checks.

    ``titles`` are the checks' titles by id, ``unknowns`` as `count_unknowns` counts them.
    """
    rows = Finding.objects.filter(account=run.account, status=FindingStatus.OPEN, **SHOWN)
    present = Asset.objects.filter(account=run.account, gone_at=None)
    sums = present.aggregate(passed=Sum("passed"), failed=Sum("failed"), unknown=Sum("unknown"))
    return {
        "open_by_severity": count_by_severity(rows),
        # The sum over no rows is NULL, not 0.
        "verdicts": {"pass": sums["passed"] or 0, "fail": sums["failed"] or 0, "unknown": sums["unknown"] or 0},
        "unknowns": _most_frequent(unknowns, titles),
    }


def with_unread_regions(columns: Mapping[str, Any], unread: Sequence[str], checks: Mapping[str, str]) -> dict[str, Any]:
    """The columns of `posture`, with a line for each check of all regions: it has no result in those that are not read.

    ``checks`` are those checks' titles by id.
    """
    if not unread:
        return dict(columns)
    named = join_names(list(unread[:REGIONS_NAMED]))
    more = f" and {len(unread) - REGIONS_NAMED} more" if len(unread) > REGIONS_NAMED else ""
    why = f"It says something of all regions, and these are enabled and not read: {named}{more}."
    lines = [{"check": check, "title": title, "why": why, "count": len(unread)} for check, title in checks.items()]
    verdicts = columns["verdicts"] | {"unknown": columns["verdicts"]["unknown"] + len(unread) * len(checks)}
    return {**columns, "verdicts": verdicts, "unknowns": [*lines, *columns["unknowns"]]}


def count_unknowns(run: ScanRun) -> Counter[tuple[str, str]]:
    """How many of the account's present assets a check could not decide, by check id and reason."""
    # Counted here and not in the database: what is inside a JSON column, each engine would count in its own way.
    counts: Counter[tuple[str, str]] = Counter()
    rows = Asset.objects.filter(account=run.account, gone_at=None, unknown__gt=0).values_list("unknowns", flat=True)
    for unknowns in rows.iterator(chunk_size=500):
        counts.update((check, reason) for check, reason in unknowns)
    return counts


def _most_frequent(counts: Counter[tuple[str, str]], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"check": check, "title": titles.get(check, check), "why": reason, "count": number}
        for (check, reason), number in counts.most_common(UNKNOWNS_SHOWN)
    ]


def record_day(run: ScanRun) -> None:
    """Stores today's numbers of open findings, of the run's owner and of its account, over those of an earlier scan.

    Beside the owner's stands how much was seen, and the weights of the score: after the account's row says its own.
    """
    day = timezone.now().strftime("%Y-%m-%d")
    numbers = {**count_by_severity(open_findings(Scope(run.owner))), **coverage_and_weights(run.owner)}
    _store(FindingDay, numbers, owner=run.owner, day=day)
    # The owner may change after this: by account alone, which the rows' unique key is of (`scans.account_sync`).
    account = Finding.objects.filter(account=run.account, status=FindingStatus.OPEN, **SHOWN)
    rows = CloudAccount.objects.filter(pk=run.account)
    covered = {"covered": rows.values_list("coverage_percent", flat=True).first()}
    counted = {**count_by_severity(account), **covered}
    _store(AccountFindingDay, counted, {"owner": run.owner}, account=run.account, day=day)


def _store(
    model: type[SeverityDay], numbers: Mapping[str, int | None], defaults: Mapping[str, str] = {}, **key: Any
) -> None:
    # Update, else create, else update: MongoDB's backend has no upsert, and the unique constraint decides.
    rows = model._default_manager.filter(**key)
    if not rows.update(**numbers):
        try:
            model._default_manager.create(**key, **defaults, **numbers)
        except IntegrityError:
            rows.update(**numbers)  # another scan ended at the same moment
