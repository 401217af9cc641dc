"""KMS in one region: the customer's own keys. AWS's are recognised by their aliases, which saves a call for each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, each, paged, unless_empty

THREADS = 4  # keys read at once: each takes three small calls
_DESCRIBED = ("state", "spec", "usage", "origin", "multi_region", "description", "created_at", "enabled")


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("kms", scope.region)
    if (listed := unless_empty(paged(client, "list_keys", "Keys"))) is None:
        return
    aliases = Properties(scope.connection)
    aliases.read("aliases", lambda: _aliases(client), permission="kms:ListAliases")
    names: dict[str, list[str]] = aliases.values["aliases"] or {}
    # AWS gives every key that it manages an alias under alias/aws/, and customers cannot create one there.
    managed = {key for key, given in names.items() if any(name.startswith("alias/aws/") for name in given)}
    # AWS's own keys cannot be configured by the customer, so they are left out before any call about them.
    keys = (item for item in listed if item.get("KeyId") not in managed)
    yield from each(partial(_key, scope, client, names, aliases.refused), keys, threads=THREADS)


def _aliases(client: Any) -> dict[str, list[str]]:
    """By the key that they are for."""
    aliases: dict[str, list[str]] = {}
    for item in paged(client, "list_aliases", "Aliases"):
        if key := item.get("TargetKeyId"):
            aliases.setdefault(key, []).append(item.get("AliasName", ""))
    return aliases


def _key(scope: Scope, client: Any, aliases: dict[str, list[str]], refused: dict[str, str], item: Any) -> Asset | None:
    """None for a key of AWS's own that has no alias yet. A key whose policy refuses DescribeKey is told as unread."""
    identifier = item["KeyId"]
    properties = Properties(scope.connection, refused=dict(refused))
    properties.read(
        "key", lambda: _described(client, identifier), permission="kms:DescribeKey", names=("manager", *_DESCRIBED)
    )
    manager, enabled = properties.values.pop("manager"), properties.values.pop("enabled")
    described = properties.refused.pop("manager", "") == ""
    # `enabled` was read only for what follows; rules read `state`.
    properties.refused.pop("enabled", "")
    if manager == "AWS":
        return None
    names = sorted(aliases.get(identifier, ()))
    properties.values |= {"id": identifier, "aliases": None if "aliases" in refused else names, "rotation": None}
    rotates = properties.values["spec"] == "SYMMETRIC_DEFAULT" and properties.values["origin"] == "AWS_KMS"
    # Only these can be rotated automatically; of others GetKeyRotationStatus is an error.
    # https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    if not described:
        properties.refused["rotation"] = properties.refused["state"]
    elif rotates and enabled:
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
    return asset(scope, "kms.key", item["KeyArn"], name, properties.to_dict())


def _described(client: Any, identifier: str) -> dict[str, Any]:
    key = client.describe_key(KeyId=identifier)["KeyMetadata"]
    return {
        "manager": key.get("KeyManager"),
        "enabled": key.get("Enabled"),
        "state": key.get("KeyState"),
        "spec": key.get("KeySpec"),
        "usage": key.get("KeyUsage"),
        "origin": key.get("Origin"),
        "multi_region": key.get("MultiRegion", False),
        "description": key.get("Description", ""),
        "created_at": plain(key.get("CreationDate")),
    }
