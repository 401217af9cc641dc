"""What a cloud announced with a date: until when a runtime, a version or a protocol is supported.

Verdicts that are written into code age silently: python3.9 stayed "supported" for eleven months after its end. So a
provider keeps dates in files (``providers/<key>/facts/*.json``), each with its source and the copy of it that somebody
read, and a rule asks for the day on which the resource was observed. What a file has never heard of is unknown.

A file::

    {
      "about": "Lambda runtimes",
      "source": "https://…",
      "through": "https://…",
      "copy": "Another page that takes its dates from the source, as of 2026-11-30",
      "read": "2026-11-30",
      "entries": {
        "python3.9": {"ends": "2025-12-15"},
        "python3.13": {"ends": null},
        "nodejs": {"ends": "2016-10-31", "source": "https://…"},
        "TLSv1_2016": {"protocol": "TLSv1"}
      }
    }

``source`` is the page that decides, ``copy`` says what was read of it in truth, and ``through`` (optional) where that
stands. ``read`` is the day of that copy: where it bears none, the latest day that its content proves; of documents that
never change, such as RFCs, the day on which they were read.

``ends`` is the first day without support; null where no end was announced when the file was read, which is believed for
`FRESH_DAYS`. An entry without ``ends`` says nothing about support. Other names are facts of the file's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.posture import UnknownFactError, observed, parse_time

FRESH_DAYS = 400  # clouds announce an end half a year before it or more: an older file may have missed one


class Support(Enum):
    SUPPORTED = "supported"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DatedFact:
    source: str  # a URL
    dated: bool  # whether the file says anything about the end
    ends: date | None  # the first day without support; None where none was announced
    details: Mapping[str, Any]

    def support(self, day: date, read: date) -> Support:
        if self.ends is not None:
            return Support.ENDED if day >= self.ends else Support.SUPPORTED
        # By the day of observation, not today: the same asset must give the same verdict again.
        fresh = (day - read).days <= FRESH_DAYS
        return Support.SUPPORTED if self.dated and fresh else Support.UNKNOWN


@dataclass(frozen=True, slots=True)
class DatedFacts:
    """One file. ``read``: the day of the copy that it was compared with."""

    about: str
    source: str
    read: date
    entries: Mapping[str, DatedFact]

    def support(self, name: str, day: date) -> Support:
        """`Support.UNKNOWN` for a name that the file does not have."""
        fact = self.entries.get(name)
        # Never heard of is neither supported nor ended (docs/decisions/0017-dates-not-lists.md).
        return Support.UNKNOWN if fact is None else fact.support(day, self.read)

    def ends(self, name: str) -> date | None:
        """The first day without support, where one is announced."""
        fact = self.entries.get(name)
        return None if fact is None else fact.ends

    def detail(self, name: str, key: str) -> Any:
        """A fact of the file's own; None where the file does not have it."""
        fact = self.entries.get(name)
        return None if fact is None else fact.details.get(key)


def load(path: Path) -> DatedFacts:
    """Raises ValueError for a file that is not of the form above: a wrong date shows when the module is loaded."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        source = _url(content["source"])
        entries = {str(name): _fact(entry, source) for name, entry in content["entries"].items()}
        return DatedFacts(str(content["about"]), source, date.fromisoformat(content["read"]), MappingProxyType(entries))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path.name} is no file of dated facts: {error!r}") from error


def _fact(entry: Mapping[str, Any], source: str) -> DatedFact:
    details = {key: value for key, value in entry.items() if key not in ("ends", "source")}
    ends = entry.get("ends")
    return DatedFact(
        source=_url(entry.get("source", source)),
        dated="ends" in entry,
        ends=None if ends is None else date.fromisoformat(ends),
        details=MappingProxyType(details),
    )


def _url(text: Any) -> str:
    if not isinstance(text, str) or not text.startswith("https://"):
        raise ValueError(f"{text!r} is no https address")
    return text


def day_of(asset: Asset) -> date:
    """The day on which the asset was observed; not today, see `days_since`. Raises `UnknownFactError` without one."""
    moment = parse_time(observed(asset, "at"))
    if moment is None:
        raise UnknownFactError("When this was observed was not told.")
    return moment.date()
