"""EC2's machines in one region: instances and volumes.

A unit separate from `vpc` and `ebs`: a machine can be stopped, or terminated together with its volumes, from within,
which no log of API calls records. So an incremental scan always reads the machines (see `change_probe`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import (
    Properties,
    Scope,
    asset,
    chain_lists,
    one_by_one,
    paged,
    tags,
)
from cloudaccounts.providers.aws.inventory.exposure import Exposure

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InstanceNetworkInterfaceTypeDef,
        InstanceTypeDef,
        PaginatorConfigTypeDef,
        VolumeTypeDef,
    )

PAGE: PaginatorConfigTypeDef = {"PageSize": 500}


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ec2", scope.region)
    volumes = paged(client, "describe_volumes", "Volumes", PaginationConfig=PAGE)
    yield from chain_lists(
        scope,
        {
            "ec2:DescribeVolumes": one_by_one(partial(_volume, scope), volumes),
            "ec2:DescribeInstances": instances(scope),
        },
    )


def instances(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ec2", scope.region)
    exposure = Exposure(scope, client)
    reservations = paged(client, "describe_instances", "Reservations", PaginationConfig=PAGE)
    listed = (item for reservation in reservations for item in reservation.get("Instances") or ())
    return one_by_one(partial(_instance, scope, exposure), listed)


def resource(
    scope: Scope, kind: str, identifier: str, item: Mapping[str, Any], properties: dict[str, Any], *, name: str = ""
) -> Asset:
    """``kind`` is as in the ARN (``security-group``); types have underscores. A tag goes before ``name``."""
    resource_tags = tags(item.get("Tags"))
    return asset(
        scope,
        f"ec2.{kind.replace('-', '_')}",
        scope.arn("ec2", f"{kind}/{identifier}"),
        resource_tags.get("Name") or name or identifier,
        {"id": identifier, **properties},
        tags=resource_tags,
    )


def _volume(scope: Scope, volume: VolumeTypeDef) -> Asset:
    properties = {
        "encrypted": volume.get("Encrypted"),
        "kms_key_id": volume.get("KmsKeyId"),
        "size_gib": volume.get("Size"),
        "volume_type": volume.get("VolumeType"),
        "availability_zone": volume.get("AvailabilityZone"),
        "snapshot_id": volume.get("SnapshotId") or None,
        "attached_to": sorted(item["InstanceId"] for item in volume.get("Attachments", ()) if "InstanceId" in item),
        "created_at": plain(volume.get("CreateTime")),
        OBSERVED: {"state": volume.get("State")},  # follows from attached_to, or is changed by AWS
    }
    return resource(scope, "volume", volume["VolumeId"], volume, properties)


def _instance(scope: Scope, exposure: Exposure, instance: InstanceTypeDef) -> Asset:
    metadata = instance.get("MetadataOptions", {})
    interfaces = outward(instance)
    properties = Properties(scope.connection)
    properties.values |= {
        "state": instance.get("State", {}).get("Name"),
        "instance_type": instance.get("InstanceType"),
        "image_id": instance.get("ImageId"),
        "availability_zone": instance.get("Placement", {}).get("AvailabilityZone"),
        "vpc_id": instance.get("VpcId"),
        "subnet_id": instance.get("SubnetId"),
        "public_ip": instance.get("PublicIpAddress"),
        "private_ip": instance.get("PrivateIpAddress"),
        "security_groups": sorted(group.get("GroupId", "") for group in instance.get("SecurityGroups", ())),
        "volumes": sorted(
            volume
            for device in instance.get("BlockDeviceMappings", ())
            if (volume := device.get("Ebs", {}).get("VolumeId"))
        ),
        "instance_profile": instance.get("IamInstanceProfile", {}).get("Arn"),
        "metadata_tokens": metadata.get("HttpTokens"),  # "required" means IMDSv2 only (CIS AWS 5.6)
        "metadata_endpoint": metadata.get("HttpEndpoint"),
        "monitoring": instance.get("Monitoring", {}).get("State"),
        "key_name": instance.get("KeyName"),
        "platform": instance.get("PlatformDetails"),
        "launched_at": plain(instance.get("LaunchTime")),
        "public_addresses": public_addresses(instance),
    }
    # Without a public address nothing of the way in is read: nobody outside could use it.
    if properties.values["public_addresses"]:
        exposure.add(
            properties,
            vpc=instance.get("VpcId", ""),
            subnets=[part["SubnetId"] for part in interfaces if "SubnetId" in part] or [instance.get("SubnetId", "")],
            # One without its id is not among those that were listed: then what they allow is not known.
            groups=[group.get("GroupId", "") for part in interfaces for group in part.get("Groups", ())]
            or [group.get("GroupId", "") for group in instance.get("SecurityGroups", ())],
        )
    return resource(scope, "instance", instance["InstanceId"], instance, properties.to_dict())


def public_addresses(instance: InstanceTypeDef) -> list[str]:
    """Of the instance and of all its network interfaces."""
    addresses = {instance.get("PublicIpAddress"), instance.get("Ipv6Address")}
    for interface in instance.get("NetworkInterfaces", ()):
        addresses |= _addresses_of(interface)
    return sorted(address for address in addresses if address and not _is_private(address))


def outward(instance: InstanceTypeDef) -> list[InstanceNetworkInterfaceTypeDef]:
    """The network interfaces that have a public address: by the others nobody comes in from outside. All of them where
    only the instance itself tells one.
    """
    interfaces = list(instance.get("NetworkInterfaces", ()))
    public = [part for part in interfaces if any(one and not _is_private(one) for one in _addresses_of(part))]
    return public or interfaces


def _addresses_of(interface: InstanceNetworkInterfaceTypeDef) -> set[str | None]:
    """Those that may be public: every address of IPv6 is one, but for private ones, as far as routes lead to it."""
    return {
        interface.get("Association", {}).get("PublicIp"),
        *(address.get("Association", {}).get("PublicIp") for address in interface.get("PrivateIpAddresses", ())),
        *(address.get("Ipv6Address") for address in interface.get("Ipv6Addresses", ())),
    }


def _is_private(address: str) -> bool:
    """Unique local addresses, which a VPC may have and no route of the internet leads to.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html#vpc-private-ipv6-addresses
    """
    return address.lower().startswith(("fc", "fd"))
