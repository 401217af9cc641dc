"""Reads of the audit: a scope's events, filtered, page by page from the newest.

A page begins after the last row of the one before (by time and id), instead of at an offset, so that the ten-thousandth
page is as quick as the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from cloudaccounts.group_scope import within
from cloudaccounts.models import AuditEvent
from teams.scope import Scope

PAGE = 50
# Events of an account whose details name groups, and so groups outside of a limit, too.
NAME_GROUPS = ("account.grouped", "organization.rules_changed")
CHUNK = 2000  # rows of an export read at a time
# The first word of an action, and what it is about.
SUBJECTS = {
    "account": "Accounts",
    "credential": "Credentials: stored, opened, replaced",
    "permission": "Permissions lost",
    "coverage": "Coverage lost and back",
    "draft": "Drafts",
    "scan": "Scans",
    "finding": "Findings: suppressed, brought back, assigned, commented",
    "mute_rule": "Mute rules",
    "view": "Saved views of a team",
    "check": "Checks of a team: switched off, severities and thresholds",
    "framework": "Compliance frameworks of a team",
    "control": "Controls answered by a person",
    "engine": "Second engines",
    "channel": "Channels",
    "group": "Groups",
    "organization": "Organizations",
    "job": "Jobs",
    "export": "Exports",
    "session": "Logins",
    "email": "E-mail addresses",
    "password": "Passwords",
    "second_factor": "Second factors and passkeys",
    "break_glass": "Superusers let in without single sign-on",
    "identity": "Single sign-on: identities of people",
    "token": "API tokens",
    "team": "Teams: members, invitations, roles",
    "transfer": "Transfers between teams",
    "rotation": "Automatic rotation and its policy",
    "external_id": "External IDs of a team",
    "encryption": "Encryption keys",
    "history": "The audit itself",
}
COLUMNS = (
    "time", "action", "account_id", "account", "actor", "via", "address", "text", "detail", "event_id", "team", "role",
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


def events(scope: Scope, filters: AuditFilter) -> QuerySet[AuditEvent]:
    """Newest first. Of a limited scope those of its accounts alone, and none that says in which groups they are."""
    rows = within(AuditEvent.objects.all(), scope)
    if scope.limited:
        rows = rows.exclude(action__in=NAME_GROUPS)
    if filters.account:
        rows = rows.filter(account=filters.account)
    if filters.action:
        rows = rows.filter(action=filters.action)
    if filters.subject:
        rows = rows.filter(action__startswith=f"{filters.subject}.")
    # Exact, because an index answers it; events keep the name that people had at that time.
    if filters.actor:
        rows = rows.filter(actor_label=filters.actor)
    if filters.first:
        rows = rows.filter(created_at__gte=_midnight(filters.first))
    # The last day is included: up to the midnight after it.
    if filters.last:
        rows = rows.filter(created_at__lt=_midnight(filters.last) + timedelta(days=1))
    # The id decides among events of one moment: without it a page could repeat or leave out some of them.
    return rows.order_by("-created_at", "-id")


def page(scope: Scope, filters: AuditFilter, *, before: str = "") -> AuditPage:
    """``before`` is the ``older`` of the page before; anything else begins at the newest event."""
    matching = events(scope, filters)
    if (mark := _mark(before)) is not None:
        matching = _older_than(matching, mark)
    rows = list(matching[: PAGE + 1])  # one more tells whether there is an older page
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return AuditPage(rows, f"{rows[-1].created_at.isoformat()}~{rows[-1].pk}" if more else "")


def rows(scope: Scope, filters: AuditFilter) -> Iterator[dict[str, Any]]:
    """All matching events for an export, read in chunks so that memory does not grow on any database."""
    return as_rows(events(scope, filters))


def as_rows(events: QuerySet[AuditEvent]) -> Iterator[dict[str, Any]]:
    """Events as rows of an export. ``events`` must be ordered newest first."""
    mark: tuple[datetime, UUID] | None = None
    while True:
        chunk = list((events if mark is None else _older_than(events, mark))[:CHUNK])
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
        "team": event.actor_team,
        "role": event.actor_role,
    }


def _older_than(events: QuerySet[AuditEvent], mark: tuple[datetime, UUID]) -> QuerySet[AuditEvent]:
    moment, key = mark
    # The first condition is implied by the second. It lets databases begin at the right place of an index on the time.
    return events.filter(created_at__lte=moment).filter(Q(created_at__lt=moment) | Q(id__lt=key))


def _mark(text: str) -> tuple[datetime, UUID] | None:
    moment, _, key = text.partition("~")
    try:
        at = parse_datetime(moment)
        # The mark comes from an address, so anything may stand in it: what is no mark begins at the newest event.
        return (at.astimezone(UTC), UUID(key)) if at is not None and at.tzinfo is not None else None
    # A date at the very end of the calendar has no time in UTC.
    except (ValueError, OverflowError):
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
