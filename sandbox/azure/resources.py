"""Storage, vaults and databases as Azure Resource Manager shows them, well or badly configured (`good`).

Properties are those of the types' REST specifications (https://github.com/Azure/azure-rest-api-specs). Networks and
machines are in `compute_resources`.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    """A resource; `kind` with its namespace. `children` are named below it: path and properties."""

    kind: str
    name: str
    properties: dict[str, Any]
    location: str = "westeurope"
    group: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    sku: str = ""
    more: tuple[tuple[str, Any], ...] = ()
    children: tuple[tuple[str, str, dict[str, Any]], ...] = ()  # type below, name, properties


def storage(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.Storage/storageAccounts",
        name,
        {
            "provisioningState": "Succeeded",
            "supportsHttpsTrafficOnly": good,
            "minimumTlsVersion": "TLS1_2" if good else "TLS1_0",
            "allowBlobPublicAccess": not good,
            "allowSharedKeyAccess": not good,
            "publicNetworkAccess": "Disabled" if good else "Enabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny" if good else "Allow", "ipRules": []},
            "encryption": {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": good},
            "primaryEndpoints": {"blob": f"https://{name}.blob.core.windows.net/"},
        },
        location,
        group,
        sku="Standard_ZRS" if good else "Standard_LRS",
        more=(("kind", "StorageV2"),),
        children=(
            (
                "blobServices",
                "default",
                {
                    "deleteRetentionPolicy": {"enabled": good, **({"days": 14} if good else {})},
                    "containerDeleteRetentionPolicy": {"enabled": good, **({"days": 14} if good else {})},
                },
            ),
        ),
    )


def export(name: str, categories: tuple[str, ...]) -> tuple[str, str, dict[str, Any]]:
    """A diagnostic setting as a child: logs that go to a workspace."""
    workspace = "/subscriptions/s/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/central"
    logs = [{"category": category, "enabled": True} for category in categories]
    properties = {"workspaceId": workspace, "logs": logs, "metrics": []}
    return "providers/Microsoft.Insights/diagnosticSettings", name, properties


def vault(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.KeyVault/vaults",
        name,
        {
            "provisioningState": "Succeeded",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": good,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90 if good else 7,
            **({"enablePurgeProtection": True} if good else {}),
            "publicNetworkAccess": "Disabled" if good else "Enabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny" if good else "Allow"},
            "accessPolicies": [],
            "vaultUri": f"https://{name}.vault.azure.net/",
        },
        location,
        group,
        children=(export("audit", ("AuditEvent",)),) if good else (),
    )


def sql_server(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    rules: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("firewallRules", "office", {"startIpAddress": "203.0.113.10", "endIpAddress": "203.0.113.20"}),
    )
    if not good:
        rules += (("firewallRules", "all", {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}),)
    if good:
        entra = {"administratorType": "ActiveDirectory", "login": "dba", "azureADOnlyAuthentication": True}
        rules += (("administrators", "ActiveDirectory", entra),)
    state = "Enabled" if good else "Disabled"
    audited = {"state": state, "retentionDays": 0, "isAzureMonitorTargetEnabled": good}
    rules += (("auditingSettings", "default", audited),)
    return Item(
        "Microsoft.Sql/servers",
        name,
        {
            "provisioningState": "Succeeded",
            "administratorLogin": "sqladmin",
            "version": "12.0",
            "state": "Ready",
            "minimalTlsVersion": "1.2" if good else "1.0",
            "publicNetworkAccess": "Disabled" if good else "Enabled",
            "administrators": None,  # shown only with $expand=administrators/activedirectory
        },
        location,
        group,
        more=(("kind", "v12.0"),),
        children=rules,
    )


def sql_database(server: str, name: str, *, group: str, encrypted: bool = True, location: str = "westeurope") -> Item:
    """Its name in lists is that of the server and its own; its id has `databases` between them."""
    state = "Enabled" if encrypted else "Disabled"
    return Item(
        "Microsoft.Sql/servers/databases",
        f"{server}/{name}",
        {"status": "Online", "collation": "SQL_Latin1_General_CP1_CI_AS"},
        location,
        group,
        sku="GP_Gen5",
        children=(("transparentDataEncryption", "current", {"state": state}),),
    )


def postgres(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.DBforPostgreSQL/flexibleServers",
        name,
        {
            "state": "Ready",
            "version": "16",
            "network": {"publicNetworkAccess": "Disabled" if good else "Enabled"},
            "authConfig": {"activeDirectoryAuth": "Disabled", "passwordAuth": "Enabled"},
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
            "highAvailability": {"mode": "Disabled"},
        },
        location,
        group,
        sku="Standard_D4ds_v5",
        children=(
            *(
                ("configurations", name, {"value": "on" if good else "off", "dataType": "Boolean"})
                for name in ("require_secure_transport", "log_connections", "log_checkpoints", "array_nulls")
            ),
            *(() if good else (("firewallRules", "azure", {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}),)),
        ),
    )
