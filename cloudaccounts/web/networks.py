"""Whom tries are counted for: a client's address, or the network that one client has to itself."""

from __future__ import annotations

import ipaddress

UNKNOWN = "0.0.0.0"  # noqa: S104 # nosec B104 # no address to bind to: clients of a unix socket that nobody names
_OF_ONE_CLIENT = 64  # bits: what an IPv6 client gets at least, and may choose addresses from (RFC 6177)


def network_of(address: str) -> str:
    """An IPv4 address as it is, the first address of an IPv6 client's /64, `UNKNOWN` for anything else.

    Behind a unix socket whose proxy is not trusted there is no address. Then all clients share one count: a limit that
    holds for too many is better than one that holds for nobody.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    # A server that listens on IPv6 sees IPv4 clients as ::ffff:a.b.c.d: they are one address, and no network of 2^64.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), _OF_ONE_CLIENT), strict=False).network_address)
