"""The incoming rules of a security group, as rules of reach, below what blocks the internet from its network.

Rules of security groups only allow, and their order means nothing:
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.posture import abridge, rows
from cloudaccounts.provider_kit.reach import verdicts
from cloudaccounts.provider_kit.reach.addresses import UNKNOWN, Addresses, Reach, networks, union
from cloudaccounts.provider_kit.reach.rules import Rule, reach
from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, TCP, UDP, port_span
from cloudaccounts.provider_kit.reach.traffic import protocol as protocol_of
from cloudaccounts.providers.aws.checks import internet_block

ENTRIES = "prefix_list_entries"
_SOURCES = ("cidrs", "ipv6_cidrs", "prefix_lists", "groups")


def rules(asset: Asset) -> list[Rule]:
    """Raises `UnknownFactError` where the rules were not read at all."""
    entries = asset.properties.get(ENTRIES)
    known = entries if isinstance(entries, Mapping) else {}
    return [
        Rule(
            name="",
            allows=True,
            sources=_sources(row, known),
            protocols=(protocols := protocol_of(row.get("protocol"), everything="-1")),
            ports=_ports(row, protocols),
        )
        for row in rows(asset, "ingress")
    ]


def is_open(asset: Asset, *protocols_and_ports: tuple[int, int]) -> Reach:
    """Whether the internet reaches any of these ports, each given with its protocol."""
    inbound = _below_block(asset)
    # `deny_wins` decides nothing here: rules of security groups only allow.
    results = {reach(inbound, protocol, port, deny_wins=True).reach for protocol, port in protocols_and_ports}
    return next((worst for worst in (Reach.OPEN, Reach.UNCLEAR) if worst in results), Reach.CLOSED)


def every_port_is_open(asset: Asset) -> Reach:
    return verdicts.every_port(_below_block(asset), deny_wins=True).reach


def _below_block(asset: Asset) -> list[Rule]:
    inbound = rules(asset)
    # Where no rule lets the internet in, it is not asked what stands above them.
    opened = union(rule.sources for rule in inbound).reach is not Reach.CLOSED
    return [*internet_block.above(asset), *inbound] if opened else inbound


def evaluation(asset: Asset, reached: Reach, failure: str, success: str) -> Evaluation:
    if reached is Reach.CLOSED and len(_below_block(asset)) > len(rules(asset)) and internet_block.blocked(asset):
        success = f"{success} {internet_block.KEPT_OUT}"
    return verdicts.evaluation(reached, failure, success, _why_unclear(asset))


def _sources(row: Mapping[str, Any], entries: Mapping[str, Any]) -> Addresses:
    """Of addresses and prefix lists. Other security groups stand for machines in the network, not for the internet."""
    if not any(row.get(name) for name in _SOURCES):
        return UNKNOWN  # every rule has a source: AWS did not tell it
    lists = row.get("prefix_lists", [])
    named = (
        union(networks(entries.get(name)) if isinstance(name, str) else UNKNOWN for name in lists)
        if isinstance(lists, list)
        else UNKNOWN
    )
    return networks(row.get("cidrs")) | networks(row.get("ipv6_cidrs")) | named


def _ports(row: Mapping[str, Any], protocols: PartialSet) -> PartialSet:
    """TCP and UDP have a range; every other number, and -1 for all, means all ports, whatever stands beside it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    """
    ports = port_span(row.get("from_port"), row.get("to_port"))
    if protocols.unclear:
        return ports | UNCLEAR
    only_one = protocols.sure.size == 1 and (protocols.surely_has(TCP) or protocols.surely_has(UDP))
    return ports if only_one else PartialSet(ALL_PORTS)


def _why_unclear(asset: Asset) -> str:
    entries = asset.properties.get(ENTRIES)
    known = entries if isinstance(entries, Mapping) else {}
    unread = [
        str(name)
        for row in rows(asset, "ingress")
        if isinstance(row.get("prefix_lists"), list)
        for name in row["prefix_lists"]
        # What is no list was refused: its reason stands under `UNREADABLE`.
        if not isinstance(known.get(name) if isinstance(name, str) else None, list)
    ]
    if not unread and internet_block.blocked(asset) is None:
        return internet_block.why_unknown(asset)
    if not unread:
        return "A rule has a form that is not known here."
    refused = asset.properties.get(UNREADABLE)
    code = refused.get(ENTRIES) if isinstance(refused, Mapping) else None
    because = f": {str(code).replace('_', ' ')}" if code else ""
    return f"The entries of {abridge(unread)} could not be read{because}."
