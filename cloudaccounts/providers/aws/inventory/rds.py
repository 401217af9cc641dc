"""Databases in one region: instances, clusters, and the snapshots that people made of both.

One API tells all of them: RDS, Aurora, DocumentDB and Neptune share it, and ``engine`` says which it is.
https://docs.aws.amazon.com/documentdb/latest/developerguide/api-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import (
    Properties,
    Scope,
    asset,
    chain_lists,
    each,
    one_by_one,
    paged,
    tags,
)

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import (
        DBClusterSnapshotTypeDef,
        DBClusterTypeDef,
        DBInstanceTypeDef,
        DBSnapshotTypeDef,
    )

THREADS = 4  # snapshots read at once: each takes a small call


def collect(scope: Scope) -> Iterator[Asset]:
    client: RDSClient = scope.connection.client("rds", scope.region)
    yield from chain_lists(
        scope,
        {
            # Each list has a permission of its own, and losing one must not cost the others: with DescribeDBClusters
            # alone denied, a scan once lost all instances that it had read.
            "rds:DescribeDBInstances": one_by_one(
                partial(_instance, scope), paged(client, "describe_db_instances", "DBInstances")
            ),
            "rds:DescribeDBClusters": one_by_one(
                partial(_cluster, scope), paged(client, "describe_db_clusters", "DBClusters")
            ),
            "rds:DescribeDBSnapshots": _snapshots(scope, client),
            "rds:DescribeDBClusterSnapshots": _cluster_snapshots(scope, client),
        },
    )


def _instance(scope: Scope, item: DBInstanceTypeDef) -> Asset:
    """What AWS changes on its own (version in the maintenance window, storage, zone) is under `OBSERVED`."""
    source = item.get("ReadReplicaSourceDBInstanceIdentifier") or item.get("ReadReplicaSourceDBClusterIdentifier")
    properties = {
        "engine": item.get("Engine"),
        "lifecycle_support": item.get("EngineLifecycleSupport"),
        "class": item.get("DBInstanceClass"),
        "cluster": item.get("DBClusterIdentifier"),
        "replica_of": source or None,
        "public": item.get("PubliclyAccessible"),
        "encrypted": item.get("StorageEncrypted"),
        "kms_key_id": item.get("KmsKeyId"),
        "backup_days": item.get("BackupRetentionPeriod"),
        "auto_minor_upgrade": item.get("AutoMinorVersionUpgrade"),
        "deletion_protection": item.get("DeletionProtection"),
        "multi_az": item.get("MultiAZ"),
        "iam_authentication": item.get("IAMDatabaseAuthenticationEnabled"),
        "security_groups": _security_groups(item.get("VpcSecurityGroups", ())),
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
        "engine_mode": item.get("EngineMode"),
        "lifecycle_support": item.get("EngineLifecycleSupport"),
        "replica_of": item.get("ReplicationSourceIdentifier") or None,
        "encrypted": item.get("StorageEncrypted"),
        "kms_key_id": item.get("KmsKeyId"),
        "backup_days": item.get("BackupRetentionPeriod"),
        "deletion_protection": item.get("DeletionProtection"),
        "multi_az": item.get("MultiAZ"),
        "iam_authentication": item.get("IAMDatabaseAuthenticationEnabled"),
        "members": len(item.get("DBClusterMembers", ())),
        "security_groups": _security_groups(item.get("VpcSecurityGroups", ())),
        "created_at": plain(item.get("ClusterCreateTime")),
        OBSERVED: {"status": item.get("Status"), "engine_version": item.get("EngineVersion")},
    }
    name = item["DBClusterIdentifier"]
    return asset(scope, "rds.cluster", item["DBClusterArn"], name, properties, tags=tags(item.get("TagList")))


def _security_groups(groups: Iterable[Any]) -> list[str]:
    return sorted(group.get("VpcSecurityGroupId", "") for group in groups)


def _snapshots(scope: Scope, client: RDSClient) -> Iterator[Asset]:
    """Only manual ones can be shared; automated ones come and go with the instance's backups."""
    items = paged(client, "describe_db_snapshots", "DBSnapshots", SnapshotType="manual")
    yield from each(partial(_snapshot, scope, client), items, threads=THREADS)


def _snapshot(scope: Scope, client: RDSClient, item: DBSnapshotTypeDef) -> Asset:
    name = item["DBSnapshotIdentifier"]

    def attributes() -> list[Any]:
        answer = client.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)
        return list(answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"])

    properties = Properties(scope.connection)
    properties.values |= {
        "instance": item.get("DBInstanceIdentifier"),
        "engine": item.get("Engine"),
        "encrypted": item.get("Encrypted"),
        "created_at": plain(item.get("SnapshotCreateTime")),
        OBSERVED: {"status": item.get("Status")},
    }
    properties.read("shared_with", _shared(attributes), permission="rds:DescribeDBSnapshotAttributes")
    return asset(
        scope, "rds.snapshot", item["DBSnapshotArn"], name, properties.to_dict(), tags=tags(item.get("TagList"))
    )


def _cluster_snapshots(scope: Scope, client: RDSClient) -> Iterator[Asset]:
    items = paged(client, "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual")
    yield from each(partial(_cluster_snapshot, scope, client), items, threads=THREADS)


def _cluster_snapshot(scope: Scope, client: RDSClient, item: DBClusterSnapshotTypeDef) -> Asset:
    name = item["DBClusterSnapshotIdentifier"]

    def attributes() -> list[Any]:
        answer = client.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=name)
        return list(answer["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"])

    properties = Properties(scope.connection)
    properties.values |= {
        "cluster": item.get("DBClusterIdentifier"),
        "engine": item.get("Engine"),
        "encrypted": item.get("StorageEncrypted"),
        "created_at": plain(item.get("SnapshotCreateTime")),
        OBSERVED: {"status": item.get("Status")},
    }
    properties.read("shared_with", _shared(attributes), permission="rds:DescribeDBClusterSnapshotAttributes")
    return asset(
        scope,
        "rds.cluster_snapshot",
        item["DBClusterSnapshotArn"],
        name,
        properties.to_dict(),
        tags=tags(item.get("TagList")),
    )


def _shared(attributes: Callable[[], list[Any]]) -> Callable[[], list[str]]:
    """Reads the account ids that may restore a snapshot; "all" is everybody.

    Without a default for what is missing: AWS tells an empty list of a snapshot that nobody else may restore.
    """
    return lambda: sorted(
        value for item in attributes() if item["AttributeName"] == "restore" for value in item["AttributeValues"]
    )
