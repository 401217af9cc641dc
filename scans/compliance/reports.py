"""The report that an auditor is handed: a cover, the scope, what it does not say, results, failures, exceptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scans.compliance.controls import exceptions_shown, failing_findings
from scans.compliance.coverage import by_gap, coverage_of
from scans.compliance.evaluation import ControlState
from scans.compliance.own.catalogue import is_own
from scans.compliance.pages import grouped
from scans.compliance.queries import Report

NAMED = 3  # accounts named with a failing control
EXCEPTIONS = 200


def report_context(report: Report, *, prepared_by: str, now: datetime) -> dict[str, Any]:
    """What templates/scans/compliance/report_body.html shows."""
    scope, framework = report.facts.scope, report.framework
    coverage = coverage_of(scope, framework.provider)
    rules = sorted({rule for control in framework.controls for rule in control.rules})
    by_state = {state.value: [result for result in report.results if result.state == state] for state in ControlState}
    titles = {rule: [c.id for c in framework.controls if rule in c.rules] for rule in rules}
    # One more than is shown says whether there are more, without a count.
    exceptions = list(failing_findings(scope, framework, rules, suppressed=True)[: EXCEPTIONS + 1])
    dates = [row.at for row in coverage if row.at is not None]
    return {
        "report": report,
        "own": is_own(framework.slug),
        "framework": framework,
        "scope": scope,
        "totals": report.totals,
        "groups": grouped(report.results, report),
        "gaps": by_gap(coverage),
        "complete": sum(row.complete for row in coverage),
        "incomplete": sum(not row.complete for row in coverage),
        "first_scan": min(dates, default=None),
        "last_scan": max(dates, default=None),
        "by_state": by_state,
        "failing": [
            {"result": result, "accounts": _named([a.name for a in scope.of(result.accounts.failed)])}
            for result in by_state[ControlState.FAILED.value]
        ],
        "exceptions": [
            {**row, "controls": titles.get(row["finding"].check_id, [])}
            for row in exceptions_shown(scope.owner, exceptions[:EXCEPTIONS])
        ],
        "adjustments": report.adjustments,
        "more_exceptions": len(exceptions) > EXCEPTIONS,
        "prepared_by": prepared_by,
        "now": now,
    }


def _named(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
