"""Where a channel may call: a vendor's own hosts, public hosts, and what the operator names in CHANNEL_HOSTS."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from cloudaccounts.notifications.outbound.addresses import is_public
from cloudaccounts.notifications.outbound.errors import DeliveryError, HostRefusedError

LONGEST = 2048  # characters of an address
# A name of the DNS, in ASCII, below a top-level domain: so no number in any notation (0x7f.1, 2130706433) is one.
_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\Z")
# Printable ASCII without what ends a line, a header or a part of an address.
_TARGET = re.compile(r"[!$&-;=?-Z_a-z~%@\[\]]*\Z")

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Address:
    """An address that may be called. ``trusted``: the operator named its host, so it may be private."""

    scheme: str
    host: str
    port: int
    target: str  # path and query
    trusted: bool
    vendor: bool  # one of the hosts that its kind knows

    @property
    def origin(self) -> str:
        usual = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")


def parse_address(text: str, *, vendor_hosts: Iterable[str] = ()) -> Address:
    """Reads an address without asking the network. Raises `HostRefusedError`.

    ``vendor_hosts``: only these may be called, or below them where one begins with ``*.``; none means any public host.
    """
    parts, port = _split(text)
    host = (parts.hostname or "").lower().rstrip(".")
    trusted = is_named_by_operator(host, port)
    vendor = matches(host, vendor_hosts)
    if not trusted:
        if parts.scheme != "https":
            raise HostRefusedError("The address must begin with https://.")
        if not _NAME.match(host):
            raise HostRefusedError("The address must name a host of the internet, and no number.")
        if port != 443:
            raise HostRefusedError("The address must have no port but 443.")
        if vendor_hosts and not vendor:
            raise HostRefusedError(f"{host} is none of this vendor's hosts: {', '.join(vendor_hosts)}.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, host, port, target, trusted, vendor)


def _split(text: str) -> tuple[SplitResult, int]:
    if len(text) > LONGEST:
        raise HostRefusedError(f"The address has more than {LONGEST} characters.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise HostRefusedError("This is no address.") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise HostRefusedError("The address must look like https://hooks.example.com/path.")
    # "@" in front of the host hides the true one from whoever reads it, and names a password that we would store.
    if parts.username is not None or parts.password is not None:
        raise HostRefusedError("The address must hold no user name or password.")
    if not _TARGET.match(f"{parts.path}{parts.query}") or parts.fragment:
        raise HostRefusedError("The address holds characters that belong in none.")
    return parts, port or {"https": 443, "http": 80}[parts.scheme]


def is_named_by_operator(host: str, port: int) -> bool:
    """Whether CHANNEL_HOSTS names it, as ``host`` (any port) or ``host:port``."""
    named = {entry.lower() for entry in settings.CHANNEL_HOSTS}
    return host in named or f"{host}:{port}" in named


def matches(host: str, patterns: Iterable[str]) -> bool:
    return any(
        host.endswith(pattern[1:]) and host != pattern[2:] if pattern.startswith("*.") else host == pattern
        for pattern in patterns
    )


def pinned(address: Address, *, resolve: Resolve | None = None) -> str:
    """The one IP address that is called, looked up once. Raises `DeliveryError`.

    All that the name stands for must be public: a name with one public and one private address is how a receiver that
    checks the first and calls the second is led inside.
    """
    numbers = (resolve or look_up)(address.host, address.port)
    if not numbers:
        raise DeliveryError("host_unknown", f"{address.host} has no address.", "Correct the address of this channel.")
    if not address.trusted and not all(is_public(number) for number in numbers):
        raise HostRefusedError(f"{address.host} stands for an address that is not on the internet.")
    return numbers[0]


def look_up(host: str, port: int) -> list[str]:
    """IP addresses of a name, IPv4 first. Raises `DeliveryError`. Asks the network."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DeliveryError(
            "host_unknown",
            f"{host} has no address now.",
            "Correct the address of this channel, or wait until its name is found again.",
        ) from None
    return [str(entry[4][0]) for entry in sorted(entries, key=lambda entry: entry[0] != socket.AF_INET)]
