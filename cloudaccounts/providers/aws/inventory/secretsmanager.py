"""Secrets Manager in one region: which secrets there are, never what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Scope, asset, paged, tags


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("secretsmanager", scope.region)
    for item in paged(client, "list_secrets", "SecretList"):
        yield _secret(scope, item)


def _secret(scope: Scope, item: Any) -> Asset:
    properties = {
        "rotation": item.get("RotationEnabled", False),
        "rotation_days": item.get("RotationRules", {}).get("AutomaticallyAfterDays"),
        "kms_key_id": item.get("KmsKeyId"),
        "owning_service": item.get("OwningService"),
        "created_at": plain(item.get("CreatedDate")),
        "changed_at": plain(item.get("LastChangedDate")),
        "rotated_at": plain(item.get("LastRotatedDate")),
        OBSERVED: {"accessed_at": plain(item.get("LastAccessedDate"))},
    }
    return asset(scope, "secretsmanager.secret", item["ARN"], item["Name"], properties, tags=tags(item.get("Tags")))
