"""Key vaults."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, flags
from tests.cloudaccounts.providers.azure.cases.storage import NETWORKS, NO_PUBLIC_NETWORK, PRIVATE

EXPORT = {"name": "audit", "to": ["workspaceId"], "logs": ["AuditEvent"]}
FAR = 4_102_444_800


def key(expires: int | None = FAR, rotates: bool | None = True, enabled: bool | None = True) -> dict[str, Any]:
    return {"name": "orders", "enabled": enabled, "expires": expires, "rotates": rotates}


def expiry(kind: str, by_roles: bool) -> Cases:
    usual = {"rbac_authorization": by_roles}
    return Cases(
        (
            {**usual, kind: [key()]},
            {**usual, kind: [key(), key(None, enabled=False)]},
            {**usual, kind: [key(1), key(FAR)]},
        ),
        ({**usual, kind: [key(None)]}, {**usual, kind: [key(), key(None)]}, {**usual, kind: [key(None), key(None)]}),
        (
            {**usual, kind: []},
            {**usual, kind: [key(None, enabled=False)]},
            {"rbac_authorization": not by_roles, kind: [key(None)]},
        ),
        (
            {"rbac_authorization": None, kind: [key(None)]},
            {**usual, kind: [key(None, enabled=None)]},
            {**usual, kind: None},
            {**usual, kind: "odd"},
        ),
    )


CASES = {
    "azure_keyvault_recoverable": Cases(
        (
            {"soft_delete": None, "purge_protection": True},
            {"soft_delete": True, "purge_protection": True},
            {"purge_protection": True},
        ),
        (
            {"soft_delete": True, "purge_protection": None},
            {"soft_delete": False, "purge_protection": True},
            {"soft_delete": None, "purge_protection": False},
        ),
        (),
        ({"soft_delete": "odd", "purge_protection": True}, {"purge_protection": "odd"}),
    ),
    "azure_keyvault_network_open": NETWORKS,
    "azure_keyvault_public_network": NO_PUBLIC_NETWORK,
    "azure_keyvault_private_endpoint": PRIVATE,
    "azure_keyvault_rbac": flags("rbac_authorization"),
    "azure_keyvault_logging": Cases(
        (
            {"log_exports": [EXPORT]},
            {"log_exports": [{**EXPORT, "logs": ["audit"]}]},
            {"log_exports": [{**EXPORT, "to": []}, {**EXPORT, "logs": ["allLogs"]}]},
        ),
        (
            {"log_exports": []},
            {"log_exports": [{**EXPORT, "to": []}]},
            {"log_exports": [{**EXPORT, "logs": ["AzurePolicyEvaluationDetails"]}]},
        ),
        (),
        ({"log_exports": "odd"}, {"log_exports": [{**EXPORT, "logs": "AuditEvent"}]}, {}),
    ),
    "azure_keyvault_key_rotation": Cases(
        (
            {"keys": [key()]},
            {"keys": [key(None), key()]},
            {"keys": [key(), key(rotates=False, enabled=False)]},
        ),
        (
            {"keys": [key(rotates=False)]},
            {"keys": [key(), key(rotates=False)]},
            {"keys": [key(rotates=None), key(rotates=False)]},
        ),
        ({"keys": []}, {"keys": [key(rotates=False, enabled=False)]}),
        ({"keys": [key(rotates=None)]}, {"keys": [key(), key(rotates=None)]}, {"keys": None}, {"keys": "odd"}),
    ),
    "azure_keyvault_key_expiry_rbac": expiry("keys", True),
    "azure_keyvault_key_expiry_policies": expiry("keys", False),
    "azure_keyvault_secret_expiry_rbac": expiry("secrets", True),
    "azure_keyvault_secret_expiry_policies": expiry("secrets", False),
}
