"""Networks in one region: VPCs with their flow logs, subnets, security groups.

What another account shares with this one is left out: it is that account's, and so is the log of its changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, chain_lists, one_by_one, paged
from cloudaccounts.providers.aws.inventory.ec2 import PAGE, resource
from cloudaccounts.providers.aws.inventory.internet_block import InternetBlock
from cloudaccounts.providers.aws.inventory.prefix_lists import PrefixLists
from cloudaccounts.providers.aws.inventory.rules import acl_entries, group_rules, named_lists

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef, SubnetTypeDef, VpcTypeDef


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ec2", scope.region)
    lists = PrefixLists(scope, client)
    places = _Places(InternetBlock(scope, client))
    yield from chain_lists(
        scope,
        {
            "ec2:DescribeVpcs": _vpcs(scope, client, places),
            "ec2:DescribeSubnets": one_by_one(
                partial(_subnet, scope, places), _own(scope, client, "describe_subnets", "Subnets")
            ),
            "ec2:DescribeSecurityGroups": one_by_one(
                partial(_security_group, scope, lists, places),
                _own(scope, client, "describe_security_groups", "SecurityGroups"),
            ),
            "ec2:DescribeNetworkAcls": one_by_one(
                partial(_network_acl, scope, places), _own(scope, client, "describe_network_acls", "NetworkAcls")
            ),
        },
    )


@dataclass(slots=True)
class _Places:
    """What the lists before have told of the account's own networks, and what blocks the internet from them."""

    block: InternetBlock
    vpcs: set[str] = field(default_factory=set)
    listed: bool = False  # all of the VPCs
    subnets: dict[str, str] = field(default_factory=dict)  # the VPC of each

    def add_block(self, properties: Properties, vpc: str | None) -> None:
        # A subnet that was not listed may be in this VPC.
        self.block.add(
            properties,
            own=True if vpc in self.vpcs else False if self.listed else None,
            concerns=lambda name: vpc in (name, self.subnets.get(name, _of_any(name, vpc))),
        )


def _of_any(identifier: str, vpc: str | None) -> str | None:
    return vpc if identifier.startswith("subnet-") else None


def _own(scope: Scope, client: EC2Client, operation: str, key: str) -> Iterator[Any]:
    return (
        item
        for item in paged(client, operation, key, PaginationConfig=PAGE)
        if item.get("OwnerId", scope.account_id) == scope.account_id
    )


def _vpcs(scope: Scope, client: EC2Client, places: _Places) -> Iterator[Asset]:
    logs = Properties(scope.connection)
    # One list of all flow logs in the region, instead of one call for each network.
    logs.read("flow_logs", lambda: _flow_logs(client), permission="ec2:DescribeFlowLogs")
    yield from one_by_one(partial(_vpc, scope, places, logs), _own(scope, client, "describe_vpcs", "Vpcs"))
    places.listed = True


def _flow_logs(client: EC2Client) -> dict[str, list[Any]]:
    """By what they record: a VPC, a subnet or a network interface."""
    logs_by_resource: dict[str, list[Any]] = {}
    for log in paged(client, "describe_flow_logs", "FlowLogs"):
        facts = {
            "id": log.get("FlowLogId"),
            "traffic": log.get("TrafficType"),
            "status": log.get("FlowLogStatus"),
            "delivery": log.get("DeliverLogsStatus"),
            "destination": log.get("LogDestination") or log.get("LogGroupName"),
        }
        logs_by_resource.setdefault(log.get("ResourceId", ""), []).append(facts)
    return {resource_id: ordered(logs) for resource_id, logs in logs_by_resource.items()}


def _vpc(scope: Scope, places: _Places, logs: Properties, vpc: VpcTypeDef) -> Asset:
    places.vpcs.add(vpc["VpcId"])
    properties = Properties(scope.connection, refused=dict(logs.refused))
    properties.values |= {
        "cidr_block": vpc.get("CidrBlock"),
        "is_default": vpc.get("IsDefault"),
        # An empty list is a network without a log; None is one of which that is not known.
        "flow_logs": None if logs.refused else logs.values["flow_logs"].get(vpc["VpcId"], []),
    }
    return resource(scope, "vpc", vpc["VpcId"], vpc, properties.to_dict())


def _subnet(scope: Scope, places: _Places, subnet: SubnetTypeDef) -> Asset:
    places.subnets[subnet["SubnetId"]] = subnet.get("VpcId", "")
    properties = {
        "vpc_id": subnet.get("VpcId"),
        "cidr_block": subnet.get("CidrBlock"),
        "availability_zone": subnet.get("AvailabilityZone"),
        "public_ip_on_launch": subnet.get("MapPublicIpOnLaunch"),
    }
    return resource(scope, "subnet", subnet["SubnetId"], subnet, properties)


def _security_group(scope: Scope, lists: PrefixLists, places: _Places, group: SecurityGroupTypeDef) -> Asset:
    properties = Properties(scope.connection)
    properties.values |= {
        "group_name": group.get("GroupName"),
        "description": group.get("Description", ""),
        "vpc_id": group.get("VpcId"),
        "ingress": group_rules(group.get("IpPermissions")),
        "egress": group_rules(group.get("IpPermissionsEgress")),
    }
    # Of incoming rules alone, which is what rules about reach look at.
    lists.add_entries(properties, named_lists(properties.values["ingress"]))
    places.add_block(properties, group.get("VpcId"))
    name = group.get("GroupName", "")
    return resource(scope, "security-group", group["GroupId"], group, properties.to_dict(), name=name)


def _network_acl(scope: Scope, places: _Places, acl: Any) -> Asset:
    properties = Properties(scope.connection)
    properties.values |= {
        "vpc_id": acl.get("VpcId"),
        "is_default": acl.get("IsDefault"),
        "subnets": sorted(item.get("SubnetId", "") for item in acl.get("Associations", ())),
        "ingress": acl_entries(acl, egress=False),
        "egress": acl_entries(acl, egress=True),
    }
    places.add_block(properties, acl.get("VpcId"))
    return resource(scope, "network-acl", acl["NetworkAclId"], acl, properties.to_dict())
