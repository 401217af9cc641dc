"""EC2 in one region: networks, security groups, volumes, instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract import Asset
from cloudaccounts.providers.aws.inventory.common import Scope, each, ordered, plain, tags

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InstanceTypeDef,
        PaginatorConfigTypeDef,
        SecurityGroupTypeDef,
        VolumeTypeDef,
        VpcTypeDef,
    )

PAGE: PaginatorConfigTypeDef = {"PageSize": 500}


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ec2", scope.region)
    vpcs = client.get_paginator("describe_vpcs").paginate(PaginationConfig=PAGE)
    groups = client.get_paginator("describe_security_groups").paginate(PaginationConfig=PAGE)
    volumes = client.get_paginator("describe_volumes").paginate(PaginationConfig=PAGE)
    reservations = client.get_paginator("describe_instances").paginate(PaginationConfig=PAGE)
    yield from each(
        scope,
        {
            "ec2:DescribeVpcs": (_vpc(scope, item) for page in vpcs for item in page["Vpcs"]),
            "ec2:DescribeSecurityGroups": (
                _security_group(scope, item) for page in groups for item in page["SecurityGroups"]
            ),
            "ec2:DescribeVolumes": (_volume(scope, item) for page in volumes for item in page["Volumes"]),
            "ec2:DescribeInstances": (
                _instance(scope, item)
                for page in reservations
                for reservation in page["Reservations"]
                for item in reservation["Instances"]
            ),
        },
    )


def _asset(scope: Scope, kind: str, identifier: str, item: Mapping[str, Any], properties: dict[str, Any]) -> Asset:
    """``kind`` is as in the ARN (``security-group``); types are written with underscores."""
    told = tags(item.get("Tags"))
    return Asset(
        type=f"aws.ec2.{kind.replace('-', '_')}",
        service="ec2",
        region=scope.region,
        native_id=scope.arn("ec2", f"{kind}/{identifier}"),
        name=told.get("Name") or item.get("GroupName") or identifier,
        tags=told,
        properties={"id": identifier, **properties},
    )


def _vpc(scope: Scope, vpc: VpcTypeDef) -> Asset:
    properties = {
        "cidr_block": vpc.get("CidrBlock"),
        "is_default": vpc.get("IsDefault", False),
        "state": vpc.get("State"),
    }
    return _asset(scope, "vpc", vpc["VpcId"], vpc, properties)


def _security_group(scope: Scope, group: SecurityGroupTypeDef) -> Asset:
    properties = {
        "group_name": group["GroupName"],
        "description": group.get("Description", ""),
        "vpc_id": group.get("VpcId"),
        "ingress": _rules(group.get("IpPermissions", [])),
        "egress": _rules(group.get("IpPermissionsEgress", [])),
    }
    return _asset(scope, "security-group", group["GroupId"], group, properties)


def _rules(permissions: Any) -> list[dict[str, Any]]:
    """``protocol`` is "-1" for all; ports are None where the protocol has none."""
    return ordered(
        {
            "protocol": rule["IpProtocol"],
            "from_port": rule.get("FromPort"),
            "to_port": rule.get("ToPort"),
            "cidrs": sorted(item["CidrIp"] for item in rule.get("IpRanges", ())),
            "ipv6_cidrs": sorted(item["CidrIpv6"] for item in rule.get("Ipv6Ranges", ())),
            "prefix_lists": sorted(item["PrefixListId"] for item in rule.get("PrefixListIds", ())),
            "groups": sorted(item.get("GroupId", "") for item in rule.get("UserIdGroupPairs", ())),
        }
        for rule in permissions
    )


def _volume(scope: Scope, volume: VolumeTypeDef) -> Asset:
    properties = {
        "encrypted": volume.get("Encrypted", False),
        "kms_key_id": volume.get("KmsKeyId"),
        "size_gib": volume.get("Size"),
        "volume_type": volume.get("VolumeType"),
        "state": volume.get("State"),
        "availability_zone": volume.get("AvailabilityZone"),
        "snapshot_id": volume.get("SnapshotId") or None,
        "attached_to": sorted(item["InstanceId"] for item in volume.get("Attachments", ()) if "InstanceId" in item),
        "created_at": plain(volume.get("CreateTime")),
    }
    return _asset(scope, "volume", volume["VolumeId"], volume, properties)


def _instance(scope: Scope, instance: InstanceTypeDef) -> Asset:
    metadata = instance.get("MetadataOptions", {})
    properties = {
        "state": instance.get("State", {}).get("Name"),
        "instance_type": instance.get("InstanceType"),
        "image_id": instance.get("ImageId"),
        "availability_zone": instance.get("Placement", {}).get("AvailabilityZone"),
        "vpc_id": instance.get("VpcId"),
        "subnet_id": instance.get("SubnetId"),
        "public_ip": instance.get("PublicIpAddress"),
        "private_ip": instance.get("PrivateIpAddress"),
        "security_groups": sorted(group["GroupId"] for group in instance.get("SecurityGroups", ())),
        "volumes": sorted(
            device["Ebs"]["VolumeId"] for device in instance.get("BlockDeviceMappings", ()) if "Ebs" in device
        ),
        "instance_profile": instance.get("IamInstanceProfile", {}).get("Arn"),
        "metadata_tokens": metadata.get("HttpTokens"),  # "required" means IMDSv2 only (CIS AWS 5.6)
        "metadata_endpoint": metadata.get("HttpEndpoint"),
        "monitoring": instance.get("Monitoring", {}).get("State"),
        "key_name": instance.get("KeyName"),
        "platform": instance.get("PlatformDetails"),
        "launched_at": plain(instance.get("LaunchTime")),
    }
    return _asset(scope, "instance", instance["InstanceId"], instance, properties)
