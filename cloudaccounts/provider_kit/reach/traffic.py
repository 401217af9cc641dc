"""Protocols and ports as rules of firewalls name them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet, Spans

TCP, UDP = 6, 17
ALL_PROTOCOLS = Spans.of([(0, 255)])
ALL_PORTS = Spans.of([(0, 65_535)])
# https://www.iana.org/assignments/protocol-numbers/
_NUMBERS: Mapping[str, int] = MappingProxyType(
    {"icmp": 1, "ipip": 4, "tcp": TCP, "udp": UDP, "esp": 50, "ah": 51, "icmpv6": 58, "sctp": 132}
)
# From how many ports on a rule is one for every port: all but the 1,024 system ports
# (https://www.rfc-editor.org/rfc/rfc6335, section 6). Leaving out a few, or even all of these, leaves open whatever a
# service picks by itself.
EVERY_PORT = 65_536 - 1_024


def protocol(value: Any, *, everything: str) -> PartialSet:
    """A name or number, in any case; ``everything`` is the cloud's word for all. What is not known here is unclear."""
    if not isinstance(value, str):
        return UNCLEAR
    name = value.lower()
    if name == everything:
        return PartialSet(ALL_PROTOCOLS)
    # `isascii` as well, since `isdigit` is true of digits of other scripts, which no cloud writes.
    number = _NUMBERS.get(name, int(name) if name.isascii() and name.isdigit() and len(name) <= 3 else -1)
    return PartialSet(Spans.of([(number, number)])) if number in ALL_PROTOCOLS else UNCLEAR


def ports(value: Any) -> PartialSet:
    """Of ``22`` or ``20-25``; what is neither is unclear."""
    if not isinstance(value, str):
        return UNCLEAR
    first, dash, last = value.partition("-")
    if not all(_is_port(end) for end in ((first, last) if dash else (first,))):
        return UNCLEAR
    return port_span(int(first), int(last or first))


def port_span(first: Any, last: Any) -> PartialSet:
    """From one port to another, both within; unclear where these are not two ports in their order."""
    if isinstance(first, bool) or isinstance(last, bool) or not isinstance(first, int) or not isinstance(last, int):
        return UNCLEAR
    return PartialSet(Spans.of([(first, last)])) if 0 <= first <= last <= 65_535 else UNCLEAR


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5
