"""Reports as JSON types, for the API and for exports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scans.compliance.coverage import AccountCoverage
from scans.compliance.evaluation import ControlResult
from scans.compliance.models import ControlAnswer
from scans.compliance.own.catalogue import is_own
from scans.compliance.queries import Report


# The keys of this module are promised to whoever calls the API or reads an export: they stay, also where the glossary
# has another word (docs/glossary.md).
def framework_json(report: Report) -> dict[str, Any]:
    framework, at = report.framework, report.facts.evaluated_at
    return {
        "framework": framework.slug,
        "title": framework.title,
        "version": framework.version,
        "provider": framework.provider,
        "source": framework.source,
        "accounts": report.accounts,
        "evaluated_at": at.isoformat() if at else None,
        "totals": report.totals,
        "own": is_own(framework.slug),
    }


def report_json(report: Report) -> dict[str, Any]:
    return {**framework_json(report), "controls": [control_json(report, result) for result in report.results]}


def control_json(report: Report, result: ControlResult) -> dict[str, Any]:
    control = result.control
    return {
        "id": control.id,
        "title": control.title,
        "section": result.section.id,
        "assessment": control.assessment,
        "level": control.level,
        "state": result.state.value,
        "reason": result.reason,
        "check_ids": list(control.rules),
        "failed": result.failed,
        "muted": result.muted,
        "accounts": result.accounts.numbers(),
        "settings": [each.as_json() for each in report.adjustments_of(control)],
        "answer": answer_json(result.answer) if result.answer else None,
    }


def answer_json(answer: ControlAnswer) -> dict[str, Any]:
    return {
        "state": answer.state,
        "note": answer.note,
        "evidence_file": answer.evidence_file,
        "until": answer.until.isoformat() if answer.until else None,
        "answered_by": answer.answered_by,
        "answered_at": answer.answered_at.isoformat(),
    }


def coverage_json(accounts: Iterable[AccountCoverage]) -> list[dict[str, Any]]:
    """Those of which not everything was read."""
    return [
        {"account": str(row.account.pk), "name": row.account.name, "why": row.sentences}
        for row in accounts
        if not row.complete
    ]
