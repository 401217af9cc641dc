"""Lists of rules: the first that matches decides, and what was not told never closes anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.provider_kit.reach import rules as module
from cloudaccounts.provider_kit.reach.addresses import (
    EVERYBODY,
    INTERNET_V4,
    PUBLIC_V4,
    UNKNOWN,
    Reach,
    network,
    networks,
)
from cloudaccounts.provider_kit.reach.rules import Destinations, Rule, open_ports, reach
from cloudaccounts.provider_kit.reach.spans import UNCLEAR as UNCLEAR_SET
from cloudaccounts.provider_kit.reach.spans import PartialSet, Spans
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, TCP, UDP, port_span, protocol
from cloudaccounts.provider_kit.reach.verdicts import every_port
from tests.cloudaccounts.provider_kit.reach.strategies import EVERYWHERE, on_any_machine, rules

OPEN, CLOSED, UNCLEAR = Reach.OPEN, Reach.CLOSED, Reach.UNCLEAR
RANK = [CLOSED, UNCLEAR, OPEN]


def allow(*sources: str, port: int = 22, **more: Any) -> Rule:
    given: dict[str, Any] = {
        "name": "allow",
        "allows": True,
        "sources": networks(list(sources)) if sources else EVERYWHERE,
        "protocols": protocol("tcp", everything="*"),
        "ports": port_span(port, port),
        "priority": 200,
    }
    return Rule(**{**given, **more})


def deny(*sources: str, **more: Any) -> Rule:
    return allow(*sources, **{"name": "deny", "allows": False, "priority": 100, **more})


def to(*told: str, groups: str = "") -> Destinations:
    return Destinations(networks(list(told)), frozenset(groups))


ALL_UDP: dict[str, Any] = {"protocols": protocol("udp", everything="*")}
HALF = "0.0.0.0/1"

CASES: dict[str, tuple[Reach, list[Rule]]] = {
    "nothing": (CLOSED, []),
    "an allow": (OPEN, [allow()]),
    "another port": (CLOSED, [allow(port=23)]),
    "another protocol": (CLOSED, [allow(**ALL_UDP)]),
    "halves in two rules": (OPEN, [allow(HALF, name="a"), allow("128.0.0.0/1", name="b")]),
    "many small rules": (OPEN, [allow(f"{n}.0.0.0/12", name=str(n)) for n in range(11, 60)]),
    "a private network": (CLOSED, [allow("10.0.0.0/8")]),
    "a deny before": (CLOSED, [allow(), deny()]),
    "a deny behind": (OPEN, [allow(), deny(priority=300)]),
    "a deny of another port": (OPEN, [allow(), deny(port=23)]),
    "a deny of another protocol": (OPEN, [allow(), deny(**ALL_UDP)]),
    "a deny of one address": (OPEN, [allow(), deny("198.51.100.7")]),
    "a deny of IPv4 alone": (OPEN, [allow(), deny("0.0.0.0/0")]),
    "a deny of half": (OPEN, [allow("0.0.0.0/0"), deny(HALF)]),
    "denies of both halves": (CLOSED, [allow("0.0.0.0/0"), deny(HALF), deny("128.0.0.0/1", priority=101)]),
    "an allow of the other half alone": (OPEN, [allow("0.0.0.0/0"), deny(HALF)]),
    "a deny of just what is allowed": (CLOSED, [allow(HALF), deny(HALF)]),
    "an allow before a deny": (OPEN, [allow(priority=50), deny()]),
    "a deny to one machine": (OPEN, [allow(), deny(destinations=to("10.0.0.4/32"))]),
    "a deny to where the allow leads": (
        CLOSED,
        [allow(destinations=to("10.0.0.4/32")), deny(destinations=to("10.0.0.0/24"))],
    ),
    "denies to both halves of it": (
        CLOSED,
        [
            allow(destinations=to("10.0.0.0/24")),
            deny(destinations=to("10.0.0.0/25")),
            deny(destinations=to("10.0.0.128/25"), priority=101),
        ],
    ),
    "a deny to a group": (OPEN, [allow(), deny(destinations=to(groups="a"))]),
    "a deny to another group": (OPEN, [allow(destinations=to(groups="b")), deny(destinations=to(groups="a"))]),
    "a deny to the same group": (CLOSED, [allow(destinations=to(groups="a")), deny(destinations=to(groups="a"))]),
    "an allow to IPv4, a deny of its sources": (
        CLOSED,
        [allow(destinations=to("10.0.0.4/32")), deny("0.0.0.0/0")],
    ),
    "a deny of one source port": (OPEN, [allow(), deny(source_ports=port_span(22, 22))]),
    "an unread source": (UNCLEAR, [allow(sources=UNKNOWN)]),
    "an unread source beside an open one": (OPEN, [allow(sources=UNKNOWN | EVERYBODY)]),
    "an unread source behind a deny": (CLOSED, [allow(sources=UNKNOWN), deny()]),
    "an unread source of another port": (CLOSED, [allow(sources=UNKNOWN, port=23)]),
    "an unread protocol": (UNCLEAR, [allow(protocols=UNCLEAR_SET)]),
    "unread ports": (UNCLEAR, [allow(ports=UNCLEAR_SET)]),
    "unread ports of a private network": (CLOSED, [allow("10.0.0.0/8", ports=UNCLEAR_SET)]),
    "an unread deny": (UNCLEAR, [allow(), deny(sources=UNKNOWN)]),
    "an unread deny behind": (OPEN, [allow(), deny(sources=UNKNOWN, priority=300)]),
    "a deny to an unread place": (UNCLEAR, [allow(), deny(destinations=Destinations(UNKNOWN))]),
    "an unknown action": (UNCLEAR, [allow(allows=None)]),
    "an unknown action of a private network": (CLOSED, [allow("10.0.0.0/8", allows=None)]),
    "an unknown action before an allow": (UNCLEAR, [allow(), deny(allows=None)]),
    "an unknown action behind an allow": (OPEN, [allow(), deny(allows=None, priority=300)]),
    "an unknown action behind a deny": (CLOSED, [allow(allows=None), deny()]),
    "a doubtful allow": (UNCLEAR, [allow(doubtful=True)]),
    "a doubtful deny": (UNCLEAR, [allow(), deny(doubtful=True)]),
    "no priority, and no deny": (OPEN, [allow(priority=None)]),
    "no priority of the allow": (UNCLEAR, [allow(priority=None), deny()]),
    "no priority of the deny": (UNCLEAR, [allow(), deny(priority=None)]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_rule_that_matches_decides(name: str) -> None:
    expected, given_rules = CASES[name]
    for ordered in (given_rules, given_rules[::-1]):
        assert reach(ordered, TCP, 22, deny_wins=True).reach == expected


def test_at_one_priority_the_deny_wins_or_it_is_unclear() -> None:
    same = [allow(priority=100), deny(priority=100)]
    for ordered in (same, same[::-1]):
        assert reach(ordered, TCP, 22, deny_wins=True).reach == CLOSED
        assert reach(ordered, TCP, 22, deny_wins=False).reach == UNCLEAR


def test_names_are_of_what_is_enough_alone_or_of_all_that_it_takes() -> None:
    office = allow("198.51.100.0/24", name="office")
    assert reach([office, allow(name="all")], TCP, 22, deny_wins=True).names == ("all",)
    both = [allow("8.0.0.0/9", name="a"), allow("8.128.0.0/9", name="b"), deny("198.51.100.0/24")]
    assert reach(both, TCP, 22, deny_wins=True).names == ("a", "b")
    assert reach([office], TCP, 22, deny_wins=True).names == ()


@pytest.mark.parametrize(
    ("expected", "given_rules"),
    [
        (OPEN, [allow(ports=PartialSet(ALL_PORTS))]),
        (OPEN, [allow(ports=port_span(1, 65_535))]),
        (OPEN, [allow(ports=port_span(0, 21)), allow(ports=port_span(23, 65_535))]),
        (OPEN, [allow(ports=port_span(1_024, 65_535))]),
        (OPEN, [allow(ports=PartialSet(ALL_PORTS), **ALL_UDP)]),
        (OPEN, [allow(ports=PartialSet(ALL_PORTS)), deny(port=22)]),
        (CLOSED, [allow(ports=port_span(1_025, 65_535))]),
        (CLOSED, [allow(ports=port_span(0, 32_767)), allow(ports=port_span(32_768, 65_535), **ALL_UDP)]),
        (CLOSED, [allow(ports=PartialSet(ALL_PORTS)), deny(ports=port_span(1, 2_000))]),
        (CLOSED, [allow("10.0.0.0/8", ports=PartialSet(ALL_PORTS))]),
        (CLOSED, [allow(sources=UNKNOWN)]),
        (UNCLEAR, [allow(sources=UNKNOWN, ports=PartialSet(ALL_PORTS))]),
        (UNCLEAR, [allow(ports=UNCLEAR_SET)]),
        (UNCLEAR, [allow(ports=port_span(0, 60_000)), allow(sources=UNKNOWN, ports=port_span(60_001, 65_535))]),
    ],
)
def test_every_port_is_nearly_all_of_them_by_one_protocol(expected: Reach, given_rules: list[Rule]) -> None:
    assert every_port(given_rules, deny_wins=True).reach == expected


def test_open_ports_are_counted_over_all_rules() -> None:
    found = open_ports([allow(), allow(ports=port_span(20, 23), name="more"), deny(port=21)], TCP, deny_wins=True)
    assert found.sure == Spans.of([(20, 20), (22, 23)])
    assert found.names == ("more", "allow")
    assert open_ports([allow()], UDP, deny_wins=True).may == Spans()


def test_more_than_can_be_looked_at_is_unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [allow(destinations=to(f"10.0.{n}.0/24"), ports=port_span(n, n + 9)) for n in range(30)]
    assert reach(many, TCP, 22, deny_wins=True).reach == OPEN
    monkeypatch.setattr(module, "MOST_WORK", 100)
    assert reach(many, TCP, 22, deny_wins=True).reach == UNCLEAR
    assert open_ports(many, TCP, deny_wins=True).may == ALL_PORTS


BYTE = st.integers(0, 255)
PUBLIC = [(network(f"{number}.0.0.0/8").v4 & PUBLIC_V4).size for number in range(256)]

# Properties ----------------------------------------------------------------------------------------------------------


def rank(given_rules: list[Rule], deny_wins: bool = True) -> int:
    return RANK.index(reach(given_rules, TCP, 22, deny_wins=deny_wins).reach)


lists = st.lists(rules(), max_size=5)


@on_any_machine
@given(lists, rules(), st.booleans())
def test_one_more_allow_never_closes(given_rules: list[Rule], more: Rule, deny_wins: bool) -> None:
    opened = replace(more, allows=True)
    assert rank([*given_rules, opened], deny_wins) >= rank(given_rules, deny_wins)


@on_any_machine
@given(lists, rules(), st.booleans())
def test_one_more_deny_never_opens(given_rules: list[Rule], more: Rule, deny_wins: bool) -> None:
    closed = replace(more, allows=False)
    assert rank([*given_rules, closed], deny_wins) <= rank(given_rules, deny_wins)


@on_any_machine
@given(lists, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_list_changes_nothing(given_rules: list[Rule], deny_wins: bool, random: Any) -> None:
    shuffled = [*given_rules]
    random.shuffle(shuffled)
    assert rank(shuffled, deny_wins) == rank(given_rules, deny_wins)


@on_any_machine
@given(lists, st.integers(0, 4), st.booleans())
def test_a_rule_in_two_parts_is_the_same_rule(given_rules: list[Rule], at: int, deny_wins: bool) -> None:
    split: list[Rule] = []
    for index, one in enumerate(given_rules):
        low = replace(one, sources=replace(one.sources, v4=one.sources.v4 & network(HALF).v4))
        high = replace(one, sources=replace(one.sources, v4=one.sources.v4 - network(HALF).v4))
        split += [low, high] if index == at else [one]
    assert rank(split, deny_wins) == rank(given_rules, deny_wins)


@on_any_machine
@given(st.lists(rules(certain=True), max_size=5), st.integers(0, 4), st.sampled_from(["sources", "action", "priority"]))
def test_forgetting_a_fact_makes_it_unclear_at_most(given_rules: list[Rule], at: int, what: str) -> None:
    """What was open may become unclear and never closed, and the other way round."""
    forgotten: list[Rule] = []
    for index, one in enumerate(given_rules):
        unread = {
            "sources": replace(one, sources=UNKNOWN),
            "action": replace(one, allows=None),
            "priority": replace(one, priority=None),
        }
        forgotten.append(unread[what] if index == at else one)
    before, after = rank(given_rules), rank(forgotten)
    assert after in (before, RANK.index(UNCLEAR))


eighths = st.lists(
    st.builds(lambda number, length: f"{number >> 8 - length << 8 - length}.0.0.0/{length}", BYTE, st.integers(0, 8)),
    max_size=4,
).map(networks)
plain_rules = st.builds(replace, rules(certain=True), sources=eighths)


@on_any_machine
@given(st.lists(plain_rules, max_size=5))
def test_it_is_what_packets_meet_one_by_one(given_rules: list[Rule]) -> None:
    """One packet from each /8 to each kind of destination, held against the rules as a cloud reads them."""
    ordered = sorted(given_rules, key=lambda one: (one.priority or 0, one.allows is not False))
    concerned = [one for one in ordered if one.ports.surely_has(22) and one.protocols.surely_has(TCP)]
    places = {0} | {
        edge for one in concerned for pair in one.destinations.addresses.v4.pairs for edge in (pair[0], pair[1] + 1)
    }

    def lets_in(sender: int, place: int, group: str) -> bool:
        for one in concerned:
            within = place in one.destinations.addresses.v4 or group in one.destinations.groups
            if within and sender in one.sources.v4:
                return bool(one.allows)
        return False

    most = max(
        sum(PUBLIC[number] for number in range(256) if lets_in(number << 24, place, group))
        for place in places
        if place < 2**32
        for group in ("", "a", "b")
    )
    found = reach(given_rules, TCP, 22, deny_wins=True).reach
    assert found == (OPEN if most >= INTERNET_V4 else CLOSED)
