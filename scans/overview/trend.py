"""Findings and coverage day by day. A fall in findings with a fall in coverage is no improvement, and is said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scans.findings.models import FindingDay, SeverityDay

DAYS = 90
WIDTH, HEIGHT, LOW = 300, 100, 30  # of the charts' view boxes


@dataclass(frozen=True, slots=True)
class Trend:
    """The points of the lines, in units of the charts' view boxes; ``coverage`` is empty where it was not kept yet."""

    critical: str
    high: str
    coverage: str
    first: SeverityDay
    last: SeverityDay
    covered_before: int | None
    covered_now: int | None
    verdict: str


def trend_of(days: Sequence[SeverityDay]) -> Trend | None:
    """``days`` oldest first; None for fewer than two, of which nothing can be said."""
    if len(days) < 2:
        return None
    first, last = days[0], days[-1]
    most = max(max(day.critical, day.high) for day in days) or 1
    covered = [coverage_of(day) for day in days]
    before, now = next((share for share in covered if share is not None), None), covered[-1]
    return Trend(
        critical=_line([day.critical / most for day in days], HEIGHT),
        high=_line([day.high / most for day in days], HEIGHT),
        coverage=_line([(share or 0) / 100 for share in covered], LOW) if None not in covered else "",
        first=first, last=last, covered_before=before, covered_now=now,
        verdict=verdict(first.critical + first.high, last.critical + last.high, before, now),
    )  # fmt: skip


def coverage_of(day: SeverityDay) -> int | None:
    """In percent; None where it was not kept yet, or of no account is known."""
    if not isinstance(day, FindingDay) or not day.accounts:
        return None
    return day.covered // day.accounts


def verdict(before: int, now: int, covered_before: int | None, covered_now: int | None) -> str:
    """One sentence on critical and high findings together."""
    if covered_before is None or covered_now is None:
        seen = "How much was seen on each day was not kept."
        return f"Critical and high findings went from {before:,} to {now:,}. {seen}"
    shares = f"{covered_before} to {covered_now}%"
    if now < before and covered_now < covered_before:
        return (
            f"No improvement: findings fell from {before:,} to {now:,}, and coverage fell too, from {shares}. What is "
            "not seen is not counted."
        )
    if now < before:
        return f"An improvement: findings fell from {before:,} to {now:,} while coverage went from {shares}."
    if now > before and covered_now > covered_before:
        return f"Findings rose from {before:,} to {now:,} while more was seen: coverage went from {shares}."
    return f"Findings went from {before:,} to {now:,} while coverage went from {shares}."


def _line(shares: Sequence[float], height: int) -> str:
    step = WIDTH / (len(shares) - 1)
    # SVG counts downwards; a margin of 2 keeps the line's own width in sight.
    return " ".join(f"{step * n:.1f},{height - 2 - share * (height - 4):.1f}" for n, share in enumerate(shares))
