"""How much of the internet a set of addresses is, whatever it is spelled like."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.provider_kit.reach.addresses import (
    NOBODY,
    PUBLIC_V4,
    PUBLIC_V6,
    Addresses,
    Reach,
    between,
    network,
    networks,
)
from cloudaccounts.provider_kit.reach.spans import Spans
from tests.cloudaccounts.provider_kit.reach.strategies import cidrs, halves, odd, on_any_machine, v4, v6

OPEN, CLOSED, UNCLEAR = Reach.OPEN, Reach.CLOSED, Reach.UNCLEAR
EACH_8 = [f"{number}.0.0.0/8" for number in range(256)]
ZERO = "0.0.0.0"  # noqa: S104 # no address to listen on


def without(cidr: str, *holes: str) -> list[str]:
    left = [ip_network(cidr)]
    for hole in map(ip_network, holes):
        left = [
            part
            for one in left
            for part in (one.address_exclude(hole) if hole.subnet_of(one) else [one])  # type: ignore[arg-type] # one version
        ]
    return [str(one) for one in left]


@pytest.mark.parametrize(
    ("told", "reach"),
    [
        (["0.0.0.0/0"], OPEN),
        (["::/0"], OPEN),
        (["0.0.0.0/1", "128.0.0.0/1"], OPEN),
        (["128.0.0.0/1"], OPEN),
        (["0.0.0.0/5"], OPEN),
        (["1.2.3.4/0"], OPEN),
        (EACH_8, OPEN),
        (without("0.0.0.0/0", "203.0.113.7/32"), OPEN),
        ([part for number in range(256) for part in without(f"{number}.0.0.0/8", f"{number}.1.2.3/32")], OPEN),
        (["8.0.0.0/8"], OPEN),
        (["8.0.0.0/9", "8.128.0.0/9"], OPEN),
        (["8.0.0.0/9", "12.0.0.0/9"], OPEN),
        ([f"{number}.0.0.0/16" for number in range(11, 100)], CLOSED),
        (["8.0.0.0/9"], CLOSED),
        (without("8.0.0.0/8", "8.8.8.8/32"), CLOSED),
        (["2000::/3"], OPEN),
        (["::/1", "8000::/1"], OPEN),
        (["2a00:1450::/32"], OPEN),
        (["2a00:1450::/33"], CLOSED),
        (["2a00:1450::/33", "2a00:1450:8000::/33"], OPEN),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"], CLOSED),
        (["127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "0.0.0.0/8"], CLOSED),
        (["10.0.0.0/7"], OPEN),  # 11.0.0.0/8 is assigned, and no private network
        (["fc00::/7", "fe80::/10", "ff00::/8", "::1", "2001:db8::/32"], CLOSED),
        (["198.51.100.0/24", "2001:db8:1::/48"], CLOSED),
        (["203.0.113.7", "0.0.0.0/32"], CLOSED),
        ([], CLOSED),
        (["everywhere"], UNCLEAR),
        (["198.51.100.0/24", "10.0.0.0/33"], UNCLEAR),
        (["0.0.0.0/0", "everywhere"], OPEN),
        (["0.0.0.0/0.0.0.0"], UNCLEAR),
        (["1.2.3.0/0.0.0.255"], UNCLEAR),
        (["::ffff:0.0.0.0/96"], UNCLEAR),
        (["fe80::1%eth0"], UNCLEAR),
        ([" 10.0.0.0/8"], UNCLEAR),
        (["010.0.0.0/8"], UNCLEAR),
        ([7], UNCLEAR),
        ([None], UNCLEAR),
        ("0.0.0.0/0", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_a_set_is_the_internet_by_how_many_public_addresses_it_holds(told: object, reach: Reach) -> None:
    assert networks(told).reach == reach


@pytest.mark.parametrize(
    ("first", "last", "version", "reach"),
    [
        (ZERO, "255.255.255.255", 4, OPEN),
        ("0.0.0.1", "126.0.0.0", 4, OPEN),
        ("8.0.0.0", "8.255.255.255", 4, OPEN),
        ("8.0.0.1", "8.255.255.255", 4, CLOSED),
        ("10.0.0.0", "10.255.255.255", 4, CLOSED),
        (ZERO, ZERO, 4, CLOSED),
        ("203.0.113.1", "203.0.113.9", 4, CLOSED),
        ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6, OPEN),
        ("::ffff:0.0.0.0", "::ffff:255.255.255.255", 6, OPEN),
        ("0000:0000:0000:0000:0000:ffff:c0a8:00c6", "0000:0000:0000:0000:0000:ffff:c0a8:00c7", 6, CLOSED),
        ("2001:db8::1", "2001:db8::2", 6, CLOSED),
        ("255.255.255.255", ZERO, 4, UNCLEAR),
        ("::", "::9", 4, UNCLEAR),
        (ZERO, "255.255.255.255", 6, UNCLEAR),
        (ZERO, "::9", 4, UNCLEAR),
        ("", "", 4, UNCLEAR),
        (None, None, 4, UNCLEAR),
        (0, 2**32 - 1, 4, UNCLEAR),
    ],
)
def test_ranges_are_read_from_their_ends(first: object, last: object, version: int, reach: Reach) -> None:
    assert between(first, last, version=version).reach == reach


@on_any_machine
@given(cidrs, st.integers(0, 5))
def test_splitting_a_network_changes_nothing(told: list[str], at: int) -> None:
    split = [part for index, one in enumerate(told) for part in (halves(one) if index == at else [one])]
    assert networks(split) == networks(told)


@on_any_machine
@given(cidrs)
def test_the_order_and_repetitions_change_nothing(told: list[str]) -> None:
    assert networks([*reversed(told), *told]) == networks(told)


@on_any_machine
@given(st.lists(v4 | v6 | odd, max_size=5), v4 | v6 | odd)
def test_more_addresses_are_never_less_open(told: list[str], more: str) -> None:
    before, after = networks(told).reach, networks([*told, more]).reach
    rank = [CLOSED, UNCLEAR, OPEN]
    assert rank.index(before) <= rank.index(after)


@on_any_machine
@given(v4)
def test_a_range_is_the_network_that_it_spans(cidr: str) -> None:
    found = ip_network(cidr)
    assert between(str(found[0]), str(found[-1]), version=4) == network(cidr)


@on_any_machine
@given(st.text(max_size=20))
def test_any_text_is_a_network_or_unclear(told: str) -> None:
    found = network(told)
    assert found.unclear != bool(found.v4 or found.v6)


def test_nothing_is_closed() -> None:
    assert NOBODY.reach == CLOSED
    assert (NOBODY | Addresses(unclear=True)).reach == UNCLEAR


# The table of IANA's special registries that CPython keeps, at its entries' edges. Where ours is another, and why: of
# 192.0.0.0/24 older versions of Python hold a part alone, and what is reachable in it are two relays' addresses that
# nothing comes from; addresses of tunnels (Teredo, 6to4) stand for machines on the internet; other parts are small.
ELSEWISE = ("192.0.0.0/24", "2001::/23", "2002::/16")


def edges(kind: type[IPv4Address] | type[IPv6Address]) -> Iterator[IPv4Address | IPv6Address]:
    table = kind._constants  # type: ignore[union-attr] # CPython's, and no part of its interface
    for special in (*table._private_networks, *getattr(table, "_private_networks_exceptions", ())):
        first, last = int(special.network_address), int(special.broadcast_address)
        most = 2**special.max_prefixlen - 1
        yield from (
            kind(number) for number in {first, last, (first + last) // 2, max(first - 1, 0), min(last + 1, most)}
        )


@pytest.mark.parametrize(("kind", "public"), [(IPv4Address, PUBLIC_V4), (IPv6Address, PUBLIC_V6)])
def test_special_addresses_are_those_of_ianas_registries(kind: Any, public: Spans) -> None:
    others = [ip_network(cidr) for cidr in ELSEWISE]
    tried = 0
    for address in edges(kind):
        tried += 1
        is_public = any(first <= int(address) <= last for first, last in public.pairs)
        # Outside of 2000::/3 nothing is assigned yet, whatever is reserved there.
        assigned = kind is IPv4Address or address in ip_network("2000::/3")
        expected = address.is_global and not address.is_multicast and assigned
        assert is_public == expected or any(address in other for other in others), address
    assert tried > 40
