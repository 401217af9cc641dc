"""Opinions of two scanners about the same resources, and what comes of holding them against each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Opinion:
    """``verdict`` is pass, fail or unknown."""

    check: str
    resource: str
    region: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One of our checks, and theirs that ask the same. ``by`` is resource, region or account."""

    ours: str
    theirs: tuple[str, ...]
    by: str = "resource"

    def key(self, opinion: Opinion) -> str:
        return {"resource": opinion.resource, "region": opinion.region, "account": "the account"}[self.by]


@dataclass(frozen=True, slots=True)
class Difference:
    """``ours`` and ``theirs`` are the reasons, with the verdict before."""

    check: str
    resource: str
    ours: str
    theirs: str


@dataclass(slots=True)
class Comparison:
    agree: int = 0
    differ: list[Difference] = field(default_factory=list)
    only_ours: list[Difference] = field(default_factory=list)
    only_theirs: list[Difference] = field(default_factory=list)
    without_counterpart: list[str] = field(default_factory=list)  # their checks that answered and are in no pair


def pairs() -> list[Pair]:
    rows: Mapping[str, Any] = yaml.safe_load((HERE / "pairs.yaml").read_text())
    return [
        Pair(ours, tuple(row["theirs"]), row["by"]) if isinstance(row, dict) else Pair(ours, tuple(row))
        for ours, row in rows.items()
    ]


def known_differences() -> dict[tuple[str, str], str]:
    """By check and end of the resource: who is right, in words; docs/oracle.md says why."""
    rows: list[Mapping[str, str]] = yaml.safe_load((HERE / "known.yaml").read_text()) or []
    return {(row["check"], row["resource"]): row["right"] for row in rows}


def compare(ours: Iterable[Opinion], theirs: Iterable[Opinion], paired: Iterable[Pair]) -> Comparison:
    """Pair by pair. A verdict of unknown is an opinion: where the other decides, they differ."""
    own, other, paired = _by_check(ours), _by_check(theirs), list(paired)
    result = Comparison()
    for pair in paired:
        mine = _worst(pair, own.get(pair.ours, []))
        yours = _worst(pair, [opinion for check in pair.theirs for opinion in other.get(check, [])])
        for key in sorted(mine.keys() | yours.keys()):
            one, two = mine.get(key), yours.get(key)
            said = Difference(pair.ours, key, _said(one), _said(two))
            if one is None:
                result.only_theirs.append(said)
            elif two is None:
                result.only_ours.append(said)
            elif one.verdict == two.verdict:
                result.agree += 1
            else:
                result.differ.append(said)
    paired_checks = {check for pair in paired for check in pair.theirs}
    result.without_counterpart = sorted(set(other) - paired_checks)
    return result


def _by_check(opinions: Iterable[Opinion]) -> dict[str, list[Opinion]]:
    by_check: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        by_check.setdefault(opinion.check, []).append(opinion)
    return by_check


def _worst(pair: Pair, opinions: Iterable[Opinion]) -> dict[str, Opinion]:
    """One opinion for each key: a failure before what is unknown, and that before a pass."""
    rank = {"fail": 0, "unknown": 1, "pass": 2}
    worst: dict[str, Opinion] = {}
    for opinion in opinions:
        key = pair.key(opinion)
        if key not in worst or rank[opinion.verdict] < rank[worst[key].verdict]:
            worst[key] = opinion
    return worst


def _said(opinion: Opinion | None) -> str:
    return "" if opinion is None else f"{opinion.verdict}: {opinion.reason}"
