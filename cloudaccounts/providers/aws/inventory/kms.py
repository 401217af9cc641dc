"""KMS in one region: the customer's own keys. AWS's are recognised by their aliases, which saves a call for each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, paged

THREADS = 4  # keys read at once: each takes three small calls


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("kms", scope.region)
    aliases: dict[str, list[str]] = {}
    for item in paged(client, "list_aliases", "Aliases"):
        if key := item.get("TargetKeyId"):
            aliases.setdefault(key, []).append(item["AliasName"])
    # AWS gives every key that it manages an alias under alias/aws/, and customers cannot create one there.
    managed = {key for key, names in aliases.items() if any(name.startswith("alias/aws/") for name in names)}
    keys = [item["KeyId"] for item in paged(client, "list_keys", "Keys") if item["KeyId"] not in managed]
    for key_asset in in_order(partial(_key, scope, client, aliases), keys, threads=THREADS):
        if key_asset is not None:
            yield key_asset


def _key(scope: Scope, client: Any, aliases: dict[str, list[str]], identifier: str) -> Asset | None:
    key = client.describe_key(KeyId=identifier)["KeyMetadata"]
    # Keys of AWS's that have no alias yet.
    if key.get("KeyManager") != "CUSTOMER":
        return None
    names = sorted(aliases.get(identifier, ()))
    properties = Properties(scope.connection)
    properties.values |= {
        "id": identifier,
        "aliases": names,
        "state": key.get("KeyState"),
        "spec": key.get("KeySpec"),
        "usage": key.get("KeyUsage"),
        "origin": key.get("Origin"),
        "multi_region": key.get("MultiRegion", False),
        "description": key.get("Description", ""),
        "created_at": plain(key.get("CreationDate")),
        "rotation": None,
    }
    # Only these can be rotated automatically; of others GetKeyRotationStatus is an error.
    # https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    if key.get("KeySpec") == "SYMMETRIC_DEFAULT" and key.get("Origin") == "AWS_KMS" and key.get("Enabled"):
        properties.read(
            "rotation",
            lambda: client.get_key_rotation_status(KeyId=identifier)["KeyRotationEnabled"],
            permission="kms:GetKeyRotationStatus",
        )
    properties.read(
        "policy",
        # A key has one policy, of this name: API reference of GetKeyPolicy.
        lambda: document(client.get_key_policy(KeyId=identifier, PolicyName="default").get("Policy")),
        permission="kms:GetKeyPolicy",
    )
    name = names[0].removeprefix("alias/") if names else identifier
    return asset(scope, "kms.key", key["Arn"], name, properties.to_dict())
