"""Which of the internet's packets a list of rules lets through: the first rule that matches decides.

Two answers are worked out side by side: what gets through for sure, and what may get through where something is not
known. The first is open where it is as large as the internet; where only the second is, the result is unclear.

A packet gets through for sure where a rule that allows matches it for sure, and no rule that may come before it may
match it and deny. It may get through where a rule that may allow may match it, and no rule that comes before it for
sure matches it for sure and denies. What no rule matches is denied, as in each of the three clouds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, product

from cloudaccounts.provider_kit.reach.addresses import (
    EVERYBODY,
    PUBLIC_V4,
    PUBLIC_V6,
    WHOLE_V4,
    WHOLE_V6,
    Addresses,
    Reach,
    is_internet_v4,
    is_internet_v6,
)
from cloudaccounts.provider_kit.reach.spans import NONE, Pair, PartialSet, Spans, points
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS

# Comparisons of a rule with a kind of packet. A longer list is unclear: its facts come from strangers.
MOST_WORK = 1_000_000


@dataclass(frozen=True, slots=True)
class Destinations:
    """To where a rule applies: addresses, or ``groups`` of machines by any name that the cloud has for them."""

    addresses: Addresses = EVERYBODY
    groups: frozenset[str] = frozenset()


ANYWHERE = Destinations()
ANY_PORT = PartialSet(ALL_PORTS)


@dataclass(frozen=True, slots=True)
class Rule:
    """``allows`` is None for an action that is not known, ``priority`` None where it is not known (lower comes first).

    ``doubtful``: it is not known whether the rule applies at all.
    """

    name: str
    allows: bool | None
    sources: Addresses
    protocols: PartialSet
    ports: PartialSet
    priority: int | None = 0
    destinations: Destinations = ANYWHERE
    source_ports: PartialSet = ANY_PORT
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """``names`` are of the rules that let the internet in, or may do so where it is unclear."""

    reach: Reach
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenPorts:
    """``may``: with those of which it is unclear. ``names`` are of the rules that open the sure ones."""

    sure: Spans
    may: Spans
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Family:
    """One version of IP."""

    whole: Spans
    public: Spans
    of: Callable[[Addresses], Spans]
    is_internet: Callable[[Spans], bool]


_FAMILIES = (
    _Family(WHOLE_V4, PUBLIC_V4, lambda addresses: addresses.v4, is_internet_v4),
    _Family(WHOLE_V6, PUBLIC_V6, lambda addresses: addresses.v6, is_internet_v6),
)


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule for one kind of packet: from where it surely matches, and from where it may."""

    rule: Rule
    sure: Spans
    may: Spans


@dataclass(slots=True)
class _Through:
    """What gets through for sure, and what may; by the names of the rules that let it."""

    sure: dict[str, Spans] = field(default_factory=dict)
    may: dict[str, Spans] = field(default_factory=dict)

    def let(self, name: str, sure: Spans, may: Spans) -> None:
        for by_name, spans in ((self.sure, sure), (self.may, may)):
            if spans:
                by_name[name] = by_name.get(name, NONE) | spans


def reach(rules: Sequence[Rule], protocol: int, port: int, *, deny_wins: bool) -> Result:
    """Whether the internet reaches a port by a protocol, at any destination.

    ``deny_wins``: of two rules with one priority the one that denies comes first. Where a cloud has no such order, what
    depends on it is unclear.
    """
    concerned = [rule for rule in rules if rule.protocols.may_have(protocol) and rule.ports.may_have(port)]
    results = [_reach_by(family, concerned, protocol, port, deny_wins) for family in _FAMILIES]
    # Open by one version of IP is open, whatever the other says.
    for worst in (Reach.OPEN, Reach.UNCLEAR):
        matching = [result for result in results if result.reach == worst]
        if matching:
            return Result(worst, tuple(dict.fromkeys(name for result in matching for name in result.names)))
    return Result(Reach.CLOSED)


def open_ports(rules: Sequence[Rule], protocol: int, *, deny_wins: bool) -> OpenPorts:
    """All ports that the internet reaches by a protocol."""
    concerned = [rule for rule in rules if rule.protocols.may_have(protocol)]
    starts = points([rule.ports.sure for rule in concerned], ALL_PORTS)
    # Unclear rather than slow: the rules are a stranger's, and their number has no bound of ours.
    if len(starts) * len(concerned) > MOST_WORK:
        return OpenPorts(NONE, ALL_PORTS)
    known: dict[tuple[bool, ...], Result] = {}
    opened: dict[Reach, list[Pair]] = defaultdict(list)
    names: dict[str, None] = {}
    for start, after in zip(starts, [*starts[1:], 65_536], strict=True):
        # Ports that the same rules match have the same answer, which is then worked out once.
        key = tuple(rule.ports.surely_has(start) for rule in concerned)
        if key not in known:
            known[key] = reach(concerned, protocol, start, deny_wins=deny_wins)
        opened[known[key].reach].append((start, after - 1))
        if known[key].reach == Reach.OPEN:
            names |= dict.fromkeys(known[key].names)
    sure = Spans.of(opened[Reach.OPEN])
    return OpenPorts(sure, sure | Spans.of(opened[Reach.UNCLEAR]), tuple(names))


def _reach_by(family: _Family, rules: Sequence[Rule], protocol: int, port: int, deny_wins: bool) -> Result:
    unclear: Result | None = None
    kinds = _kinds(family, rules, protocol, port)
    if kinds is None:
        return Result(Reach.UNCLEAR)
    sources = [family.of(rule.sources) & family.public for rule in rules]
    possible = [family.public if rule.sources.unclear else known for rule, known in zip(rules, sources, strict=True)]
    for kind in kinds:
        through = _through(
            [
                _Match(rule, known if sure else NONE, may)
                for rule, known, may, (sure, concerned) in zip(rules, sources, possible, kind, strict=True)
                if concerned
            ],
            deny_wins,
        )
        if family.is_internet(_union(through.sure.values())):
            return Result(Reach.OPEN, _names(family, through.sure))
        if unclear is None and family.is_internet(_union(through.may.values())):
            unclear = Result(Reach.UNCLEAR, _names(family, through.may))
    return unclear or Result(Reach.CLOSED)


def _kinds(
    family: _Family, rules: Sequence[Rule], protocol: int, port: int
) -> Iterable[tuple[tuple[bool, bool], ...]] | None:
    """The kinds of packets that rules tell apart by all but their source: for each rule, surely and maybe.

    Whoever sends a packet chooses its destination and the port that it comes from, so one kind that gets through is
    enough. None where they are too many to be looked at.
    """
    places = points([family.of(rule.destinations.addresses) for rule in rules], family.whole)
    groups = ["", *sorted({group for rule in rules for group in rule.destinations.groups})]
    starts = points([rule.source_ports.sure for rule in rules], ALL_PORTS)
    if len(places) * len(groups) * len(starts) * len(rules) > MOST_WORK:
        return None
    # A set: most combinations match the same rules, and each kind needs one answer.
    kinds = {
        tuple(_matches(family, rule, protocol, port, *kind) for rule in rules)
        for kind in product(places, groups, starts)
    }
    # In a fixed order, so that the rules named in a reason are the same at each evaluation.
    return sorted(kinds) if len(kinds) * len(rules) <= MOST_WORK // 10 else None


def _matches(
    family: _Family, rule: Rule, protocol: int, port: int, place: int, group: str, start: int
) -> tuple[bool, bool]:
    within = place in family.of(rule.destinations.addresses) or group in rule.destinations.groups
    sure = within and rule.source_ports.surely_has(start) and not rule.doubtful
    sure = sure and rule.protocols.surely_has(protocol) and rule.ports.surely_has(port)
    return sure, (within or rule.destinations.addresses.unclear) and rule.source_ports.may_have(start)


def _through(matches: Sequence[_Match], deny_wins: bool) -> _Through:
    placed = sorted((match for match in matches if match.rule.priority is not None), key=_priority)
    unplaced = [match for match in matches if match.rule.priority is None]
    through = _Through()
    maybe_denied = _union(_denials(unplaced, sure=False))  # they may come before all others
    denied = NONE
    for _, grouped in groupby(placed, key=_priority):
        group = list(grouped)
        maybe_denied |= _union(_denials(group, sure=False))
        # With rules of one priority the order decides whether a denial closes what stands beside it: `deny_wins` says
        # so.
        here = _union(_denials(group, sure=True))
        denied |= here if deny_wins else NONE
        for match in group:
            _let(through, match, maybe_denied, denied)
        denied |= here
    for match in unplaced:
        _let(through, match, maybe_denied, NONE)  # they may come after all others, or before
    return through


def _let(through: _Through, match: _Match, maybe_denied: Spans, denied: Spans) -> None:
    if match.rule.allows is not False:
        sure = match.sure - maybe_denied if match.rule.allows else NONE
        through.let(match.rule.name, sure, match.may - denied)


def _denials(matches: Sequence[_Match], *, sure: bool) -> Iterator[Spans]:
    for match in matches:
        if match.rule.allows is False or (match.rule.allows is None and not sure):
            yield match.sure if sure else match.may


def _priority(match: _Match) -> int:
    return match.rule.priority or 0


def _union(several: Iterable[Spans]) -> Spans:
    return Spans.of(pair for spans in several for pair in spans.pairs)


def _names(family: _Family, by_name: dict[str, Spans]) -> tuple[str, ...]:
    """Of the rules that are enough by themselves; of all where it takes several."""
    return tuple(name for name, spans in by_name.items() if family.is_internet(spans)) or tuple(by_name)
