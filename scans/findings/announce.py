"""Tells channels what a scan changed: an event for each check of the account, however many findings it has.

So the first scan of an account, which opens thousands of findings, is as many events as there are failing checks, and
one message where a channel gathers them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from cloudaccounts.contract.rules import Severity
from cloudaccounts.models import ChannelIncident, CloudAccount
from cloudaccounts.notifications.channels.message import (
    FINDING_OPENED,
    FINDING_RESOLVED,
    SHOWN_RESOURCES,
    Event,
    Phase,
)
from cloudaccounts.notifications.events import has_channels, iso, write_event
from scans.findings.checks import find_check
from scans.models import SHOWN, Finding, FindingChange, FindingStatus, ScanRun

_SEVERITIES = [severity.value for severity in Severity]  # by rank


def announce_changes(run: ScanRun, account: CloudAccount) -> int:
    """Writes the events of a run that is about to end; repeated, they are the same. Returns how many there are.

    Nothing is read where the team has no channel.
    """
    if not has_channels(run.owner):
        return 0
    changed = Finding.objects.filter(changed_run=run.run_id, **SHOWN)
    opened = _by_check(changed.filter(status=FindingStatus.OPEN).exclude(change=FindingChange.RESOLVED))
    resolved = _by_check(changed.filter(change=FindingChange.RESOLVED, status=FindingStatus.RESOLVED))
    # Groups that a channel holds open and of which nothing is open any more, though no scan resolved it: what was left
    # is suppressed or muted.
    held = ChannelIncident.objects.filter(account=account.pk, is_open=True).exclude(check_id="")
    quiet = {*held.values_list("check_id", flat=True)} - opened.keys() - resolved.keys()
    still_open = _by_check(
        Finding.objects.filter(
            account=account.pk, status=FindingStatus.OPEN, check_id__in=sorted({*opened, *resolved, *quiet}), **SHOWN
        )
    )
    left = {check: row["number"] for check, row in still_open.items()}
    names = _names(changed.filter(status=FindingStatus.OPEN, check_id__in=list(opened)))
    events = [_opened(account, check, row, left.get(check, 0), names[check]) for check, row in opened.items()]
    events += [_resolved(account, check, row, left.get(check, 0)) for check, row in resolved.items()]
    events += [_quiet(account, check) for check in sorted(quiet) if check not in left]
    for event in events:
        write_event(run.owner, f"{run.run_id}:{event.kind}:{event.check_id}", event)
    return len(events)


def _by_check(rows: QuerySet[Finding]) -> dict[str, dict[str, Any]]:
    groups = rows.order_by().values("check_id")
    # The worst severity and one of the titles: after an update of a check, older findings may have another.
    counted = groups.annotate(number=Count("*"), rank=Min("severity_rank"), named=Max("title"))
    return {row["check_id"]: dict(row) for row in counted}


def _names(rows: QuerySet[Finding]) -> dict[str, list[str]]:
    """The first resources of each check, in one query for all."""
    names: dict[str, list[str]] = defaultdict(list)
    for check, name in rows.order_by("check_id", "name_key").values_list("check_id", "asset_name").iterator(2000):
        if len(names[check]) < SHOWN_RESOURCES:
            names[check].append(name[:120])
    return names


def _opened(account: CloudAccount, check: str, row: dict[str, Any], left: int, names: list[str]) -> Event:
    number = row["number"]
    rule = find_check(check)
    more = f" and {number - len(names):,} more" if number > len(names) else ""
    return _event(
        account,
        check,
        kind=FINDING_OPENED,
        title=row["named"],
        severity=_SEVERITIES[row["rank"]],
        text=f"{_count(number)} in {account.name} ({account.account_id}): {', '.join(names)}{more}.",
        remedy=rule.console if rule else "",
        count=number,
        still_open=left,
        resources=tuple(names),
        phase=Phase.OPEN,
    )


def _resolved(account: CloudAccount, check: str, row: dict[str, Any], left: int) -> Event:
    rest = f"{left:,} still open." if left else "None is open any more."
    return _event(
        account,
        check,
        kind=FINDING_RESOLVED,
        title=f"Resolved: {row['named']}",
        severity=_SEVERITIES[row["rank"]],
        text=f"{_count(row['number'])} resolved in {account.name} ({account.account_id}). {rest}",
        count=row["number"],
        still_open=left,
        phase=Phase.UPDATE if left else Phase.CLOSE,
    )


def _quiet(account: CloudAccount, check: str) -> Event:
    rule = find_check(check)
    return _event(
        account,
        check,
        kind=FINDING_RESOLVED,
        title=f"Nothing open: {rule.title if rule else check}",
        severity=rule.severity.value if rule else _SEVERITIES[0],
        text=f"What was open in {account.name} ({account.account_id}) is suppressed, muted or no longer checked.",
        phase=Phase.CLOSE,
    )


def _event(account: CloudAccount, check: str, **facts: Any) -> Event:
    query = urlencode({"account": str(account.pk), "check": check})
    return Event(
        id="",
        occurred_at=iso(timezone.now()),
        account=str(account.pk),
        account_name=account.name,
        account_number=account.account_id,
        provider=account.provider,
        check_id=check,
        url=f"{settings.BASE_URL}{reverse('findings')}?{query}",
        incident=f"finding:{account.pk}:{check}",
        **facts,
    )


def _count(number: int) -> str:
    return f"{number:,} finding{'' if number == 1 else 's'}"
