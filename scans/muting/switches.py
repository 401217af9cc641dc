"""Checks that a team switches off: scans leave them out, and their open findings are closed as not checked.

Nothing is said of what a check would find: such a finding is neither passed nor failed, a control that rests on the
check is not covered, and what only these checks needed of the cloud is no longer asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import InputError
from cloudaccounts.models import SwitchedOffCheck
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.reading import row_batches
from scans.batching import batched
from scans.compliance.account_totals import forget_checks
from scans.findings.checks import find_check
from scans.findings.history import append_history, history_line
from scans.findings.suppression import clean_reason
from scans.findings.writer import NOT_CHECKED
from scans.models import Asset, CheckTotal, Finding, FindingChange, FindingStatus
from scans.runs.summaries import renew_posture

MOST = 500  # checks at a time
AT_ONCE = 1_000  # findings that are closed while somebody waits; the scheduler closes more
CLOSED_AT_A_TIME = 5_000  # findings that one pass of the scheduler closes; the others a minute later

_CLOSED = ["status", "resolved_at", "resolution", "changed_run", "change", "history"]
_NOTHING = {
    "passed": 0, "failed": 0, "unknown": 0, "passed_weight": 0, "failed_weight": 0, "unknowns": [], "inapplicable": "",
}  # fmt: skip


def switches(owner: str) -> dict[str, SwitchedOffCheck]:
    """What is switched off, by check id. One query."""
    return {row.check_id: row for row in SwitchedOffCheck.objects.filter(owner=owner).order_by("check_id")}


def switch_off(owner: str, check_ids: Iterable[str], *, actor: Actor, reason: str) -> int:
    """Answers with how many were on. Raises `InputError`. Of one that is off already, reason and author stay."""
    reason, known = clean_reason(reason), _known(check_ids)
    missing = sorted(known - switches(owner).keys())
    if not missing:
        return 0
    now = timezone.now()
    rows = [
        SwitchedOffCheck(owner=owner, check_id=check, reason=reason, author=actor.label[:160], created_at=now)
        for check in missing
    ]
    try:
        with transaction.atomic(using=SECURITY):
            SwitchedOffCheck.objects.bulk_create(rows)
            _record(owner, missing, actor, "off", f": {reason}")
    except IntegrityError:  # somebody else switched some of them off meanwhile: the others are left
        return switch_off(owner, check_ids, actor=actor, reason=reason)
    if _close(owner, missing, AT_ONCE) < AT_ONCE:
        SwitchedOffCheck.objects.filter(owner=owner, check_id__in=missing).update(closed_at=timezone.now())
    return len(missing)


def switch_on(owner: str, check_ids: Iterable[str], *, actor: Actor) -> int:
    """Answers with how many were off. The next scan evaluates by them, and opens findings again that still fail."""
    asked = set(check_ids)
    rows = SwitchedOffCheck.objects.filter(owner=owner, check_id__in=list(asked)[:MOST])
    with transaction.atomic(using=SECURITY):
        present = sorted(rows.values_list("check_id", flat=True))
        if not rows.delete()[0]:
            return 0
        _record(owner, present, actor, "on", "")
    return len(present)


def close_pending() -> int:
    """Closes findings that were too many to be closed at once. Answers with how many it closed."""
    closed = 0
    for row in list(SwitchedOffCheck.objects.filter(closed_at=None).order_by("created_at")[:50]):
        number = _close(row.owner, [row.check_id], CLOSED_AT_A_TIME)
        closed += number
        if number < CLOSED_AT_A_TIME:
            SwitchedOffCheck.objects.filter(pk=row.pk).update(closed_at=timezone.now())
    return closed


def close_of_account(owner: str, account: UUID, run: UUID) -> None:
    """At the end of a scan: it may have begun before a check was switched off, and the account may be new to the team.

    Repeatable. One query where nothing is off, two where nothing is open.
    """
    off = list(SwitchedOffCheck.objects.filter(owner=owner).values_list("check_id", flat=True))
    for checks in batched(off, 200):
        rows = Finding.objects.filter(account=account, check_id__in=checks, status=FindingStatus.OPEN)
        for batch in row_batches(rows, 500):
            _write(batch, run, timezone.now())


def forget_evaluations(account: UUID, services: Collection[str]) -> None:
    """Of assets of readings that are left out: what checks said of them before counts in no score any more."""
    if services:
        Asset.objects.filter(account=account, service__in=sorted(services), gone_at=None).update(**_NOTHING)


def _known(check_ids: Iterable[str]) -> set[str]:
    asked = set(check_ids)
    if not asked:
        raise InputError({"check": "Choose a check."})
    if len(asked) > MOST:
        raise InputError({"check": f"Choose up to {MOST} checks at a time."})
    if any(find_check(check) is None for check in asked):
        raise InputError({"check": "There is no check of this id."})
    return asked


def _record(owner: str, check_ids: Iterable[str], actor: Actor, state: str, rest: str) -> None:
    for check_id in check_ids:
        check = find_check(check_id)
        text = f"Switched {state}: “{check.title if check else check_id}”{rest}"
        record_event(actor=actor, owner=owner, action=f"check.{state}", text=text, check=check_id)


def _close(owner: str, check_ids: Collection[str], limit: int) -> int:
    """Up to ``limit`` open findings; answers with their number. Repeatable: totals go first, findings after them."""
    CheckTotal.objects.filter(owner=owner, check_id__in=check_ids).delete()
    forget_checks(owner, check_ids)
    marks = dict(SwitchedOffCheck.objects.filter(owner=owner, check_id__in=check_ids).values_list("check_id", "pk"))
    rows = list(Finding.objects.filter(owner=owner, check_id__in=check_ids, status=FindingStatus.OPEN)[:limit])
    now = timezone.now()
    for check_id, mark in marks.items():
        for batch in batched([row for row in rows if row.check_id == check_id], 500):
            # The switch stands in for a run: what changed the finding, without being counted in any scan.
            _write(batch, mark, now)
    for account in {row.account for row in rows}:
        renew_posture(account)
    return len(rows)


def _write(rows: Collection[Finding], mark: UUID, now: datetime) -> None:
    for row in rows:
        row.status, row.resolved_at, row.resolution = FindingStatus.RESOLVED, now, NOT_CHECKED
        row.changed_run, row.change = mark, FindingChange.RESOLVED
        append_history(row, history_line(now, FindingChange.RESOLVED, NOT_CHECKED))
    Finding.objects.bulk_update(rows, _CLOSED)
