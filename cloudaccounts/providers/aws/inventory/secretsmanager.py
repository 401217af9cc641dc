"""Secrets Manager in one region: which secrets there are and who may read them, never what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, each, paged, tags

THREADS = 4  # secrets read at once: each takes a small call


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("secretsmanager", scope.region)
    secrets = paged(client, "list_secrets", "SecretList")
    yield from each(partial(_secret, scope, client), secrets, threads=THREADS)


def _secret(scope: Scope, client: Any, item: Any) -> Asset:
    properties = Properties(scope.connection)
    properties.values |= {
        "rotation": item.get("RotationEnabled", False),  # left out of secrets that were never rotated
        "rotation_days": item.get("RotationRules", {}).get("AutomaticallyAfterDays"),
        "kms_key_id": item.get("KmsKeyId"),
        "owning_service": item.get("OwningService"),
        "primary_region": item.get("PrimaryRegion"),  # of secrets that have copies in other regions, and of these
        "created_at": plain(item.get("CreatedDate")),
        "changed_at": plain(item.get("LastChangedDate")),
        "rotated_at": plain(item.get("LastRotatedDate")),
        OBSERVED: {"accessed_at": plain(item.get("LastAccessedDate"))},
    }
    properties.read(
        "policy",
        lambda: document(client.get_resource_policy(SecretId=item["ARN"]).get("ResourcePolicy")),
        permission="secretsmanager:GetResourcePolicy",
    )
    return asset(
        scope, "secretsmanager.secret", item["ARN"], item["Name"], properties.to_dict(), tags=tags(item.get("Tags"))
    )
