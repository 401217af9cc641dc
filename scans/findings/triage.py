"""What people decide about findings: whose they are, until when, and what is to be said about them.

Every write is by column, as in `scans.findings.suppression`: scans and people write the same rows at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import ChangedMeanwhileError, InputError
from cloudaccounts.group_scope import within
from cloudaccounts.work.databases import SECURITY
from scans.batching import batched
from scans.findings.history import append_suppression, history_line
from scans.models import Finding, FindingComment
from teams.models import Membership
from teams.names import name_order
from teams.scope import Scope

Seen = dict[str, Any] | None  # values of columns
COMMENT_LIMIT = 2000  # characters
MOST_COMMENTS = 500  # of one finding
LATEST_DUE = timedelta(days=3650)


def people(scope: Scope) -> list[str]:
    """User names of the team's members, who findings can be assigned to. Two queries."""
    members = Membership.objects.filter(team_id=scope.owner).values_list("user_id", flat=True)
    users = get_user_model().objects.filter(pk__in=list(members), is_active=True)
    return sorted(users.values_list("username", flat=True), key=name_order)


def assign(scope: Scope, findings: Iterable[UUID], *, actor: Actor, assignee: str, seen: Seen = None) -> int:
    """Makes them somebody's; nobody's with an empty name. Answers with the number of findings that changed.

    ``seen`` is what the change was made from: where a finding is otherwise by now, `ChangedMeanwhileError` is raised.
    Raises `InputError` for a name that is no member's.
    """
    assignee = assignee.strip()
    if assignee and assignee not in people(scope):
        raise InputError({"assignee": "Nobody of this name is in the team."})
    text = f"assigned to {assignee}" if assignee else "unassigned"
    return _change(scope, findings, {"assignee": assignee}, actor, "finding.assigned", text, seen)


def set_due(scope: Scope, findings: Iterable[UUID], *, actor: Actor, due: date | None, seen: Seen = None) -> int:
    """Raises `InputError` for a day that is past, or farther away than ten years; ``seen`` as of `assign`."""
    today = timezone.now().date()
    if due is not None and not today <= due <= today + LATEST_DUE:
        raise InputError({"due": "Choose today or a day to come, or none."})
    text = f"due on {due:%d %B %Y}" if due else "due on no day"
    return _change(scope, findings, {"due": due}, actor, "finding.due", text, seen)


def comment(finding: Finding, *, actor: Actor, text: str) -> FindingComment:
    """Raises `InputError` for a text that is empty or too long."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise InputError({"text": "Write something first."})
    if len(text) > COMMENT_LIMIT:
        raise InputError({"text": f"This is too long: {COMMENT_LIMIT} characters at most."})
    if FindingComment.objects.filter(finding=finding.pk).count() >= MOST_COMMENTS:
        raise InputError({"text": f"It has {MOST_COMMENTS} comments, which is as many as are kept."})
    with transaction.atomic(using=SECURITY):
        row = FindingComment.objects.create(
            finding=finding.pk, account=finding.account, owner=finding.owner, author=actor.label[:160], text=text,
            created_at=timezone.now(),
        )  # fmt: skip
        _record(finding, actor, "finding.commented", f"{finding.title}: commented")
    return row


def comments_of(finding: Finding) -> Sequence[FindingComment]:
    """The oldest first."""
    return list(FindingComment.objects.filter(finding=finding.pk).order_by("created_at", "id"))


def _change(
    scope: Scope,
    findings: Iterable[UUID],
    values: dict[str, Any],
    actor: Actor,
    action: str,
    text: str,
    seen: Seen = None,
) -> int:
    now, number = timezone.now(), 0
    for batch in batched(findings):
        with transaction.atomic(using=SECURITY):
            # By scope, so that the id of a finding outside of it changes nothing.
            rows = within(Finding.objects.filter(pk__in=batch), scope).exclude(**values)
            changed = list(rows.defer("evidence", "history", "tags"))
            # What was read and what is written are one statement: of two at the same moment one finds nothing.
            if seen is not None and Finding.objects.filter(pk__in=batch, **seen).update(**values) < len(batch):
                raise ChangedMeanwhileError
            for row in changed:
                append_suppression(row, history_line(now, action.partition(".")[2], text.capitalize(), actor.label))
                for name, value in values.items():
                    setattr(row, name, value)
                _record(row, actor, action, f"{row.title}: {text}")
            Finding.objects.bulk_update(changed, [*values, "suppressions"])
            number += len(changed)
    return number


def _record(row: Finding, actor: Actor, action: str, text: str) -> None:
    record_event(
        actor=actor, owner=row.owner, action=action, text=text, account=row.account, label=row.account_name,
        finding=str(row.pk), asset=row.native_id[:300],
    )  # fmt: skip
