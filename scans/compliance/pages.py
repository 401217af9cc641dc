"""What the pages draw: sections with bars, accounts with cells, the course by day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloudaccounts.models import CloudAccount
from scans.compliance.evaluation import LETTERS, ControlResult, ControlState
from scans.compliance.queries import Report
from scans.compliance.schema import Section

# Drawn from the left; the rest of a bar is hatched, which stands for what was not evaluated.
DRAWN = ("passed", "failed", "muted", "manual")
LABELS = {
    "passed": "passed", "failed": "failed", "unknown": "unknown", "muted": "muted", "manual": "manual",
    "not_covered": "not covered",
}  # fmt: skip
FIT, FAIR, POOR = 90, 75, 60  # percent: where a cell of the table of accounts changes its tone

_LETTER = {state: letter for letter, state in LETTERS.items()}
_PASSED, _FAILED, _UNKNOWN = (
    _LETTER[state] for state in (ControlState.PASSED, ControlState.FAILED, ControlState.UNKNOWN)
)
UNKNOWN = 99.5  # in the order of accounts: after whatever fails, before what passes whole


@dataclass(frozen=True, slots=True)
class Segment:
    """``x`` and ``width`` in percent."""

    tone: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """A control in its section. ``bar`` shows its accounts; empty where no rule evaluates it."""

    result: ControlResult
    bar: tuple[Segment, ...]
    label: str  # what the bar says, in words


@dataclass(frozen=True, slots=True)
class SectionGroup:
    """A section of the top level with all of its controls; ``numbers`` counts them by state."""

    section: Section
    rows: list[Row]
    numbers: Mapping[str, int]
    bar: tuple[Segment, ...]

    @property
    def anchor(self) -> str:
        return "section-" + "".join(letter if letter.isalnum() else "-" for letter in self.section.id)


@dataclass(frozen=True, slots=True)
class Cell:
    """How an account stands in a section: percent of its evaluated controls that pass; None where none was."""

    percent: int | None
    gap: bool  # some are unknown
    covered: bool  # some are evaluated at all, in any account

    @property
    def tone(self) -> str:
        if self.percent is None:
            return "nc"
        return "p1" if self.percent >= FIT else "p2" if self.percent >= FAIR else "p3" if self.percent >= POOR else "p4"


@dataclass(frozen=True, slots=True)
class AccountRow:
    account: CloudAccount
    cells: list[Cell]
    whole: Cell
    failed: int


def bar(numbers: Mapping[str, int], drawn: Sequence[str] = DRAWN) -> tuple[Segment, ...]:
    """Segments of the named parts; what is not drawn stays open at the end of the bar."""
    whole = sum(numbers.get(state, 0) for state in LABELS)
    segments, x = [], 0.0
    for state in drawn:
        if number := numbers.get(state, 0):
            width = number / whole * 100
            segments.append(Segment(state, round(x, 2), round(width, 2)))
            x += width
    return tuple(segments)


def grouped(results: Iterable[ControlResult], report: Report, *, only: str = "") -> list[SectionGroup]:
    """By section of the top level. ``only`` leaves out controls of other states, and sections that are empty then."""
    tops: dict[str, tuple[Section, list[ControlResult]]] = {}
    for result in results:
        top = _top(result.section, report.framework.sections)
        tops.setdefault(top.id, (top, []))[1].append(result)
    groups = []
    for section, members in tops.values():
        # Of all members, before `only` leaves some out: a section's bar shows how the whole section stands.
        numbers = count(members)
        rows = [_row(result) for result in members if only in {"", result.state.value}]
        if rows:
            groups.append(SectionGroup(section, rows, numbers, bar(numbers)))
    return groups


def count(results: Iterable[ControlResult]) -> dict[str, int]:
    numbers = dict.fromkeys(LABELS, 0)
    for result in results:
        numbers[result.state.value] += 1
    return numbers


def account_rows(report: Report) -> tuple[list[Section], list[AccountRow]]:
    """Sections as columns, accounts as rows; the worst first, and what nothing is known of before what is well."""
    columns = grouped(report.results, report)
    scope, provider = report.facts.scope, report.framework.provider
    # Control by control, and then turned: for each account a letter for each control, by section.
    letters = [_letters([row.result for row in group.rows], len(scope.accounts)) for group in columns]
    # Of many accounts most stand alike: each combination of letters is looked at once.
    cells: dict[str, Cell] = {}

    def cell(text: str) -> Cell:
        if text not in cells:
            cells[text] = _cell(text)
        return cells[text]

    rows = []
    for account, *sections in zip(scope.accounts, *letters, strict=True):
        # Left out after they were numbered: the place in the whole scope is the account's bit in the masks.
        if provider and account.provider != provider:
            continue
        whole = "".join(sections)
        rows.append(AccountRow(account, [cell(each) for each in sections], cell(whole), whole.count(_FAILED)))
    # What fails is read first; where most are still unscanned, they would bury it. Those that stand alike stay in the
    # order of the scope, which is by name.
    rows.sort(key=lambda row: UNKNOWN if row.whole.percent is None else row.whole.percent)
    return [group.section for group in columns], rows


def course(days: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Stacked areas of a chart of 400 by 122; None where there are too few days to see a course.

    ``days`` are ``{day, passed, failed, unknown, muted}``, oldest first.
    """
    if len(days) < 2:
        return None
    left, right, top, floor = 10, 390, 12, 104
    step = (right - left) / (len(days) - 1)
    xs = [round(left + step * place, 1) for place in range(len(days))]
    most = max(sum(day[state] for state in ("passed", "failed", "unknown", "muted")) for day in days) or 1
    below, areas = [0] * len(days), []
    for state in ("passed", "failed", "muted", "unknown"):
        above = [base + day[state] for base, day in zip(below, days, strict=True)]
        upper = [f"{x},{round(floor - n / most * (floor - top), 1)}" for x, n in zip(xs, above, strict=True)]
        lower = [f"{x},{round(floor - n / most * (floor - top), 1)}" for x, n in zip(xs, below, strict=True)]
        areas.append({"tone": state, "points": " ".join([*upper, *reversed(lower)])})
        below = above
    return {"areas": areas, "first": days[0], "last": days[-1]}


def _top(section: Section, sections: Sequence[Section]) -> Section:
    # With the dot: section 10 does not lie in section 1.
    return next(part for part in sections if section.id == part.id or section.id.startswith(f"{part.id}."))


def _row(result: ControlResult) -> Row:
    numbers = result.accounts.numbers()
    if not result.control.rules:
        return Row(result, (), "")
    words = ", ".join(f"{number} {LABELS[state]}" for state, number in numbers.items() if number)
    return Row(result, bar(numbers), f"Accounts: {words or 'none'}")


def _letters(results: Sequence[ControlResult], accounts: int) -> list[str]:
    """For each account a letter for each of these controls."""
    # A control without rules says nothing of an account: people answer it for the whole framework.
    evaluated = [result.accounts.letters(accounts) for result in results if result.control.rules]
    return ["".join(letters) for letters in zip(*evaluated, strict=True)] if evaluated else [""] * accounts


def _cell(letters: str) -> Cell:
    passed, failed = letters.count(_PASSED), letters.count(_FAILED)
    # Rounded down: 100 % means that nothing failed.
    percent = passed * 100 // (passed + failed) if passed + failed else None
    return Cell(percent, gap=_UNKNOWN in letters, covered=bool(letters))
