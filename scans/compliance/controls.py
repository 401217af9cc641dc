"""One control: its checks, its failing resources, and what people answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import AuditEvent
from scans.compliance.facts import MANY, Facts, RuleFacts
from scans.compliance.schema import Control, Framework
from scans.compliance.scope import ReportScope
from scans.findings.checks import all_checks
from scans.models import SHOWN, Finding, FindingStatus, MuteRule

ANSWERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check of a control, and how it stands in the scope. ``title`` is the id where no provider has it any more."""

    id: str
    title: str
    severity: str
    facts: RuleFacts

    @property
    def numbers(self) -> dict[str, int]:
        """Accounts by state."""
        states = ("passed", "failed", "unknown", "muted", "empty")
        return {state: getattr(self.facts, state).bit_count() for state in states}


def check_lines(control: Control, facts: Facts) -> list[CheckLine]:
    known = {check.id: check for check in all_checks() if check.id in control.rules}
    return [
        CheckLine(
            id=rule,
            title=known[rule].title if rule in known else rule,
            severity=known[rule].severity.value if rule in known else "",
            facts=facts.rules[rule],
        )
        for rule in control.rules
    ]


def failing_findings(
    scope: ReportScope, framework: Framework, rules: Sequence[str], *, suppressed: bool = False
) -> QuerySet[Finding]:
    """Open findings of these checks in the scope, the worst first; or those that are suppressed or muted."""
    rows = within(Finding.objects.filter(status=FindingStatus.OPEN), scope.team)
    rows = rows.filter(Q(suppressed=True) | Q(muted=True)) if suppressed else rows.filter(**SHOWN)
    rows = rows.filter(check_id__in=list(rules)).defer("history", "suppressions")
    if scope.narrowed:
        # Beyond so many ids a condition is too long for some databases; the group's own page lists the rest.
        rows = rows.filter(account__in=list(scope.place)[:MANY])
    # The order ends with the key: without it, pages of rows that are equal otherwise could overlap.
    return rows.order_by("severity_rank", "-open_since", "id")


def exceptions_shown(owner: str, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """``{finding, reason, by, until}``: of a finding that a rule mutes, the rule's. One query."""
    rows = list(findings)
    rules = MuteRule.objects.filter(owner=owner, pk__in={row.mute_rule for row in rows if row.mute_rule}).in_bulk()
    shown = []
    for row in rows:
        rule = rules.get(row.mute_rule) if row.mute_rule and not row.suppressed else None
        reason, by, until = (
            (f"Muted by a rule: {rule.reason}", rule.author, rule.until)
            if rule
            else (row.suppressed_reason, row.suppressed_by, row.suppressed_until)
        )
        shown.append({"finding": row, "reason": reason, "by": by, "until": until})
    return shown


def answer_history(owner: str, framework: Framework, control: Control) -> list[AuditEvent]:
    """The latest answers and withdrawals, newest first."""
    # The label that `answers` records them under: audit events have no column for a control.
    label = f"{framework.short} {control.id}"
    events = AuditEvent.objects.filter(owner=owner, account_label=label, action__startswith="control.")
    return list(events.order_by("-created_at")[:ANSWERS_SHOWN])
