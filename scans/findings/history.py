"""Lines of a finding's history, which scans write (`history`) and people (`suppressions`)."""

from __future__ import annotations

from datetime import datetime

from scans.models import Finding

MAX_LINES = 30  # of each kind; the oldest are dropped


def history_line(now: datetime, what: str, text: str, by: str = "") -> dict[str, str]:
    """``what`` is the change, such as ``reopened``; ``by`` names the person, and is left out for scans."""
    line = {"at": now.isoformat(), "what": str(what), "text": text[:500]}
    return {**line, "by": by} if by else line


def append_history(row: Finding, line: dict[str, str]) -> None:
    """Of what a scan did. Does not save."""
    row.history = [*row.history, line][-MAX_LINES:]


def append_suppression(row: Finding, line: dict[str, str]) -> None:
    """Of what a person did. Does not save."""
    row.suppressions = [*row.suppressions, line][-MAX_LINES:]
