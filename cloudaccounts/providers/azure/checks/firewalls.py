"""The firewall that a storage account, a key vault or a database server has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.posture import expect, failed, known, mappings, passed, text, unknown
from cloudaccounts.provider_kit.reach.addresses import UNKNOWN, Addresses, network, union
from cloudaccounts.provider_kit.reach.verdicts import evaluation


def public_network(asset: Asset) -> Evaluation | None:
    """What the switch for the public network decides alone; None where it is on, which is what leaving it out means.

    In a network security perimeter the perimeter's rules replace those of the resource, and these are not collected:
    https://learn.microsoft.com/azure/storage/common/storage-network-security-perimeter
    """
    switch = text(asset, "public_network_access").lower()
    if switch in ("", "enabled"):
        return None
    if switch == "disabled":
        return passed("The public network is switched off.")  # rules have no effect then, however wide they are
    if switch == "securedbyperimeter":
        return unknown("A network security perimeter decides who may connect, and its rules are not read.")
    return unknown("Whether the public network is on has a form that is not known here.")


def no_public_network(asset: Asset) -> Evaluation:
    """Whether the public network is off altogether, however narrow the rules are that it may have."""
    return public_network(asset) or failed("Its public network is on.")


def has_private_endpoint(asset: Asset) -> Evaluation:
    """One that was approved: others carry nothing. https://learn.microsoft.com/azure/private-link/"""
    known(asset, "private_endpoints")
    states = [str(endpoint.get("state")).lower() for endpoint in mappings(asset, "private_endpoints")]
    if "approved" not in states and any(state not in _NOT_CONNECTED for state in states):
        return unknown("A private endpoint has a state that is not known here.")
    return expect("approved" in states, "No private endpoint leads to it.", "A private endpoint leads to it.")


_NOT_CONNECTED = frozenset({"pending", "rejected", "disconnected"})


def of_networks(asset: Asset) -> Evaluation:
    """Of what denies all networks but those of a list, or allows all, which is the default.

    https://learn.microsoft.com/azure/storage/common/storage-network-security
    https://learn.microsoft.com/azure/key-vault/general/network-security
    """
    by_switch = public_network(asset)
    if by_switch is not None:
        return by_switch
    action = text(asset, "network_default_action").lower()
    # Left out, the default is Allow: pages of both services, above.
    if action in ("", "allow"):
        return failed("Every network may connect.")
    if action != "deny":
        return unknown("What happens to networks that it does not name has a form that is not known here.")
    rules = [*mappings(asset, "network_ip_rules"), *mappings(asset, "network_ipv6_rules")]
    return evaluation(
        union(map(_addresses, rules)).reach,
        "Its rules name networks as large as the internet.",
        "Only named networks may connect.",
        "A rule of its firewall has a form that is not known here.",
    )


def _addresses(rule: Mapping[str, Any]) -> Addresses:
    """Rules of storage accounts have an action, of which there is one; those of key vaults have none."""
    action = rule.get("action", "Allow")
    return network(rule.get("value")) if str(action).lower() == "allow" else UNKNOWN
