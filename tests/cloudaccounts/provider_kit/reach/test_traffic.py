"""Protocols and ports, as rules of firewalls name them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet
from cloudaccounts.provider_kit.reach.traffic import ALL_PROTOCOLS, TCP, UDP, port_span, ports, protocol
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine


@pytest.mark.parametrize(
    ("told", "number"),
    [("tcp", TCP), ("Tcp", TCP), ("6", TCP), ("UDP", UDP), ("17", UDP), ("icmp", 1), ("sctp", 132), ("0", 0)],
)
def test_a_protocol_is_a_name_or_a_number(told: str, number: int) -> None:
    assert protocol(told, everything="-1").sure.pairs == ((number, number),)


def test_each_cloud_has_its_own_word_for_all() -> None:
    for word in ("-1", "*", "all"):
        assert protocol(word.upper(), everything=word) == PartialSet(ALL_PROTOCOLS)
    assert protocol("*", everything="-1") == UNCLEAR


@pytest.mark.parametrize("told", ["quic", "", "256", "-2", "6.0", "٦", None, 6, ["tcp"]])
def test_an_unknown_protocol_may_be_any(told: object) -> None:
    assert protocol(told, everything="-1") == UNCLEAR


@pytest.mark.parametrize(
    ("told", "pairs"), [("22", ((22, 22),)), ("20-25", ((20, 25),)), ("0-65535", ((0, 65535),)), ("0", ((0, 0),))]
)
def test_ports_are_one_or_from_to(told: str, pairs: object) -> None:
    assert ports(told).sure.pairs == pairs


@pytest.mark.parametrize("told", ["*", "", "-", "22-", "-22", "25-20", "65536", "1-2-3", "ssh", "२२", None, 22])
def test_odd_ports_may_be_any(told: object) -> None:
    assert ports(told) == UNCLEAR


@on_any_machine
@given(st.integers(-2, 70_000), st.integers(-2, 70_000))
def test_numbers_of_ports_are_within_bounds(first: int, last: int) -> None:
    assert port_span(first, last).unclear != (0 <= first <= last <= 65_535)
    assert port_span(True, last) == port_span(first, None) == UNCLEAR
