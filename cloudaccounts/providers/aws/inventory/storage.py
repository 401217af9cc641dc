"""EFS file systems and DynamoDB tables in one region."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, each, one_by_one, paged, tags

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS = 4  # tables read at once: each takes two small calls
_TABLE_FACTS = ("encryption", "kms_key_id", "billing", "deletion_protection", "created_at", OBSERVED)


def efs(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("efs", scope.region)
    yield from one_by_one(partial(_file_system, scope), paged(client, "describe_file_systems", "FileSystems"))


def _file_system(scope: Scope, item: Any) -> Asset:
    identifier = item["FileSystemId"]
    properties = {
        "id": identifier,
        "encrypted": item.get("Encrypted"),
        "kms_key_id": item.get("KmsKeyId"),
        "performance": item.get("PerformanceMode"),
        "created_at": plain(item.get("CreationTime")),
        OBSERVED: {"state": item.get("LifeCycleState"), "bytes": item.get("SizeInBytes", {}).get("Value")},
    }
    arn = item.get("FileSystemArn") or scope.arn("elasticfilesystem", f"file-system/{identifier}")
    name = item.get("Name") or identifier
    return asset(scope, "efs.file_system", arn, name, properties, tags=tags(item.get("Tags")))


def dynamodb(scope: Scope) -> Iterator[Asset]:
    client: DynamoDBClient = scope.connection.client("dynamodb", scope.region)
    names = paged(client, "list_tables", "TableNames")
    yield from each(partial(_table, scope, client), names, threads=THREADS)


def _table(scope: Scope, client: DynamoDBClient, name: str) -> Asset:
    properties = Properties(scope.connection)
    properties.read(
        "table", lambda: _table_facts(client, name), permission="dynamodb:DescribeTable", names=_TABLE_FACTS
    )
    properties.read(
        "point_in_time_recovery", lambda: _recovery(client, name), permission="dynamodb:DescribeContinuousBackups"
    )
    return asset(scope, "dynamodb.table", scope.arn("dynamodb", f"table/{name}"), name, properties.to_dict())


def _table_facts(client: DynamoDBClient, name: str) -> dict[str, Any]:
    table = client.describe_table(TableName=name)["Table"]
    encryption = table.get("SSEDescription", {})
    return {
        # DynamoDB encrypts every table; without a description it is with a key that AWS owns.
        "encryption": encryption.get("SSEType") or "AWS_OWNED",
        "kms_key_id": encryption.get("KMSMasterKeyArn"),
        "billing": table.get("BillingModeSummary", {}).get("BillingMode") or "PROVISIONED",
        "deletion_protection": table.get("DeletionProtectionEnabled"),
        "created_at": plain(table.get("CreationDateTime")),
        OBSERVED: {
            "status": table.get("TableStatus"),
            "items": table.get("ItemCount"),
            "bytes": table.get("TableSizeBytes"),
        },
    }


def _recovery(client: DynamoDBClient, name: str) -> bool | None:
    """None where DynamoDB says nothing of it, or something new."""
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    status = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    return {"ENABLED": True, "DISABLED": False}.get(status or "")
