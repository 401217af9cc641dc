"""What lies between the internet and an instance with a public address, in one region.

Groups, network ACLs and routes are read once, when the first such instance is met: regions without one cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, paged
from cloudaccounts.providers.aws.inventory.internet_block import InternetBlock
from cloudaccounts.providers.aws.inventory.prefix_lists import PrefixLists
from cloudaccounts.providers.aws.inventory.rules import acl_entries, group_rules, named_lists

_UNSURE = "?"
# Targets by which nothing comes in from the internet: botocore data/ec2, `Route`.
_INSIDE = (
    *("EgressOnlyInternetGatewayId", "NatGatewayId", "TransitGatewayId", "LocalGatewayId", "VpcPeeringConnectionId"),
    *("CoreNetworkArn", "OdbNetworkArn"),
)


class Exposure:
    def __init__(self, scope: Scope, client: Any) -> None:
        self._scope = scope
        self._client = client
        self._lists = PrefixLists(scope, client)
        self._block = InternetBlock(scope, client)
        self._own: set[str] = set()  # VPCs of the account, by their network ACLs: each VPC has one at least
        self._read: Properties | None = None
        self._lock = Lock()

    def add(self, properties: Properties, *, vpc: str, subnets: Iterable[str], groups: Iterable[str]) -> None:
        """Adds ``ingress`` of all groups, ``acls`` of all subnets, ``routed``: by which versions of IP they lead
        outside ("4", "6"), and what blocks the internet above all of them.
        """
        with self._lock:
            known = self._read = self._read or self._all()
        properties.refused |= known.refused
        places = sorted(set(subnets))
        by_group, acls, routes = (known.values[name] for name in ("ingress", "acls", "routed"))
        # A group that is named and was not listed: what it allows is not known, so neither is the whole.
        rules = None if by_group is None else [by_group.get(group) for group in sorted(set(groups))]
        properties.values |= {
            "ingress": None if rules is None or None in rules else ordered(rule for part in rules for rule in part),
            "acls": None if acls is None else [acls.get(place) for place in places],
            "routed": None if routes is None else versions_of(routes, vpc, places),
        }
        self._lists.add_entries(properties, named_lists(properties.values["ingress"]))
        # That other subnets of its VPC are excluded opens nothing to this machine.
        own = True if vpc in self._own else None if acls is None else False
        self._block.add(properties, own=own, concerns=lambda name: name in (vpc, *places))

    def _all(self) -> Properties:
        read = Properties(self._scope.connection)
        read.read("ingress", self._groups, permission="ec2:DescribeSecurityGroups")
        read.read("acls", self._acls, permission="ec2:DescribeNetworkAcls")
        read.read("routed", self._routes, permission="ec2:DescribeRouteTables")
        return read

    def _groups(self) -> dict[str, Any]:
        groups = paged(self._client, "describe_security_groups", "SecurityGroups")
        return {group["GroupId"]: group_rules(group.get("IpPermissions")) for group in groups}

    def _acls(self) -> dict[str, Any]:
        """Incoming entries by subnet; AWS gives each subnet exactly one network ACL."""
        by_subnet: dict[str, Any] = {}
        for acl in paged(self._client, "describe_network_acls", "NetworkAcls"):
            if acl.get("OwnerId", self._scope.account_id) == self._scope.account_id:
                self._own.add(acl.get("VpcId", ""))
            entries = acl_entries(acl, egress=False)
            by_subnet |= {part["SubnetId"]: entries for part in acl.get("Associations", ()) if "SubnetId" in part}
        return by_subnet

    def _routes(self) -> dict[str, list[str]]:
        """The versions of IP for which an internet gateway is the way out, by subnet; by VPC for subnets that have no
        table of their own.

        https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
        """
        routed: dict[str, list[str]] = {}
        for table in paged(self._client, "describe_route_tables", "RouteTables"):
            if "Routes" not in table:  # each has the local one: without any, it is left out, as if it were not listed
                continue
            leads = sorted(set().union(*map(leads_outside, table["Routes"])))
            for association in table.get("Associations", ()):
                if association.get("Main"):
                    routed[table.get("VpcId", "")] = leads
                elif "SubnetId" in association:
                    routed[association["SubnetId"]] = leads
        return routed


def versions_of(routes: dict[str, list[str]], vpc: str, subnets: Iterable[str]) -> list[str] | None:
    """None where a subnet's table is not known: one without a table of its own uses the VPC's main one."""
    tables = [routes.get(subnet, routes.get(vpc)) for subnet in subnets]
    return None if None in tables else sorted({version for table in tables for version in table or ()})


def leads_outside(route: Any) -> set[str]:
    """The version of IP for which a route leads to the internet; "?" beside it where an appliance may stand in between.

    A route to an internet gateway counts whatever it is for: it may lead to a part of the internet only. Behind a
    firewall's endpoint (vpce-) or an appliance's interface may lie an internet gateway with a route table of its own:
    https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
    """
    gateway = str(route.get("GatewayId") or "")
    version = "6" if route.get("DestinationIpv6CidrBlock") else "4"
    # Endpoints of S3 and DynamoDB are routes for a prefix list, and lead to AWS alone.
    to_aws = gateway.startswith("vpce-") and route.get("DestinationPrefixListId")
    if route.get("State") == "blackhole" or to_aws or gateway == "local" or gateway.startswith("vgw-"):
        return set()
    if gateway.startswith("igw-"):
        return {version}
    # A target that is new may lead outside as well.
    return set() if any(route.get(name) for name in _INSIDE) else {version + _UNSURE}
