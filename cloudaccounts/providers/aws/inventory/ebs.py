"""Snapshots and images of the account in one region, and the region's default encryption of volumes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cloudaccounts.contract.inventory import OBSERVED, UNREADABLE, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import (
    Properties,
    Scope,
    asset,
    chain_lists,
    one_by_one,
    paged,
    unless_empty,
)
from cloudaccounts.providers.aws.inventory.ec2 import PAGE, resource

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import ImageTypeDef, SnapshotTypeDef


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ec2", scope.region)
    # First: the region's settings do not depend on any list.
    region = _region(scope, client)
    yield region
    images = paged(client, "describe_images", "Images", Owners=["self"], PaginationConfig=PAGE)
    yield from chain_lists(
        scope,
        {
            "ec2:DescribeSnapshots": _snapshots(scope, client, region),
            "ec2:DescribeImages": one_by_one(partial(_image, scope), images),
        },
    )


def _region(scope: Scope, client: EC2Client) -> Asset:
    """The account's settings in this region."""
    properties = Properties(scope.connection)
    properties.read(
        "ebs_encryption_by_default",
        lambda: client.get_ebs_encryption_by_default()["EbsEncryptionByDefault"],
        permission="ec2:GetEbsEncryptionByDefault",
    )
    properties.read(
        _SHARING,  # "block-all-sharing", "block-new-sharing" or "unblocked"
        lambda: client.get_snapshot_block_public_access_state().get("State"),
        permission="ec2:GetSnapshotBlockPublicAccessState",
    )
    properties.read(
        "image_sharing",  # "block-new-sharing" or "unblocked"
        lambda: client.get_image_block_public_access_state().get("ImageBlockPublicAccessState"),
        permission="ec2:GetImageBlockPublicAccessState",
    )
    properties.read(
        "metadata_defaults",
        lambda: plain(client.get_instance_metadata_defaults().get("AccountLevel") or {}),
        permission="ec2:GetInstanceMetadataDefaults",
    )
    return asset(scope, "account.region", scope.arn("ec2", "account-settings"), scope.region, properties.to_dict())


def _snapshots(scope: Scope, client: EC2Client, region: Asset) -> Iterator[Asset]:
    """Two lists instead of one call for each snapshot: all, and those that everybody may restore."""
    own = {"OwnerIds": ["self"], "PaginationConfig": PAGE}
    if (listed := unless_empty(paged(client, "describe_snapshots", "Snapshots", **own))) is None:
        return
    # RestorableByUserIds "all" lists public ones.
    public = Properties(scope.connection)
    public.read(
        "public",
        lambda: {item["SnapshotId"] for item in paged(client, "describe_snapshots", "Snapshots", **own, **_EVERYBODY)},
        permission="ec2:DescribeSnapshots",
    )
    own_ones = (item for item in listed if item.get("OwnerId", scope.account_id) == scope.account_id)
    yield from one_by_one(partial(_snapshot, scope, public, region), own_ones)


_EVERYBODY = {"RestorableByUserIds": ["all"]}
_SHARING = "snapshot_sharing"


def _snapshot(scope: Scope, public: Properties, region: Asset, snapshot: SnapshotTypeDef) -> Asset:
    refused = {**region.properties.get(UNREADABLE, {}), **public.refused}
    own = {name: code for name, code in refused.items() if name in ("public", _SHARING)}
    properties = Properties(scope.connection, refused=own)
    properties.values |= {
        "public": None if public.refused else snapshot["SnapshotId"] in public.values["public"],
        # The region's setting: it may override what the snapshot itself says.
        _SHARING: region.properties.get(_SHARING),
        "encrypted": snapshot.get("Encrypted"),
        "kms_key_id": snapshot.get("KmsKeyId"),
        "volume_id": snapshot.get("VolumeId"),
        "size_gib": snapshot.get("VolumeSize"),
        "description": snapshot.get("Description", ""),
        "started_at": plain(snapshot.get("StartTime")),
        OBSERVED: {"state": snapshot.get("State")},
    }
    return resource(scope, "snapshot", snapshot["SnapshotId"], snapshot, properties.to_dict())


def _image(scope: Scope, image: ImageTypeDef) -> Asset:
    properties = {
        "public": image.get("Public"),
        "created_at": image.get("CreationDate"),
        "platform": image.get("PlatformDetails"),
        # Instance stores have no Ebs part, and no encryption that could be set.
        "encrypted": all(
            device["Ebs"].get("Encrypted", False) for device in image.get("BlockDeviceMappings", ()) if "Ebs" in device
        ),
        OBSERVED: {"state": image.get("State")},
    }
    return resource(scope, "image", image["ImageId"], image, properties, name=image.get("Name", ""))
