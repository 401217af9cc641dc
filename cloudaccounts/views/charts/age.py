"""Geometry of the charts of credential age.

Charts are computed here and drawn by templates as SVG with attributes, because the content security policy allows
neither inline styles nor scripts from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudaccounts.credentials.age import BINS, Limits, age_bins

_LEFT, _FLOOR, _CEILING, _STEP = 28, 112, 34, 30  # in units of the template's viewBox, 400 wide


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float
    tone: str  # a class of app.css
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class AgeChart:
    bars: tuple[Bar, ...]
    limits: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    total: int


def age_chart(counts: Sequence[int]) -> AgeChart:
    """``counts`` are those of `age_bins`."""
    # At least 1: an empty chart has bars of no height, and no division by zero.
    bins, limits, top = age_bins(), Limits.current(), max([*counts, 1])
    bars = []
    for index, (bin_, count) in enumerate(zip(bins, counts, strict=True)):
        height = round(count / top * (_FLOOR - _CEILING), 1)
        bars.append(Bar(_LEFT + index * _STEP, _FLOOR - height, height, _tone(bin_.first, limits), bin_.label, count))
    width = bins[1].first
    at = [round(_LEFT + days / width * _STEP - 3, 1) for days in (limits.warning, limits.critical)]
    marks = (
        Mark(at[0], 12, f"{limits.warning} days: warning"),
        Mark(at[1], 26, f"{limits.critical} days: overdue"),
    )
    ticks = tuple(Mark(_LEFT + index * _STEP, 128, str(bins[index].first)) for index in range(0, BINS, 3))
    return AgeChart(tuple(bars), marks, ticks, sum(counts))


def _tone(days: int, limits: Limits) -> str:
    return "f-crit" if days >= limits.critical else "f-med" if days >= limits.warning else "f-ok"


@dataclass(frozen=True, slots=True)
class AgeBar:
    """One credential's age on a line 400 wide: a section for each state, and a mark at the age."""

    ok: float
    warning_x: float
    warning: float
    critical_x: float
    critical: float
    mark: float
    limits: Limits
    days: int


def age_bar(days: int) -> AgeBar:
    limits = Limits.current()
    scale = 400 / (limits.critical * 4 / 3)  # a day's width: the critical section is a quarter of the line
    warning, critical = limits.warning * scale, limits.critical * scale
    return AgeBar(
        # At least 1 wide: limits that lie close together must not make a section vanish.
        ok=round(max(warning - 2, 1), 1),
        warning_x=round(warning + 1, 1),
        warning=round(max(critical - warning - 2, 1), 1),
        critical_x=round(critical + 1, 1),
        critical=round(max(400 - critical - 1, 1), 1),
        # Clamped: an age far beyond the limit stays visible at the right end.
        mark=round(min(max(days * scale - 2, 0), 396), 1),
        limits=limits,
        days=days,
    )
