"""Geometry of the strip of an account's last checks: a bar for each, taller the worse the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudaccounts.models import CloudAccountStatus, HealthRecord
from cloudaccounts.models.health import CheckKind

MOST = 48  # half a day of heartbeats
_FLOOR, _STEP, _WIDTH = 34, 8.2, 6


@dataclass(frozen=True, slots=True)
class StripBar:
    x: float
    y: int
    height: int
    tone: str  # a class of app.css
    full: bool
    title: str
    outcome: str  # the state that a pill shows
    record: HealthRecord


def health_strip(records: Sequence[HealthRecord]) -> list[StripBar]:
    """``records`` newest first, at most `MOST`; the newest stands at the right end."""
    bars = []
    # From the right: a young account has a short strip at its end, where the newest bar always stands.
    for position, record in enumerate(reversed(records), start=MOST - len(records)):
        height, tone, outcome = _appearance(record)
        title = f"{record.at:%d %B, %H:%M} UTC, {record.get_kind_display()}: {record.cause or 'passed'}"
        bars.append(
            StripBar(
                round(position * _STEP + 3, 1), _FLOOR - height, height, tone, record.kind == CheckKind.FULL, title,
                outcome, record,
            )
        )  # fmt: skip
    return bars


def _appearance(record: HealthRecord) -> tuple[int, str, str]:
    if record.ok:
        return 12, "f-ok", "passed"
    # By the status after the check: a timeout that failed nobody is not drawn as high as a refusal.
    return (30, "f-crit", "failed") if record.status == CloudAccountStatus.FAILED else (21, "f-med", "degraded")
