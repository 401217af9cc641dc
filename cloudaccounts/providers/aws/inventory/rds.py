"""RDS in one region: database instances, clusters, and the snapshots that people made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, chain_permitted, paged, tags

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import DBClusterTypeDef, DBInstanceTypeDef, DBSnapshotTypeDef

THREADS = 4  # snapshots read at once: each takes a small call


def collect(scope: Scope) -> Iterator[Asset]:
    client: RDSClient = scope.connection.client("rds", scope.region)
    yield from chain_permitted(
        scope,
        {
            "rds:DescribeDBInstances": (
                _instance(scope, item) for item in paged(client, "describe_db_instances", "DBInstances")
            ),
            "rds:DescribeDBClusters": (
                _cluster(scope, item) for item in paged(client, "describe_db_clusters", "DBClusters")
            ),
            "rds:DescribeDBSnapshots": _snapshots(scope, client),
        },
    )


def _instance(scope: Scope, item: DBInstanceTypeDef) -> Asset:
    """What AWS changes on its own (version in the maintenance window, storage, zone) is under `OBSERVED`."""
    properties = {
        "engine": item.get("Engine"),
        "class": item.get("DBInstanceClass"),
        "cluster": item.get("DBClusterIdentifier"),
        "public": item.get("PubliclyAccessible", False),
        "encrypted": item.get("StorageEncrypted", False),
        "kms_key_id": item.get("KmsKeyId"),
        "backup_days": item.get("BackupRetentionPeriod", 0),
        "auto_minor_upgrade": item.get("AutoMinorVersionUpgrade", False),
        "deletion_protection": item.get("DeletionProtection", False),
        "multi_az": item.get("MultiAZ", False),
        "iam_authentication": item.get("IAMDatabaseAuthenticationEnabled", False),
        "security_groups": sorted(group.get("VpcSecurityGroupId", "") for group in item.get("VpcSecurityGroups", ())),
        "created_at": plain(item.get("InstanceCreateTime")),
        OBSERVED: {
            "status": item.get("DBInstanceStatus"),
            "engine_version": item.get("EngineVersion"),
            "storage_gib": item.get("AllocatedStorage"),
            "availability_zone": item.get("AvailabilityZone"),
        },
    }
    name = item["DBInstanceIdentifier"]
    return asset(scope, "rds.instance", item["DBInstanceArn"], name, properties, tags=tags(item.get("TagList")))


def _cluster(scope: Scope, item: DBClusterTypeDef) -> Asset:
    properties = {
        "engine": item.get("Engine"),
        "encrypted": item.get("StorageEncrypted", False),
        "kms_key_id": item.get("KmsKeyId"),
        "backup_days": item.get("BackupRetentionPeriod", 0),
        "deletion_protection": item.get("DeletionProtection", False),
        OBSERVED: {"status": item.get("Status"), "engine_version": item.get("EngineVersion")},
    }
    name = item["DBClusterIdentifier"]
    return asset(scope, "rds.cluster", item["DBClusterArn"], name, properties, tags=tags(item.get("TagList")))


def _snapshots(scope: Scope, client: RDSClient) -> Iterator[Asset]:
    """Only manual ones can be shared; automated ones come and go with the instance's backups."""
    items = paged(client, "describe_db_snapshots", "DBSnapshots", SnapshotType="manual")
    yield from in_order(partial(_snapshot, scope, client), items, threads=THREADS)


def _snapshot(scope: Scope, client: RDSClient, item: DBSnapshotTypeDef) -> Asset:
    name = item["DBSnapshotIdentifier"]
    properties = Properties(scope.connection)
    properties.values |= {
        "instance": item.get("DBInstanceIdentifier"),
        "engine": item.get("Engine"),
        "encrypted": item.get("Encrypted", False),
        "created_at": plain(item.get("SnapshotCreateTime")),
        OBSERVED: {"status": item.get("Status")},
    }
    properties.read("shared_with", lambda: _shared(client, name), permission="rds:DescribeDBSnapshotAttributes")
    return asset(
        scope, "rds.snapshot", item["DBSnapshotArn"], name, properties.to_dict(), tags=tags(item.get("TagList"))
    )


def _shared(client: RDSClient, name: str) -> list[str]:
    """Account ids that may restore it; "all" is everybody."""
    answer = client.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)["DBSnapshotAttributesResult"]
    return sorted(
        value
        for item in answer.get("DBSnapshotAttributes", ())
        if item.get("AttributeName") == "restore"
        for value in item.get("AttributeValues", ())
    )
