"""How results of a second engine stand to our own evaluations: both, different, or found by it alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from cloudaccounts.contract.engines import EnginePair
from cloudaccounts.contract.rules import Verdict
from scans.engines.models import EngineRelation
from scans.engines.output import Result

MOST_FAILURES = 20_000
MOST_PASSES = 50_000  # of checks that pair with ours; others are not kept
# Which of several evaluations decides: a failure before what is unknown, and that before a pass.
_RANK = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.PASS: 2, Verdict.NOT_APPLICABLE: 3}
Place = tuple[str, str]  # of one pair: our check's id, and what both name the resource by


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Our own evaluation of one asset by one check."""

    check_id: str
    native_id: str
    region: str
    asset: UUID
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Matched:
    """A result that is worth keeping. ``rule`` and ``ours`` are empty where no check of ours asks the same there."""

    result: Result
    relation: EngineRelation
    rule: str = ""
    ours: str = ""
    asset: UUID | None = None


@dataclass(slots=True)
class Collected:
    """What was read: failures, and for pairs the passes too. ``cut`` where there were more than are kept."""

    failures: list[Result] = field(default_factory=list)
    passes: dict[Place, Result] = field(default_factory=dict)
    cut: bool = False


class Pairs:
    """The table of one provider, by the other engine's check."""

    def __init__(self, pairs: Iterable[EnginePair]) -> None:
        self._by_theirs = {check: pair for pair in pairs for check in pair.theirs}
        self._by_ours = {check: pair for pair in self._by_theirs.values() for check in (pair.ours, *pair.also)}
        self.rules = frozenset(self._by_ours)

    def place_of(self, result: Result) -> Place | None:
        """None where no check of ours asks the same."""
        pair = self._by_theirs.get(result.check_id)
        return (pair.ours, _key(pair, result.resource, result.region, result.name)) if pair else None

    def place_of_ours(self, evaluated: Evaluated) -> Place:
        pair = self._by_ours[evaluated.check_id]
        return pair.ours, _key(pair, evaluated.native_id, evaluated.region)

    def collect(self, results: Iterable[Result]) -> Collected:
        collected = Collected()
        failing: set[Place] = set()
        for result in results:
            place = self.place_of(result)
            if result.verdict == "fail":
                if len(collected.failures) >= MOST_FAILURES:
                    collected.cut = True
                    continue
                collected.failures.append(result)
                if place:
                    failing.add(place)
            elif place and place not in collected.passes:
                if len(collected.passes) >= MOST_PASSES:
                    collected.cut = True
                    continue
                collected.passes[place] = result
        # Of several checks of theirs for one of ours, one that fails decides.
        for place in failing:
            collected.passes.pop(place, None)
        return collected


def match(collected: Collected, pairs: Pairs, evaluated: Iterable[Evaluated]) -> tuple[list[Matched], int]:
    """What to keep, and how often both had the same verdict, passes included."""
    failing = {place for result in collected.failures if (place := pairs.place_of(result))}
    ours = _worst(pairs, evaluated, failing | collected.passes.keys())
    matched = [_failure(result, pairs.place_of(result), ours) for result in collected.failures]
    matched += _passes(collected.passes, ours)
    agreed = sum(place in ours and ours[place].verdict == Verdict.FAIL for place in failing)
    agreed += sum(place in ours and ours[place].verdict == Verdict.PASS for place in collected.passes)
    return matched, agreed


def _failure(result: Result, place: Place | None, ours: Mapping[Place, Evaluated]) -> Matched:
    evaluated = ours.get(place) if place else None
    if evaluated is None:
        return Matched(result, EngineRelation.ONLY)
    relation = EngineRelation.BOTH if evaluated.verdict == Verdict.FAIL else EngineRelation.DIFFERS
    return Matched(result, relation, evaluated.check_id, evaluated.verdict.value, evaluated.asset)


def _passes(passes: Mapping[Place, Result], ours: Mapping[Place, Evaluated]) -> Iterator[Matched]:
    for place, result in passes.items():
        evaluated = ours.get(place)
        if evaluated is not None and evaluated.verdict == Verdict.FAIL:
            yield Matched(result, EngineRelation.DIFFERS, evaluated.check_id, evaluated.verdict.value, evaluated.asset)


def _worst(pairs: Pairs, evaluated: Iterable[Evaluated], asked: set[Place]) -> dict[Place, Evaluated]:
    worst: dict[Place, Evaluated] = {}
    for result in evaluated:
        place = pairs.place_of_ours(result)
        if place in asked and (place not in worst or _RANK[result.verdict] < _RANK[worst[place].verdict]):
            worst[place] = result
    return worst


def _key(pair: EnginePair, resource: str, region: str, label: str = "") -> str:
    """``label`` is the other scanner's name of it; ours is the end of the identifier."""
    end = re.split("[/:]", resource)[-1]
    path = resource.lower()
    if path.startswith("//"):  # a host, and then the path, as full resource names have it
        path = path[2:].partition("/")[2]
    path = path.removesuffix(pair.below.lower())
    by = {"resource": resource, "path": path.strip("/"), "name": end, "label": (label or end).lower()}
    return {**by, "region": region, "account": ""}[pair.by]
