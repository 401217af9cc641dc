"""Networks and rules as hypothesis makes them up, for the tests of every module that is about reach."""

from __future__ import annotations

from ipaddress import ip_network

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cloudaccounts.provider_kit.reach.addresses import network, networks
from cloudaccounts.provider_kit.reach.rules import Destinations, Rule
from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, port_span, protocol

# How long an example takes depends on the machine.
on_any_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _cidr(address: int, length: int, bits: int) -> str:
    kept = address >> (bits - length) << (bits - length)
    return str(
        ip_network((kept, length)) if bits == 32 else ip_network((kept | 1 << 125, max(length, 3)), strict=False)
    )


v4 = st.builds(_cidr, st.integers(0, 2**32 - 1), st.integers(0, 16), st.just(32))
v6 = st.builds(_cidr, st.integers(0, 2**125 - 1), st.integers(3, 40), st.just(128))
cidrs = st.lists(v4 | v6, max_size=6)
odd = st.sampled_from(["", "everywhere", "AzureCloud", "0.0.0.0/33", "1.2.3.4/255.0.0.0", "::ffff:0:0/96", "fe80::1%1"])
told_sources = st.lists(v4 | v6 | odd, max_size=4).map(networks)
port_spans = st.just(PartialSet(ALL_PORTS)) | st.builds(
    lambda a, b: port_span(min(a, b), max(a, b)), *[st.integers(0, 65535)] * 2
)
destinations = st.just(Destinations()) | st.builds(
    Destinations, st.lists(v4, max_size=2).map(networks), st.frozensets(st.sampled_from("ab"), max_size=1)
)


@st.composite
def rules(draw: st.DrawFn, *, certain: bool = False) -> Rule:
    doubt = st.just(False) if certain else st.sampled_from([False, False, False, True])
    return Rule(
        name=draw(st.sampled_from("abcdef")),
        allows=draw(st.booleans() if certain else st.sampled_from([True, False, None])),
        priority=draw(st.integers(0, 3) if certain else st.integers(0, 3) | st.none()),
        sources=draw(cidrs.map(networks) if certain else told_sources),
        destinations=draw(destinations),
        protocols=draw(st.sampled_from([protocol(one, everything="*") for one in ("*", "tcp", "udp")])),
        ports=draw(port_spans if certain else port_spans | st.just(UNCLEAR)),
        doubtful=draw(doubt),
    )


def halves(cidr: str) -> list[str]:
    found = ip_network(cidr)
    return [cidr] if found.prefixlen == found.max_prefixlen else [str(one) for one in found.subnets()]


EVERYWHERE = network("0.0.0.0/0") | network("::/0")
