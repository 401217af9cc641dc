"""Sets of IP addresses in conditions: how much of the internet is let in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cloudaccounts.providers.aws.policy.answers import Answer

# S3 counts ranges broader than /8, and /32 of IPv6, as public ("The meaning of public"): here, all that is let in
# together, so that halves of the internet are no less than the whole.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
_MOST = {4: 2**24, 6: 2**96}
_BITS = {4: 32, 6: 128}
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

Ranges = list[tuple[int, int]]  # first and last, in order, apart from each other


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition on the address."""

    values: tuple[str, ...]
    allowed: bool  # IpAddress, or NotIpAddress


def leave_out_the_internet(asked: Iterable[Asked]) -> Answer:
    """Whether the addresses that fulfil all these conditions are few."""
    asked = list(asked)
    unsure = False
    left = {version: [(0, 2**bits - 1)] for version, bits in _BITS.items()}
    for one in asked:
        if one.allowed and "*" in one.values:
            continue  # no address, but meant as all of them
        found = _read(one.values)
        if found is None:
            unsure = True
            continue
        for version in _BITS:
            kept = found[version] if one.allowed else _others(found[version], version)
            left[version] = _both(left[version], kept)
    private = _read(_PRIVATE) or {}
    for version, most in _MOST.items():
        public = _both(left[version], _others(private[version], version))
        if sum(last - first + 1 for first, last in public) > most:
            return Answer.UNSURE if unsure else Answer.NO
    return Answer.YES


def _read(values: Iterable[str]) -> dict[int, Ranges] | None:
    """By version of the protocol; None where a value is no address."""
    found: dict[int, Ranges] = {4: [], 6: []}
    for value in values:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return None
        found[network.version].append((int(network.network_address), int(network.broadcast_address)))
    return {version: _joined(ranges) for version, ranges in found.items()}


def _joined(ranges: Ranges) -> Ranges:
    joined: Ranges = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _others(ranges: Ranges, version: int) -> Ranges:
    others: Ranges = []
    start = 0
    for first, last in ranges:
        if first > start:
            others.append((start, first - 1))
        start = last + 1
    end = 2 ** _BITS[version] - 1
    return [*others, (start, end)] if start <= end else others


def _both(one: Ranges, other: Ranges) -> Ranges:
    found = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return _joined([(first, last) for first, last in found if first <= last])
