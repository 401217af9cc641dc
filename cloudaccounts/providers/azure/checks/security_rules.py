"""The inbound rules of a network security group, as rules of reach.

Lower numbers come first, and the first rule that matches decides. No two rules of a direction have one number. Behind
them all, default rules let in the virtual network and Azure's load balancer and deny the rest, the internet with it:
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation
from cloudaccounts.provider_kit.evidence import record
from cloudaccounts.provider_kit.posture import known, mappings
from cloudaccounts.provider_kit.reach.addresses import EVERYBODY, NOBODY, UNKNOWN, Addresses, Reach, network, union
from cloudaccounts.provider_kit.reach.rules import ANYWHERE, Destinations, Rule
from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet, union_of_partial
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, ports, protocol
from cloudaccounts.provider_kit.reach.verdicts import evaluation

WHY_UNCLEAR = "a rule names addresses that Azure keeps, or has a form that is not known here."

# Security admin rules of Azure Virtual Network Manager come before every group: one that denies closes what the group
# opens, one that always allows opens what it closes. Those in force are asked for by a POST on each virtual network,
# `listNetworkManagerEffectiveSecurityAdminRules`, and the built-in Reader has `*/read` alone. That would read the
# configurations of a manager in the same subscription, and not which of them is at work: they are without effect until
# they are deployed to a region, which `networkManagers/listDeploymentStatus/action` tells, and a manager of a whole
# management group may lie in any other subscription. So the verdict is the group's, in whose words it is told, and the
# evidence of what is open names what was not read.
# https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins#the-order-of-evaluation,
# https://learn.microsoft.com/azure/virtual-network-manager/concept-deployments,
# https://learn.microsoft.com/azure/role-based-access-control/permissions/networking and
# https://learn.microsoft.com/powershell/module/az.network/get-aznetworkmanagereffectivesecurityadminrule
ADMIN_RULES = "virtual_network_manager_security_admin_rules"
_UNREAD = "not read: they come before the rules of the group"

# https://learn.microsoft.com/azure/virtual-network/service-tags-overview#available-service-tags. Internet is all that
# lies outside the virtual network, Azure's own addresses included. VirtualNetwork is the networks of one's own, on
# premises and peered ones with it. It can also hold a default route of one's own, by which the internet comes in by
# what that route leads to. The default rules of every group let that in as well: it is no matter of this group.
# AzureLoadBalancer is the host that probes. Every other tag is a list that Azure keeps; AzureCloud's is of machines
# that anybody may rent.
_SOURCE_TAGS: Mapping[str, Addresses] = MappingProxyType(
    {
        **dict.fromkeys(("*", "any", "internet"), EVERYBODY),
        **dict.fromkeys(("virtualnetwork", "azureloadbalancer"), NOBODY),
    }
)
# Addresses are translated before inbound rules are looked at, so that every destination is in the virtual network.
_DESTINATION_TAGS: Mapping[str, Addresses] = MappingProxyType(dict.fromkeys(("*", "any", "virtualnetwork"), EVERYBODY))
_DIRECTIONS: Mapping[str, bool] = MappingProxyType({"inbound": True, "outbound": False})
_ACCESS: Mapping[str, bool] = MappingProxyType({"allow": True, "deny": False})


def inbound(asset: Asset) -> list[Rule]:
    """Raises `UnknownFactError` where the rules were not read at all."""
    known(asset, "rules")
    by_direction = [(row, _word(row, "direction", _DIRECTIONS)) for row in mappings(asset, "rules")]
    return [_rule(row, is_inbound) for row, is_inbound in by_direction if is_inbound is not False]


def verdict(reach: Reach, open_reason: str, closed_reason: str, unclear_reason: str) -> Evaluation:
    if reach != Reach.CLOSED:
        record(ADMIN_RULES, _UNREAD)
    return evaluation(reach, open_reason, closed_reason, unclear_reason)


def _rule(row: Mapping[str, Any], is_inbound: bool | None) -> Rule:
    priority = row.get("priority")
    return Rule(
        name=str(row.get("name") or ""),
        allows=_word(row, "access", _ACCESS),
        priority=priority if isinstance(priority, int) and not isinstance(priority, bool) else None,
        sources=_addresses(row.get("sources"), _SOURCE_TAGS),
        destinations=_destinations(row),
        protocols=protocol(row.get("protocol"), everything="*"),
        ports=_ports(row.get("ports")),
        source_ports=_ports(row.get("source_ports", ["*"])),
        doubtful=is_inbound is None,
    )


def _word(row: Mapping[str, Any], name: str, meanings: Mapping[str, bool]) -> bool | None:
    """None for what is not known here."""
    word = row.get(name)
    return meanings.get(word.lower()) if isinstance(word, str) else None


def _addresses(values: Any, tags: Mapping[str, Addresses]) -> Addresses:
    """Of addresses and service tags. Application security groups are machines in the virtual network."""
    if not isinstance(values, list) or not values:
        return UNKNOWN  # a rule names at least one
    return union(_address(value, tags) for value in values)


def _address(value: Any, tags: Mapping[str, Addresses]) -> Addresses:
    if not isinstance(value, str):
        return UNKNOWN
    if _is_group(value):
        return NOBODY
    by_tag = tags.get(value.lower())
    return network(value) if by_tag is None else by_tag


def _destinations(row: Mapping[str, Any]) -> Destinations:
    """Anywhere for a row of before these were collected: every rule of Azure has them."""
    if "destinations" not in row:
        return ANYWHERE
    values = row["destinations"]
    groups = (
        {value for value in values if isinstance(value, str) and _is_group(value)} if isinstance(values, list) else ()
    )
    return Destinations(_addresses(values, _DESTINATION_TAGS), frozenset(groups))


def _is_group(value: str) -> bool:
    return value.startswith("/")


def _ports(values: Any) -> PartialSet:
    if not isinstance(values, list) or not values:
        return UNCLEAR
    return union_of_partial(PartialSet(ALL_PORTS) if value == "*" else ports(value) for value in values)
