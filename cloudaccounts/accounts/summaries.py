"""Writes what an account's row says of scans: coverage, posture, the last scan. Scans call it, and so do validations.

What is lost and what comes back is a notice, in the transaction that writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cloudaccounts.accounts.coverage import Gap, GapKind, Readings, assess, stored_gaps
from cloudaccounts.accounts.enabled_checks import unneeded_permissions
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.dates import parse_aware
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.provider_kit.check_results import join_names
from cloudaccounts.work.databases import SECURITY

SEVERITIES = ("critical", "high", "medium", "low")
WEIGHT_COLUMNS = ("passed_weight", "failed_weight")
NAMED = 3  # gaps in a notice; the account's page has all


def write_summary(
    account_id: UUID,
    *,
    readings: Readings | None = None,
    posture: Mapping[str, Any] | None = None,
    last_scan: Mapping[str, Any] | None = None,
) -> None:
    """Assesses the coverage anew and writes it, with what else is given. A deleted account is left alone.

    Without ``readings`` those that were given last count: what has changed is the report, or the regions.
    """
    account = CloudAccount.objects.filter(pk=account_id).first()
    if account is None:
        return
    now = timezone.now()
    coverage = assess(
        account, Readings.stored(account) if readings is None else readings, now=now,
        unneeded=unneeded_permissions(account),
    )  # fmt: skip
    columns = coverage.columns()
    if posture is not None:
        columns |= posture_columns(posture)
    if last_scan is not None:
        columns |= {"last_scan": dict(last_scan), "scanned_at": parse_aware(str(last_scan.get("finished_at") or ""))}
    lost, new = compare_gaps(stored_gaps(account), coverage.gaps, account.coverage.get("lost", ()))
    # An account of which nothing was known yet cannot lose anything: its first gaps are how it is.
    if account.coverage_percent is None and not account.coverage.get("units", {}).get("total"):
        lost, new = [], []
    # Kept beside the gaps, so that a return is noticed also where several scans lie between loss and return.
    columns["coverage"]["lost"] = [list(key) for key in lost]
    is_back = bool(account.coverage.get("lost")) and not lost
    with transaction.atomic(using=SECURITY):
        # Deleted meanwhile: then nothing is notified either, since the notice would name an account that is gone.
        if not CloudAccount.objects.filter(pk=account_id).update(**columns):
            return
        # One notice for what is new: what was lost before has had its own.
        if new:
            _notify_loss(account, new, coverage.percent, now)
        # Only when all of it is back, so that a reading that comes and goes is no notice each time.
        elif is_back:
            _notify_return(account, coverage.percent, now)


def write_posture(account_id: UUID, posture: Mapping[str, Any]) -> None:
    """Between scans: after findings were suppressed, for instance."""
    CloudAccount.objects.filter(pk=account_id).update(**posture_columns(posture))


def posture_columns(posture: Mapping[str, Any]) -> dict[str, Any]:
    """What an account's row holds of its posture: ``{critical, high, medium, low, score}`` as JSON and as columns.

    ``passed_weight`` and ``failed_weight`` beside them, those of the score, are columns alone.
    """
    shown = {name: value for name, value in posture.items() if name not in WEIGHT_COLUMNS}
    counts = {f"open_{severity}": posture.get(severity) or 0 for severity in SEVERITIES}
    weights = {name: posture.get(name) or 0 for name in WEIGHT_COLUMNS}
    return {"posture": shown, "score": posture.get("score"), **counts, **weights}


def write_regions(account: CloudAccount, *, regions: list[str] | None, enabled: list[str] | None) -> None:
    """What a scan has learned: which regions are enabled (None: not known), and which it reads where all are meant."""
    rows = CloudAccount.objects.filter(pk=account.pk)
    rows.update(enabled_regions=enabled)
    if regions is not None:
        rows.filter(all_regions=True).update(regions=regions)  # a list that a person chose meanwhile stays


def compare_gaps(
    before: Iterable[Gap], after: Iterable[Gap], lost: Iterable[Sequence[str]]
) -> tuple[list[tuple[str, str]], list[Gap]]:
    """The keys of all gaps by which something is lost now, and the gaps that are new; ``lost`` are those until now.

    Denied permissions are left out: their loss has a notice of its own (`health.permission_loss`).
    """
    known, earlier = {gap.key for gap in before}, {tuple(key) for key in lost}
    shown = [gap for gap in after if gap.kind != GapKind.PERMISSION]
    new = [gap for gap in shown if gap.key not in known]
    return [gap.key for gap in shown if gap.key not in known or gap.key in earlier], new


def _notify_loss(account: CloudAccount, lost: list[Gap], percent: int | None, now: datetime) -> None:
    named = join_names([gap.what for gap in lost[:NAMED]])
    more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    level = "not known any more" if percent is None else f"{percent}%"
    text = f"{account.name} ({account.account_id}) is not fully read any more: {named}{more}. Coverage is {level}."
    notify(
        NoticeKind.COVERAGE_LOST, key=f"{account.pk}:{now:%Y%m%d%H%M%S}", account=account, text=text[:500],
        remedy=f"{lost[0].why} The account's page has all gaps, with what each hides."[:500],
    )  # fmt: skip
    _record(account, "coverage.lost", f"Not read any more: {named}{more}"[:300], percent)


def _notify_return(account: CloudAccount, percent: int | None, now: datetime) -> None:
    text = f"{account.name} ({account.account_id}) is read again where coverage was lost"
    text += "." if percent is None else f": it is {percent}%."
    notify(NoticeKind.COVERAGE_BACK, key=f"{account.pk}:{now:%Y%m%d%H%M%S}", account=account, text=text[:500])
    _record(account, "coverage.back", "What was lost is read again", percent)


def _record(account: CloudAccount, action: str, text: str, percent: int | None) -> None:
    record_event(
        actor=SYSTEM, owner=account.owner, action=action, text=text, account=account.pk, label=account.name,
        percent=percent,
    )  # fmt: skip
