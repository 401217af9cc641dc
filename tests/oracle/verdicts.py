"""Opinions of two scanners about the same resources, and what comes of holding them against each other. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from cloudaccounts import registry
from cloudaccounts.contract.engines import EnginePair

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Opinion:
    """``verdict`` is pass, fail or unknown."""

    check: str
    resource: str
    region: str
    verdict: str
    reason: str


def key_of(pair: EnginePair, opinion: Opinion) -> str:
    """What both name the resource of an opinion by."""
    name = re.split("[/:]", opinion.resource)[-1]
    keys = {
        "resource": opinion.resource,
        # Without regard to case, in which Azure's answers vary.
        "path": opinion.resource.lower().removesuffix(pair.below.lower()),
        "name": name,
        "region": opinion.region,
        "account": "the account",
    }
    return keys[pair.by]


@dataclass(frozen=True, slots=True)
class Difference:
    """``ours`` and ``theirs`` are the reasons, with the verdict before; empty where one of them has no opinion."""

    check: str
    resource: str
    ours: str
    theirs: str

    @property
    def kind(self) -> str:
        """differ, ours or theirs: as known.yaml calls it."""
        return "differ" if self.ours and self.theirs else "ours" if self.ours else "theirs"


@dataclass(slots=True)
class Comparison:
    agree: int = 0
    differ: list[Difference] = field(default_factory=list)
    only_ours: list[Difference] = field(default_factory=list)
    only_theirs: list[Difference] = field(default_factory=list)
    without_counterpart: list[str] = field(default_factory=list)  # their checks that answered and are in no pair


def save(opinions: Iterable[Opinion], path: Path) -> None:
    path.write_text(json.dumps([asdict(opinion) for opinion in opinions], indent=1))


def load(path: Path) -> list[Opinion]:
    return [Opinion(**row) for row in json.loads(path.read_text())]


def pairs(cloud: str = "aws") -> list[EnginePair]:
    """The table that the product matches by, when Prowler is its second engine."""
    return list(registry.get(cloud).engine_pairs("prowler"))


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that docs/oracle.md explains. ``checks`` and ``resource`` are patterns, ``right`` says who is."""

    checks: str
    resource: str
    kind: str
    right: str

    def is_about(self, difference: Difference) -> bool:
        return (
            self.kind == difference.kind
            and fnmatchcase(difference.check, self.checks)
            and fnmatchcase(difference.resource, self.resource)
        )


def known_differences() -> list[Known]:
    rows: list[Mapping[str, str]] = yaml.safe_load((HERE / "known.yaml").read_text())
    return [Known(**row) for row in rows]


def compare(ours: Iterable[Opinion], theirs: Iterable[Opinion], paired: Iterable[EnginePair]) -> Comparison:
    """Pair by pair. A verdict of unknown is an opinion: where the other decides, they differ."""
    own, other, paired = _by_check(ours), _by_check(theirs), list(paired)
    result = Comparison()
    for pair in paired:
        mine = _worst(pair, [opinion for check in (pair.ours, *pair.also) for opinion in own.get(check, [])])
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


def _worst(pair: EnginePair, opinions: Iterable[Opinion]) -> dict[str, Opinion]:
    """One opinion for each key: a failure before what is unknown, and that before a pass."""
    rank = {"fail": 0, "unknown": 1, "pass": 2}
    worst: dict[str, Opinion] = {}
    for opinion in opinions:
        key = key_of(pair, opinion)
        if key not in worst or rank[opinion.verdict] < rank[worst[key].verdict]:
            worst[key] = opinion
    return worst


def _said(opinion: Opinion | None) -> str:
    return "" if opinion is None else f"{opinion.verdict}: {opinion.reason}"
