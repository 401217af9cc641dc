"""Key vaults, with the dates of their keys and secrets. Names and dates only: values have no way out by these calls.

https://learn.microsoft.com/rest/api/keyvault/keyvault/keys/list and …/secrets/list: Resource Manager's own lists, so
that no access to the vault's data is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.detail import (
    DIAGNOSTICS,
    DIAGNOSTICS_TYPE,
    DIAGNOSTICS_VERSION,
    UNREAD,
    Child,
    Detail,
)


def keys(answers: Sequence[Any]) -> list[Any]:
    """``expires`` in seconds since 1970, None where the key has no end. ``rotates``: None where that was not read, or
    its policy does something that is not known here.
    """
    return ordered({**_dates(key), "rotates": None if UNREAD in key else _rotates(key)} for key in answers)


def secrets(answers: Sequence[Any]) -> list[Any]:
    return ordered(_dates(secret) for secret in answers)


def _dates(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": item.get("name"),
        "enabled": at(item, "properties.attributes.enabled"),
        "expires": at(item, "properties.attributes.exp"),
    }


def _rotates(key: Mapping[str, Any]) -> bool | None:
    """Azure omits a policy that is empty, as the type's specification says: it knows two actions, rotate and notify."""
    actions = at(key, "properties.rotationPolicy.lifetimeActions") or ()
    kinds = {str(at(action, "action.type")).lower() for action in actions}
    return True if "rotate" in kinds else None if kinds - {"notify"} else False


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.keyvault/vaults": Detail(
            "azure.keyvault.vault",
            {
                "rbac_authorization": "properties.enableRbacAuthorization",
                "soft_delete": "properties.enableSoftDelete",
                "soft_delete_days": "properties.softDeleteRetentionInDays",
                "purge_protection": "properties.enablePurgeProtection",
                "public_network_access": "properties.publicNetworkAccess",
                "network_default_action": "properties.networkAcls.defaultAction",
                "network_ip_rules": extract.sorted_list("properties.networkAcls.ipRules"),
                "private_endpoints": extract.private_endpoints,
                "enabled_for_deployment": "properties.enabledForDeployment",
                "access_policies": lambda answer: len(at(answer, "properties.accessPolicies") or ()),
            },
            (
                Child("log_exports", DIAGNOSTICS, DIAGNOSTICS_TYPE, extract.log_exports, version=DIAGNOSTICS_VERSION),
                # One by one, because the list leaves the rotation policy out.
                Child("keys", "keys", "Microsoft.KeyVault/vaults/keys", keys, one_by_one=True),
                Child("secrets", "secrets", "Microsoft.KeyVault/vaults/secrets", secrets),
            ),
        ),
    }
)
