"""Addresses of both versions of IP, and how much of the internet is among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any

from cloudaccounts.provider_kit.reach.spans import NONE, Spans

# A set of sources counts as the internet from this many public addresses on, whatever its prefixes are.
#
# IPv4: a /8, the largest block that was ever assigned to one organization
# (https://www.iana.org/assignments/ipv4-address-space/). Whoever lets in as many addresses as that, in one piece or in
# many, has no list of the networks of their own. It is counted, and not looked for in one piece, because 0.0.0.0/0 less
# one address of each /8 holds no whole /8 and is the internet all the same.
# IPv6: a /32, the least that a provider is given for all of its customers together
# (https://www.ripe.net/publications/ipv6-info-centre/deployment-planning/obtain-and-register-ipv6).
INTERNET_V4 = 2**24
INTERNET_V6 = 2**96


def _spans(*cidrs: str) -> Spans:
    parsed = map(ip_network, cidrs)
    return Spans.of((int(part.network_address), int(part.broadcast_address)) for part in parsed)


WHOLE_V4 = _spans("0.0.0.0/0")
WHOLE_V6 = _spans("::/0")

# What no packet from the internet comes from: https://www.iana.org/assignments/iana-ipv4-special-registry/, and
# multicast (224.0.0.0/4, https://www.iana.org/assignments/ipv4-address-space/).
PUBLIC_V4 = WHOLE_V4 - _spans(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
)
# Global unicast (https://www.iana.org/assignments/ipv6-address-space/) less what is for documentation (RFC 3849 and RFC
# 9637). 6to4 and Teredo stay in it: their addresses stand for machines on the internet.
PUBLIC_V6 = _spans("2000::/3") - _spans("2001:db8::/32", "3fff::/20")
_MAPPED = _spans("::ffff:0:0/96")
_MAPPED_AT = _MAPPED.pairs[0][0]


class Reach(Enum):
    """Whether the internet gets through."""

    OPEN = "open"
    CLOSED = "closed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set as far as it is known. ``unclear``: any other address may be in it as well."""

    v4: Spans = NONE
    v6: Spans = NONE
    unclear: bool = False

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(self.v4 | other.v4, self.v6 | other.v6, self.unclear or other.unclear)

    @property
    def reach(self) -> Reach:
        """Of what all of these addresses may come to."""
        # Open goes before unclear: what is known is enough.
        if is_internet_v4(self.v4 & PUBLIC_V4) or is_internet_v6(self.v6 & PUBLIC_V6):
            return Reach.OPEN
        return Reach.UNCLEAR if self.unclear else Reach.CLOSED


NOBODY = Addresses()
EVERYBODY = Addresses(WHOLE_V4, WHOLE_V6)
EVERYBODY_V4 = Addresses(WHOLE_V4)
UNKNOWN = Addresses(unclear=True)


def is_internet_v4(public: Spans) -> bool:
    return public.size >= INTERNET_V4


def is_internet_v6(public: Spans) -> bool:
    return public.size >= INTERNET_V6


def network(value: Any) -> Addresses:
    """Of ``203.0.113.0/24``, ``2001:db8::/32`` or a single address. `UNKNOWN` for anything else.

    Bits behind the prefix are cut off, as the clouds do. A mask in place of the length, a zone, and IPv4 written as
    IPv6 are forms that no cloud writes: what they would mean there is not known.
    """
    if not isinstance(value, str):
        return UNKNOWN
    # `ip_network` would also take 10.0.0.0/255.0.0.0.
    address, slash, length = value.partition("/")
    if slash and not (length.isascii() and length.isdigit()):
        return UNKNOWN
    try:
        parsed = ip_network(value, strict=False)
    except ValueError:
        return UNKNOWN
    spans = Spans.of([(int(parsed.network_address), int(parsed.broadcast_address))])
    if parsed.version == 4:
        return Addresses(v4=spans)
    return UNKNOWN if "%" in address or not spans - _MAPPED else Addresses(v6=spans)


def networks(values: Any) -> Addresses:
    """The union of a list of networks. `UNKNOWN` for what is no list; what is wrong in one makes the whole unclear."""
    return union(map(network, values)) if isinstance(values, list | tuple) else UNKNOWN


def between(first: Any, last: Any, *, version: int) -> Addresses:
    """From one address to another, both within. `UNKNOWN` where these are not two of the version in their order.

    IPv4 written as IPv6 (``::ffff:203.0.113.7``) is IPv4, as in the IPv6 rules of Azure SQL:
    https://learn.microsoft.com/powershell/module/az.sql/new-azsqlserveripv6firewallrule
    """
    if not isinstance(first, str) or not isinstance(last, str):
        return UNKNOWN
    try:
        ends = ip_address(first), ip_address(last)
    except ValueError:
        return UNKNOWN
    start, end = map(int, ends)
    # A range that runs backwards is nothing that a cloud writes, so it is not turned round.
    if {end.version for end in ends} != {version} or start > end:
        return UNKNOWN
    spans = Spans.of([(start, end)])
    if version == 4:
        return Addresses(v4=spans)
    return Addresses(v6=spans) if spans - _MAPPED else Addresses(v4=Spans.of([(start - _MAPPED_AT, end - _MAPPED_AT)]))


def union(several: Iterable[Addresses]) -> Addresses:
    sets = list(several)
    return Addresses(
        Spans.of(pair for part in sets for pair in part.v4.pairs),
        Spans.of(pair for part in sets for pair in part.v6.pairs),
        any(part.unclear for part in sets),
    )
