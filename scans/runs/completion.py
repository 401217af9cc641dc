"""What a completed run says of its account: counts that are read from what is stored, so that a second try is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.db.models import Count, Sum
from django.utils import timezone

from scans.findings.queries import by_severity, open_findings
from scans.models import SHOWN, Asset, Finding, FindingChange, FindingDay, FindingStatus, ScanRun

UNKNOWNS_SHOWN = 50


def finding_counts(run: ScanRun) -> dict[str, int]:
    """How many findings this run opened, reopened and resolved."""
    rows = Finding.objects.filter(changed_run=run.run_id).order_by().values("change").annotate(number=Count("*"))
    numbers = {row["change"]: row["number"] for row in rows}
    return {
        "findings_new": numbers.get(FindingChange.NEW, 0),
        "findings_reopened": numbers.get(FindingChange.REOPENED, 0),
        "findings_resolved": numbers.get(FindingChange.RESOLVED, 0),
    }


def posture(run: ScanRun, titles: Mapping[str, str]) -> dict[str, Any]:
    """Of the whole account as it stands now: open findings by severity, verdicts, and what could not be judged."""
    rows = Finding.objects.filter(account=run.account, status=FindingStatus.OPEN, **SHOWN)
    present = Asset.objects.filter(account=run.account, gone_at=None)
    sums = present.aggregate(passed=Sum("passed"), failed=Sum("failed"), unknown=Sum("unknown"))
    return {
        "open_by_severity": by_severity(rows),
        "verdicts": {"pass": sums["passed"] or 0, "fail": sums["failed"] or 0, "unknown": sums["unknown"] or 0},
        "unknowns": _unknowns(run, titles),
    }


def _unknowns(run: ScanRun, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    counted: Counter[tuple[str, str]] = Counter()
    rows = Asset.objects.filter(account=run.account, gone_at=None, unknown__gt=0).values_list("unknowns", flat=True)
    for unknowns in rows.iterator(chunk_size=500):
        counted.update((check, why) for check, why in unknowns)
    return [
        {"check": check, "title": titles.get(check, check), "why": why, "count": number}
        for (check, why), number in counted.most_common(UNKNOWNS_SHOWN)
    ]


def count_the_day(owner: str) -> None:
    """The owner's open findings, as the day's last scan leaves them."""
    numbers = by_severity(open_findings(owner))
    rows = FindingDay.objects.filter(owner=owner, day=timezone.now().strftime("%Y-%m-%d"))
    if not rows.update(**numbers):
        try:
            FindingDay.objects.create(owner=owner, day=timezone.now().strftime("%Y-%m-%d"), **numbers)
        except IntegrityError:
            rows.update(**numbers)  # another account's scan ended at the same moment
