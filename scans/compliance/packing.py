"""The totals of an account's checks as a few short texts, and back. Pure: no database, and migrations use it too.

What a report asks of a check in an account is one of four letters, and how old its readings are: whether they are too
old to be relied on follows from the schedule, and from when somebody asks.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any, Protocol

PASSED = "p"  # everything was read and decided, and something passed
EMPTY = "e"  # everything was read, and nothing is there that the check is about; or all of it fails
UNDECIDED = "u"  # something was not read or not decided
ABSENT = "-"  # never evaluated there
LETTERS = (PASSED, EMPTY, UNDECIDED, ABSENT)


class Total(Protocol):
    """A `CheckTotal`, also as a migration knows it."""

    check_id: str
    passed: int
    unknown: int
    unread: int
    unread_places: list[str]
    read_at: datetime | None
    at: datetime


def packed(totals: Iterable[Total], known: Iterable[str] = ()) -> dict[str, Any] | None:
    """The columns of `AccountTotals` that follow from an account's totals; None where there are none.

    ``known`` are checks that have a place although they have no total: so accounts of one cloud have one layout,
    whatever a team has switched off.
    """
    rows = {row.check_id: row for row in totals}
    if not rows:
        return None
    checks = sorted({*rows, *known})
    moments = sorted({milliseconds(row.read_at) for row in rows.values() if row.read_at is not None})
    place = {moment: str(number) for number, moment in enumerate(moments)}
    ages = [
        place[milliseconds(row.read_at)] if (row := rows.get(check)) is not None and row.read_at is not None else "-"
        for check in checks
    ]
    return {
        "layout": layout_of(checks),
        "states": "".join(_state(rows.get(check)) for check in checks),
        "times": " ".join(map(str, moments)),
        "ages": " ".join(ages),
        "undecided": sum(row.unknown for row in rows.values()),
        "at": max(row.at for row in rows.values()),
        "unread_places": sorted({name for row in rows.values() if row.unread for name in row.unread_places}),
        "checks": " ".join(checks),
    }


def layout_of(checks: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(checks).encode()).hexdigest()


def milliseconds(moment: datetime) -> int:
    """Since 1970. MongoDB keeps no more of a moment."""
    return int(moment.timestamp() * 1000)


class Picker:
    """Takes the letters of some checks out of the states of one layout, in the order in which they were asked for."""

    def __init__(self, checks: Iterable[str], asked: Iterable[str]) -> None:
        place: Mapping[str, int] = {check: number for number, check in enumerate(checks)}
        # What the layout does not have is taken from behind it, where `letters` puts the letter for "never".
        places = [place.get(check, len(place)) for check in asked]
        self._take = itemgetter(*places) if places else None

    def letters(self, states: str, times: str, ages: str, cutoff: int) -> str:
        """``cutoff``: what was read before it, in milliseconds, is too old to be relied on."""
        if self._take is None:
            return ""
        # Mostly nothing is too old, and the first of the moments says so.
        if times and int(times.partition(" ")[0]) < cutoff:
            old = bisect_left([int(moment) for moment in times.split(" ")], cutoff)
            states = "".join(
                UNDECIDED if age != "-" and int(age) < old and state != ABSENT else state
                for state, age in zip(states, ages.split(" "), strict=True)
            )
        return "".join(self._take(states + ABSENT))


def _state(total: Total | None) -> str:
    if total is None:
        return ABSENT
    # What rests on no reading is as little to be relied on as what is too old.
    if total.unknown or total.unread or total.read_at is None:
        return UNDECIDED
    return PASSED if total.passed else EMPTY
