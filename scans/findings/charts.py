"""The geometry of the charts about findings. Templates draw them as SVG with attributes, in units of its viewBox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudaccounts.contract.rules import Severity
from scans.findings.counts import SeverityCounts
from scans.findings.models import SeverityDay

TONES = {Severity.CRITICAL: "crit", Severity.HIGH: "high", Severity.MEDIUM: "med", Severity.LOW: "low"}
_WIDTH, _GAP = 400, 2
_TOP, _FLOOR, _LEFT, _RIGHT = 12, 104, 10, 390


@dataclass(frozen=True, slots=True)
class Segment:
    x: float
    width: float
    tone: str  # crit, high, med, low: f-… fills, k-… is the legend's key
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Bar:
    key: str  # as of `SeverityCounts`: a service, or an account's UUID
    segments: tuple[Segment, ...]
    total: int


@dataclass(frozen=True, slots=True)
class SeverityArea:
    """One severity's part of the trend, as the points of a polygon."""

    tone: str
    points: str


@dataclass(frozen=True, slots=True)
class Trend:
    areas: tuple[SeverityArea, ...]  # from the floor up; critical lies lowest, where its own slope shows
    line: str
    days: tuple[SeverityDay, ...]
    first: str
    last: str
    start: int
    end: int
    end_y: float


def segments(numbers: Mapping[str, int], *, whole: int = 0) -> tuple[Segment, ...]:
    """One bar, in falling order of severity. ``whole`` is the number that the full width stands for, by default all."""
    total = whole or sum(numbers.values())
    bar: list[Segment] = []
    x = 0.0
    for severity, number in numbers.items():
        if not number:
            continue
        width = max(number / total * _WIDTH - _GAP, 2.0)  # a single finding among thousands is still seen
        bar.append(Segment(round(x, 1), round(width, 1), TONES[Severity(severity)], str(severity), number))
        x += width + _GAP
    return tuple(bar)


def legend(numbers: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Tone, word and number of each severity."""
    return [(TONES[Severity(severity)], str(severity), number) for severity, number in numbers.items()]


def bars(lines: Sequence[SeverityCounts]) -> list[Bar]:
    """One bar for each line, all drawn to the scale of the longest."""
    longest = max((line.total for line in lines), default=0)
    return [
        Bar(line.key, segments(dict(zip(Severity, line.numbers, strict=True)), whole=longest), line.total)
        for line in lines
    ]


def trend(days: Sequence[SeverityDay]) -> Trend | None:
    """Stacked areas over days with the whole as a line; None where there are too few days to see a trend."""
    if len(days) < 2:
        return None
    # Days are drawn at equal distances, whatever lies between them: on a day without a scan nothing is known.
    step = (_RIGHT - _LEFT) / (len(days) - 1)
    xs = [round(_LEFT + step * index, 1) for index in range(len(days))]
    totals = [total_of(day) for day in days]
    # At least 1: heights are divided by it, also on days without a finding.
    top = max([*totals, 1])

    def y(number: int) -> float:
        # SVG counts downwards.
        return round(_FLOOR - number / top * (_FLOOR - _TOP), 1)

    areas: list[SeverityArea] = []
    below = [0] * len(days)
    for severity, tone in TONES.items():
        above = [base + int(getattr(day, severity.value)) for base, day in zip(below, days, strict=True)]
        # Along the upper edge and back along the lower one, which is the upper edge of the severity before.
        corners = [f"{x},{y(n)}" for x, n in zip(xs, above, strict=True)]
        corners += [f"{x},{y(n)}" for x, n in reversed(list(zip(xs, below, strict=True)))]
        areas.append(SeverityArea(tone, " ".join(corners)))
        below = above
    return Trend(
        areas=tuple(areas),
        line=" ".join(f"{x},{y(n)}" for x, n in zip(xs, totals, strict=True)),
        days=tuple(days),
        first=days[0].day,
        last=days[-1].day,
        start=totals[0],
        end=totals[-1],
        end_y=y(totals[-1]),
    )


def total_of(day: SeverityDay) -> int:
    return day.critical + day.high + day.medium + day.low
