"""What a team has set otherwise than the checks come: reports name it beside each control that it bears on.

A looser threshold lets a control pass for what its benchmark would not accept, and a report that did not say so would
mislead whoever it is handed to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scans.findings.checks import all_checks
from scans.models import RANKS, SeverityOverride, ThresholdSetting


@dataclass(frozen=True, slots=True)
class Adjustment:
    """``kind`` is ``threshold`` or ``severity``. ``looser``: more passes, or counts for less, than usually."""

    kind: str
    check_id: str
    title: str  # of the check
    label: str  # of the threshold; empty for a severity
    value: str
    usual: str
    unit: str
    looser: bool
    author: str
    at: datetime
    reason: str = ""

    @property
    def sentence(self) -> str:
        is_threshold = self.kind == "threshold"
        what = f"“{self.label}”: {self.value} {self.unit}" if is_threshold else self.value
        name = "threshold" if is_threshold else "severity"
        way = "looser" if self.looser else "stricter"
        since = f"{self.at:%d %B %Y}".lstrip("0")
        return (
            f"“{self.title}” is evaluated by the team’s own {name}, {what} instead of {self.usual} ({way}), set by "
            f"{self.author} on {since}."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "check_id": self.check_id, "label": self.label, "value": self.value,
            "usual": self.usual, "unit": self.unit, "looser": self.looser, "set_by": self.author,
            "set_at": self.at.isoformat(), "reason": self.reason,
        }  # fmt: skip


def adjustments_of(owner: str, rules: Iterable[str]) -> Mapping[str, tuple[Adjustment, ...]]:
    """By check id; checks that the team left as they are are not among them. Two queries."""
    thresholds = {row.key: row for row in ThresholdSetting.objects.filter(owner=owner)}
    severities = {row.check_id: row for row in SeverityOverride.objects.filter(owner=owner)}
    if not thresholds and not severities:
        return {}
    check_ids = set(rules)
    by_check: dict[str, tuple[Adjustment, ...]] = {}
    for check in all_checks():
        if check.id not in check_ids:
            continue
        of_check = [
            Adjustment(
                kind="threshold", check_id=check.id, title=check.title, label=threshold.label, value=str(row.value),
                usual=str(threshold.default), unit=threshold.unit,
                looser=(row.value > threshold.default) == (threshold.stricter == "lower"), author=row.author,
                at=row.created_at,
            )
            for threshold in check.thresholds
            if (row := thresholds.get(threshold.key)) is not None and row.value != threshold.default
        ]  # fmt: skip
        if (override := severities.get(check.id)) is not None and override.severity != check.severity:
            of_check.append(
                Adjustment(
                    kind="severity", check_id=check.id, title=check.title, label="", value=override.severity,
                    usual=check.severity.value, unit="", looser=RANKS[override.severity] > RANKS[check.severity.value],
                    author=override.author, at=override.created_at, reason=override.reason,
                )
            )  # fmt: skip
        if of_check:
            by_check[check.id] = tuple(of_check)
    return by_check
