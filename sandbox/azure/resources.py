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
            "allowCrossTenantReplication": not good,
            "defaultToOAuthAuthentication": good,
            "isHnsEnabled": False,
            "keyCreationTime": {"key1": "2024-05-02T09:14:31.2340000Z", "key2": "2024-05-02T09:14:31.2340000Z"},
            **({"keyPolicy": {"keyExpirationPeriodInDays": 90}} if good else {}),
            "privateEndpointConnections": [approved_endpoint(name, "Microsoft.Storage/storageAccounts")]
            if good
            else [],
            "publicNetworkAccess": "Disabled" if good else "Enabled",
            "networkAcls": {
                "bypass": "AzureServices" if good else "None",
                "defaultAction": "Deny" if good else "Allow",
                "ipRules": [],
            },
            "encryption": {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": good},
            "primaryEndpoints": {"blob": f"https://{name}.blob.core.windows.net/"},
        },
        location,
        group,
        sku="Standard_GZRS" if good else "Standard_LRS",
        more=(("kind", "StorageV2"),),
        children=(
            (
                "blobServices",
                "default",
                {
                    "deleteRetentionPolicy": {"enabled": good, **({"days": 14} if good else {})},
                    "containerDeleteRetentionPolicy": {"enabled": good, **({"days": 14} if good else {})},
                    "isVersioningEnabled": good,
                },
            ),
            (
                "fileServices",
                "default",
                {
                    "shareDeleteRetentionPolicy": {"enabled": good, **({"days": 14} if good else {})},
                    "protocolSettings": {
                        "smb": {"versions": "SMB3.1.1;", "channelEncryption": "AES-256-GCM;"} if good else {}
                    },
                },
            ),
        ),
    )


def approved_endpoint(name: str, owner: str) -> dict[str, Any]:
    """A connection of a private endpoint, as the resource that it leads to shows it. ``owner`` is that one's type."""
    group = "/subscriptions/s/resourceGroups/lake/providers"
    endpoint = f"{group}/Microsoft.Network/privateEndpoints/{name}"
    return {
        "id": f"{group}/{owner}/{name}/privateEndpointConnections/{name}",
        # Of vaults the id alone is told.
        **({} if "KeyVault" in owner else {"name": name, "type": f"{owner}/privateEndpointConnections"}),
        "properties": {
            "privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {"status": "Approved", "description": ""},
            "provisioningState": "Succeeded",
        },
    }


def export(name: str, categories: tuple[str, ...]) -> tuple[str, str, dict[str, Any]]:
    """A diagnostic setting as a child: logs that go to a workspace."""
    workspace = "/subscriptions/s/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/central"
    logs = [{"category": category, "enabled": True} for category in categories]
    properties = {"workspaceId": workspace, "logs": logs, "metrics": []}
    return "providers/Microsoft.Insights/diagnosticSettings", name, properties


def vault(name: str, *, group: str, good: bool = True, location: str = "westeurope", perimeter: bool = False) -> Item:
    """``perimeter``: a network security perimeter decides who reaches it."""
    public = "SecuredByPerimeter" if perimeter else "Disabled" if good else "Enabled"
    return Item(
        "Microsoft.KeyVault/vaults",
        name,
        {
            "provisioningState": "Succeeded",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": good,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90 if good else 7,
            # Azure does not take false here: where it is off, the property is left out.
            **({"enablePurgeProtection": True} if good else {}),
            "publicNetworkAccess": public,
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny" if good else "Allow"},
            "accessPolicies": [],
            "privateEndpointConnections": [approved_endpoint(name, "Microsoft.KeyVault/vaults")] if good else [],
            "vaultUri": f"https://{name}.vault.azure.net/",
        },
        location,
        group,
        children=(
            ("keys", "orders", key(good)),
            ("secrets", "api-token", {"attributes": {"enabled": True, **({"exp": _FAR} if good else {})}}),
            *((export("audit", ("AuditEvent",)),) if good else ()),
        ),
    )


_FAR = 4_102_444_800  # 2100-01-01


def key(good: bool) -> dict[str, Any]:
    """A key of a vault, with an end and a rotation where it is good. Azure leaves out a policy that is empty."""
    actions = [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "rotate"}}]
    return {
        "attributes": {"enabled": True, "created": 1_714_641_271, **({"exp": _FAR} if good else {})},
        "kty": "RSA",
        "keySize": 3072,
        **({"rotationPolicy": {"attributes": {"expiryTime": "P2Y"}, "lifetimeActions": actions}} if good else {}),
    }


def sql_server(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    rules: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("firewallRules", "office", {"startIpAddress": "203.0.113.10", "endIpAddress": "203.0.113.20"}),
    )
    if not good:
        # The whole internet, as people write it who want it to work at once.
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
            # From and to 0.0.0.0: services of Azure of all customers, and no address.
            *(() if good else (("firewallRules", "azure", {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}),)),
        ),
    )


def mysql(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    settings = {"require_secure_transport": "ON", "tls_version": "TLSv1.2,TLSv1.3"}
    if not good:
        settings = {"require_secure_transport": "OFF", "tls_version": "TLSv1,TLSv1.2"}
    everything = (("firewallRules", "all", {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}),)
    return Item(
        "Microsoft.DBforMySQL/flexibleServers",
        name,
        {
            "state": "Ready",
            "version": "8.4" if good else "5.7",
            "network": {"publicNetworkAccess": "Disabled" if good else "Enabled"},
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
            "highAvailability": {"mode": "Disabled"},
        },
        location,
        group,
        sku="Standard_D2ads_v5",
        children=(
            *(("configurations", key, {"value": value, "dataType": "Enumeration"}) for key, value in settings.items()),
            *(() if good else everything),
        ),
    )


def databricks(name: str, *, group: str, network: str, good: bool = True, location: str = "westeurope") -> Item:
    """``network`` is the id of a virtual network whose subnet default the clusters run in, where it is good."""
    own_network = {
        "customVirtualNetworkId": {"type": "String", "value": network},
        "customPublicSubnetName": {"type": "String", "value": "default"},
        "customPrivateSubnetName": {"type": "String", "value": "default"},
    }
    return Item(
        "Microsoft.Databricks/workspaces",
        name,
        {
            "provisioningState": "Succeeded",
            "parameters": {**(own_network if good else {}), "enableNoPublicIp": {"type": "Bool", "value": good}},
            "publicNetworkAccess": "Disabled" if good else "Enabled",
            "privateEndpointConnections": [approved_endpoint(name, "Microsoft.Databricks/workspaces")] if good else [],
        },
        location,
        group,
        sku="premium",
        children=(export("audit", ("clusters", "accounts")),) if good else (),
    )


def managed_instance(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.Sql/managedInstances",
        name,
        {
            "provisioningState": "Succeeded",
            "state": "Ready",
            "subnetId": "/subscriptions/s/resourceGroups/lake/providers/Microsoft.Network/virtualNetworks/n/subnets/mi",
            "minimalTlsVersion": "1.2" if good else "1.1",
            "publicDataEndpointEnabled": not good,
        },
        location,
        group,
        sku="GP_Gen5",
    )
