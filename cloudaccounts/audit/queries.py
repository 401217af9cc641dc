"""Reads of the audit trail: an owner's part of it, filtered, page by page from the newest.

A page begins where the last one ended (by time and id), so that the ten-thousandth is as quick as the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from cloudaccounts.models import AuditEvent

PAGE = 50
CHUNK = 2000
# What the first word of an action says it is about.
SUBJECTS = {
    "account": "Accounts",
    "credential": "Credentials: stored, opened, replaced",
    "permission": "Permissions lost",
    "draft": "Drafts",
    "scan": "Scans",
    "finding": "Findings: suppressed, brought back",
    "group": "Groups",
    "organization": "Organizations",
    "job": "Jobs",
    "export": "Exports",
    "session": "Logins",
    "password": "Passwords",
    "token": "API tokens",
    "encryption": "Encryption keys",
    "history": "The audit itself",
}
COLUMNS = (
    "time", "action", "account_id", "account", "actor", "via", "address", "text", "detail", "event_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """``first`` and ``last`` are days in UTC, both included."""

    subject: str = ""
    action: str = ""
    account: UUID | None = None
    actor: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def narrows(self) -> bool:
        return any((self.subject, self.action, self.account, self.actor, self.first, self.last))


@dataclass(frozen=True, slots=True)
class AuditPage:
    events: list[AuditEvent]
    older: str  # where the next page begins; empty at the end


def events(owner: str, wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """Newest first."""
    found = AuditEvent.objects.filter(owner=owner)
    if wanted.account:
        found = found.filter(account=wanted.account)
    if wanted.action:
        found = found.filter(action=wanted.action)
    if wanted.subject:
        found = found.filter(action__startswith=f"{wanted.subject}.")
    if wanted.actor:
        found = found.filter(actor_label=wanted.actor)
    if wanted.first:
        found = found.filter(created_at__gte=_midnight(wanted.first))
    if wanted.last:
        found = found.filter(created_at__lt=_midnight(wanted.last) + timedelta(days=1))
    return found.order_by("-created_at", "-id")


def page(owner: str, wanted: AuditFilter, *, before: str = "") -> AuditPage:
    """``before`` is the last page's ``older``; what is none begins at the newest."""
    found = events(owner, wanted)
    if (mark := _mark(before)) is not None:
        found = _older_than(found, mark)
    rows = list(found[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return AuditPage(rows, f"{rows[-1].created_at.isoformat()}~{rows[-1].pk}" if more else "")


def rows(owner: str, wanted: AuditFilter) -> Iterator[dict[str, Any]]:
    """All that fit, for an export: chunk by chunk, so that the memory stays flat on every database."""
    return as_rows(events(owner, wanted))


def as_rows(found: QuerySet[AuditEvent]) -> Iterator[dict[str, Any]]:
    """``found`` is newest first."""
    mark: tuple[datetime, UUID] | None = None
    while True:
        chunk = list((found if mark is None else _older_than(found, mark))[:CHUNK])
        yield from map(_row, chunk)
        if len(chunk) < CHUNK:
            return
        mark = chunk[-1].created_at, chunk[-1].pk


def _row(event: AuditEvent) -> dict[str, Any]:
    return {
        "time": event.created_at,
        "action": event.action,
        "account_id": event.account,
        "account": event.account_label,
        "actor": event.actor_label,
        "via": event.via,
        "address": event.address,
        "text": event.full_text,
        "detail": event.detail,
        "event_id": event.pk,
    }


def _older_than(found: QuerySet[AuditEvent], mark: tuple[datetime, UUID]) -> QuerySet[AuditEvent]:
    moment, key = mark
    # Said twice, so that an index on the time alone is enough to begin in the right place.
    return found.filter(created_at__lte=moment).filter(Q(created_at__lt=moment) | Q(id__lt=key))


def _mark(text: str) -> tuple[datetime, UUID] | None:
    moment, _, key = text.partition("~")
    try:
        at = parse_datetime(moment)
        return (at.astimezone(UTC), UUID(key)) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
