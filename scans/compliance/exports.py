"""Reports as files: a row per control, a row per failing resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scans.compliance.queries import Report

COLUMNS = (
    "framework", "version", "control", "title", "section", "assessment", "level", "state", "reason", "check_ids",
    "failed", "muted", "accounts_passed", "accounts_failed", "accounts_unknown", "accounts_muted",
    "accounts_not_covered", "settings", "answered_by", "answered_at", "answer_until", "answer_note", "evidence_file",
)  # fmt: skip


def control_rows(report: Report) -> Iterator[dict[str, Any]]:
    """Mappings with `COLUMNS` as keys."""
    for result in report.results:
        control, answer = result.control, result.answer
        yield {
            "framework": report.framework.slug,
            "version": report.framework.version,
            "control": control.id,
            "title": control.title,
            "section": result.section.id,
            "assessment": control.assessment,
            "level": control.level,
            "state": result.state.value,
            "reason": result.reason,
            # An id has no blank in it (`schema.CheckId`), so the cell can be taken apart again.
            "check_ids": " ".join(control.rules),
            "failed": result.failed,
            "muted": result.muted,
            **{f"accounts_{state}": number for state, number in result.accounts.numbers().items()},
            # What the team set otherwise than its checks come, for whoever reads the file without the page.
            "settings": " ".join(each.sentence for each in report.adjustments_of(control)),
            "answered_by": answer.answered_by if answer else "",
            "answered_at": answer.answered_at if answer else "",
            "answer_until": answer.until if answer and answer.until else "",
            "answer_note": answer.note if answer else "",
            "evidence_file": answer.evidence_file if answer else "",
        }
