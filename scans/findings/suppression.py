"""Suppressing findings: with a reason, by somebody, until a day or until it is taken back.

Every write is by column, never of a whole row: a scan may update the same finding at the same moment, and neither
writes the other's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cloudaccounts.accounts.visibility import within
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import InputError
from cloudaccounts.work.databases import SECURITY
from scans.batching import batched
from scans.findings.history import append_suppression, history_line
from scans.models import Finding
from scans.runs.summaries import renew_posture
from teams.scope import Scope

REASON_LIMIT = 500  # characters
ENDED_AT_ONCE = 1000  # the others a minute later
_COLUMNS = [
    "suppressed", "suppressed_reason", "suppressed_by", "suppressed_at", "suppressed_until", "suppressions",
]  # fmt: skip


def suppress_findings(
    scope: Scope, findings: Iterable[UUID], *, actor: Actor, reason: str, until: datetime | None = None
) -> int:
    """Suppresses findings of the scope and answers with their number. Suppressed ones get the new reason and end.

    Raises `InputError` for a reason that is empty or too long, and for an end that is past.
    """
    reason, until, now = clean_reason(reason), clean_until(until), timezone.now()

    def change(row: Finding) -> None:
        row.suppressed, row.suppressed_reason, row.suppressed_by = True, reason, actor.label[:160]
        row.suppressed_at, row.suppressed_until = now, until
        append_suppression(row, history_line(now, "suppressed", reason, actor.label))

    return _change(scope, findings, change, actor, "finding.suppressed", f"suppressed: {reason}")


def clean_reason(reason: str) -> str:
    """In one line. Raises `InputError` for one that is empty or too long."""
    reason = " ".join(reason.split())
    if not reason:
        raise InputError({"reason": "Give a reason: whoever reviews it next year needs it."})
    if len(reason) > REASON_LIMIT:
        raise InputError({"reason": f"The reason is too long: {REASON_LIMIT} characters at most."})
    return reason


def clean_until(until: datetime | None) -> datetime | None:
    """Raises `InputError` for an end that is past."""
    if until is not None and until <= timezone.now():
        raise InputError({"until": "Choose a day to come, or none."})
    return until


def unsuppress_findings(scope: Scope, findings: Iterable[UUID], *, actor: Actor) -> int:
    """Takes suppressions back. Answers with the number of findings that had been suppressed."""
    now = timezone.now()

    def change(row: Finding) -> bool | None:
        if not row.suppressed:
            return False
        # The columns are emptied; who suppressed it and why stays in the history.
        _clear(row)
        append_suppression(row, history_line(now, "unsuppressed", "Counts again.", actor.label))
        return None

    return _change(scope, findings, change, actor, "finding.unsuppressed", "counts again")


def end_suppressions(*, now: datetime | None = None) -> int:
    """Takes back the suppressions whose end has come. Answers with their number."""
    now = now or timezone.now()
    ended = 0
    accounts: set[UUID] = set()
    due = Finding.objects.filter(suppressed=True, suppressed_until__lte=now)
    # A list, because the loop changes what the query selects by.
    for row in list(due[:ENDED_AT_ONCE]):
        text = f"Counts again: it was suppressed until {row.suppressed_until:%d %B %Y}."
        _clear(row)
        append_suppression(row, history_line(now, "unsuppressed", text))
        # Only where it is still due: a person may have prolonged it, or another scheduler ended it.
        changed = due.filter(pk=row.pk).update(**{name: getattr(row, name) for name in _COLUMNS})
        if changed:
            _record(row, SYSTEM, "finding.unsuppressed", f"{row.title}: {text}")
            accounts.add(row.account)
        ended += changed
    _renew(accounts)
    return ended


def _change(
    scope: Scope,
    findings: Iterable[UUID],
    change: Callable[[Finding], bool | None],
    actor: Actor,
    action: str,
    text: str,
) -> int:
    number = 0
    accounts: set[UUID] = set()
    for batch in batched(findings):
        with transaction.atomic(using=SECURITY):
            # By scope, so that the id of a finding outside of it changes nothing.
            for row in within(Finding.objects.filter(pk__in=batch), scope):
                if change(row) is False:
                    continue
                Finding.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in _COLUMNS})
                _record(row, actor, action, f"{row.title}: {text}")
                accounts.add(row.account)
                number += 1
    # Once for each account, after all batches, however many of its findings were chosen.
    _renew(accounts)
    return number


def _renew(accounts: Iterable[UUID]) -> None:
    """The accounts' rows show open findings without suppressed ones."""
    for account in accounts:
        renew_posture(account)


def _clear(row: Finding) -> None:
    row.suppressed, row.suppressed_reason, row.suppressed_by = False, "", ""
    row.suppressed_at = row.suppressed_until = None


def _record(row: Finding, actor: Actor, action: str, text: str) -> None:
    record_event(
        actor=actor, owner=row.owner, action=action, text=text, account=row.account, label=row.account_name,
        finding=str(row.pk), asset=row.native_id[:300],
    )  # fmt: skip
