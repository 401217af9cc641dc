"""The believable small company in Azure: its subscriptions, well and badly configured, and who may do what.

Names fit the simulated AWS: the same people run both. Properties are those of the types' REST specifications.
"""

from dataclasses import dataclass
from typing import Any

DATA_PLATFORM = "data-platform"
PAYMENTS = "payments-prod"
LEGACY = "legacy-reporting"
EXPERIMENTS = "old-experiments"
PARTNER = "partner-shop"
MANAGEMENT = "platform-management"
GOVERNMENT = "public-sector"
CHINA = "beijing-web"

MAIN = "Larkfield"
OTHER = "Harbour Goods"
TENANTS: dict[str, tuple[str, str]] = {  # name: cloud and domain
    MAIN: ("public", "larkfield.onmicrosoft.com"),
    OTHER: ("public", "harbourgoods.onmicrosoft.com"),
    "Larkfield Government": ("usgovernment", "larkfield.onmicrosoft.us"),
    "Larkfield China": ("china", "larkfield.partner.onmschina.cn"),
}

_ANYWHERE = "*"


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


@dataclass(frozen=True)
class Place:
    """A subscription and what is in it."""

    name: str
    tenant: str
    locations: tuple[str, ...]
    items: tuple[Item, ...] = ()
    state: str = "Enabled"
    tags: tuple[tuple[str, str], ...] = ()
    unregistered: tuple[str, ...] = ()
    beside: tuple[tuple[str, dict[str, Any]], ...] = ()  # below providers/ of the subscription itself, and properties
    alerts: tuple[str, ...] = ()  # operations that somebody is told of
    owners: tuple[str, ...] = ()  # people, beside the two that every subscription has


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


def firewall(name: str, rules: tuple[tuple[str, int, str], ...], *, group: str, location: str = "westeurope") -> Item:
    """A network security group; rules are name, port and source."""
    return Item(
        "Microsoft.Network/networkSecurityGroups",
        name,
        {
            "provisioningState": "Succeeded",
            "securityRules": [
                {
                    "name": rule,
                    "properties": {
                        "direction": "Inbound",
                        "access": "Allow",
                        "protocol": "Tcp",
                        "priority": 100 + 10 * index,
                        "sourceAddressPrefix": source,
                        "sourceAddressPrefixes": [],
                        "sourcePortRange": "*",
                        "destinationAddressPrefix": "*",
                        "destinationPortRange": str(port),
                        "destinationPortRanges": [],
                    },
                }
                for index, (rule, port, source) in enumerate(rules)
            ],
            "defaultSecurityRules": [],
        },
        location,
        group,
    )


def network(name: str, prefix: str, *, group: str, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.Network/virtualNetworks",
        name,
        {
            "provisioningState": "Succeeded",
            "addressSpace": {"addressPrefixes": [prefix]},
            "enableDdosProtection": False,
            "subnets": [{"name": "default", "properties": {"addressPrefix": prefix.replace("0.0/16", "0.0/24")}}],
        },
        location,
        group,
    )


def machine(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.Compute/virtualMachines",
        name,
        {
            "provisioningState": "Succeeded",
            "vmId": "00000000-0000-4000-8000-000000000000",
            "hardwareProfile": {"vmSize": "Standard_D4s_v5" if good else "Standard_A2_v2"},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
                "osDisk": {
                    "osType": "Linux",
                    "name": f"{name}-os",
                    "managedDisk": {"storageAccountType": "Premium_LRS"},
                },
                "dataDisks": [],
            },
            "osProfile": {"computerName": name, "linuxConfiguration": {"disablePasswordAuthentication": good}},
            "securityProfile": {"securityType": "TrustedLaunch", "encryptionAtHost": True} if good else {},
            "networkProfile": {"networkInterfaces": []},
        },
        location,
        group,
        tags=(("env", "prod"),),
    )


def disk(name: str, *, group: str, size: int, location: str = "westeurope", attached: str = "") -> Item:
    return Item(
        "Microsoft.Compute/disks",
        name,
        {
            "provisioningState": "Succeeded",
            "diskSizeGB": size,
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "networkAccessPolicy": "DenyAll" if attached else "AllowAll",
            "publicNetworkAccess": "Disabled" if attached else "Enabled",
            "diskState": "Attached" if attached else "Unattached",
        },
        location,
        group,
        sku="Premium_LRS",
        more=(("managedBy", attached),) if attached else (),
    )


def export(name: str, categories: tuple[str, ...]) -> tuple[str, str, dict[str, Any]]:
    """A diagnostic setting as a child: logs that go to a workspace."""
    workspace = "/subscriptions/s/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/central"
    logs = [{"category": one, "enabled": True} for one in categories]
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
            "administrators": None,  # told only with $expand=administrators/activedirectory
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


def web_app(name: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.Web/sites",
        name,
        {
            "state": "Running",
            "httpsOnly": good,
            "clientCertEnabled": False,
            "publicNetworkAccess": "Enabled",
            "enabledHostNames": [f"{name}.azurewebsites.net", f"{name}.scm.azurewebsites.net"],
            "siteConfig": None,
        },
        location,
        group,
        more=(("kind", "app,linux"), ("identity", {"type": "SystemAssigned"})) if good else (("kind", "app"),),
        children=(
            (
                "config",
                "web",
                {
                    "minTlsVersion": "1.2" if good else "1.0",
                    "ftpsState": "Disabled" if good else "AllAllowed",
                    "http20Enabled": good,
                    "remoteDebuggingEnabled": not good,
                    "alwaysOn": good,
                },
            ),
        ),
    )


def cluster(name: str, *, group: str, location: str = "westeurope") -> Item:
    return Item(
        "Microsoft.ContainerService/managedClusters",
        name,
        {
            "provisioningState": "Succeeded",
            "kubernetesVersion": "1.31",
            "enableRBAC": True,
            "disableLocalAccounts": False,
            "apiServerAccessProfile": {"enablePrivateCluster": False, "authorizedIPRanges": []},
            "networkProfile": {"networkPlugin": "azure", "networkPolicy": "cilium"},
            "aadProfile": {"managed": True, "enableAzureRBAC": True},
        },
        location,
        group,
        sku="Base",
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


def zone(name: str, *, group: str) -> Item:
    return Item("Microsoft.Network/dnszones", name, {"zoneType": "Public", "numberOfRecordSets": 12}, "global", group)


def alerts(name: str, *, group: str) -> Item:
    return Item(
        "microsoft.insights/actiongroups", name, {"enabled": True, "groupShortName": name[:12]}, "global", group
    )


def activity_alert(operation: str, scope: str) -> Item:
    """An alert on an operation anywhere in the subscription."""
    name = operation.replace("/", "-").lower()
    conditions = [
        {"field": "category", "equals": "Administrative"},
        {"field": "operationName", "equals": operation},
    ]
    actions = {"actionGroups": [{"actionGroupId": f"{scope}/resourceGroups/ops/providers/x/actionGroups/ops"}]}
    properties = {"enabled": True, "scopes": [scope], "condition": {"allOf": conditions}, "actions": actions}
    return Item("Microsoft.Insights/activityLogAlerts", name, properties, "global", "ops")


_WATCHED = (
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/publicIPAddresses/delete",
    "Microsoft.Security/securitySolutions/write",
    "Microsoft.Security/securitySolutions/delete",
    "Microsoft.Sql/servers/firewallRules/write",
    "Microsoft.Sql/servers/firewallRules/delete",
)
_EXPORTED = export("central", ("Administrative", "Security", "Alert", "Policy"))[2]
_PLANS = ("VirtualMachines", "SqlServers", "AppServices", "StorageAccounts", "KeyVaults", "Arm", "Containers")


def _plans(on: tuple[str, ...]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple(
        (f"Microsoft.Security/pricings/{name}", {"pricingTier": "Standard" if name in on else "Free"})
        for name in _PLANS
    )


_EUROPE = (
    "westeurope",
    "northeurope",
    "germanywestcentral",
    "swedencentral",
    "uksouth",
    "eastus",
    "eastus2",
    "westus2",
)

PLACES: tuple[Place, ...] = (
    Place(
        DATA_PLATFORM,
        MAIN,
        _EUROPE,
        (
            network("lake-net", "10.60.0.0/16", group="lake"),
            firewall("lake-web", (("https", 443, _ANYWHERE),), group="lake"),
            firewall("lake-bastion", (("ssh", 22, _ANYWHERE), ("rdp", 3389, "203.0.113.0/24")), group="lake"),
            machine("airflow-1", group="lake"),
            machine("airflow-2", group="lake"),
            machine("bastion", group="lake", good=False),
            disk("forgotten-restore", group="lake", size=512),
            storage("larkfieldraw", group="lake"),
            storage("larkfieldcurated", group="lake"),
            storage("larkfieldexports", group="lake", location="northeurope"),
            storage("larkfieldpublicdocs", group="docs", good=False, location="northeurope"),
            vault("larkfield-lake", group="lake"),
            sql_server("larkfield-warehouse", group="lake"),
            sql_database("larkfield-warehouse", "warehouse", group="lake"),
            cluster("lake-aks", group="lake"),
            zone("larkfield.example", group="docs"),
            alerts("data-on-call", group="lake"),
        ),
        tags=(("team", "data"), ("env", "prod")),
        unregistered=("Microsoft.DBforPostgreSQL",),
        beside=(
            ("Microsoft.Insights/diagnosticSettings/central", _EXPORTED),
            *_plans(_PLANS),
        ),
        alerts=_WATCHED,
    ),
    Place(
        PAYMENTS,
        MAIN,
        _EUROPE,
        (
            network("payments-net", "10.70.0.0/16", group="payments"),
            firewall("payments-web", (("https", 443, _ANYWHERE),), group="payments"),
            machine("payments-api-1", group="payments"),
            machine("payments-api-2", group="payments"),
            storage("larkfieldsettlements", group="payments"),
            storage("larkfieldreceipts", group="payments", good=False),
            vault("larkfield-payments", group="payments", good=False),
            postgres("larkfield-payments-db", group="payments", good=False),
            postgres("larkfield-ledger-db", group="payments"),
            web_app("larkfield-checkout", group="payments"),
        ),
        tags=(("team", "payments"), ("pci", "yes")),
        beside=_plans(("KeyVaults",)),
        alerts=_WATCHED[:2],
    ),
    Place(
        LEGACY,
        MAIN,
        _EUROPE,
        (
            firewall(
                "everything", (("ssh", 22, "0.0.0.0/0"), ("rdp", 3389, "Internet"), ("any", 1433, "*")), group="old"
            ),
            machine("report-server", group="old", good=False, location="westus2"),
            disk("dumps", group="old", size=1024, location="westus2"),
            storage("legacyreportdumps", group="old", good=False, location="westus2"),
            sql_server("legacy-reports", group="old", good=False),
            sql_database("legacy-reports", "reports", group="old", encrypted=False),
            web_app("legacy-reports", group="old", good=False),
            vault("legacy-secrets", group="old", good=False),
        ),
        beside=_plans(()),
        owners=("kim.aster", "lou.brand"),
    ),
    Place(EXPERIMENTS, MAIN, _EUROPE, (storage("oldexperiments", group="lab", good=False),), state="Disabled"),
    Place(MANAGEMENT, MAIN, _EUROPE, (storage("larkfieldplatform", group="logs"),)),
    Place(PARTNER, OTHER, _EUROPE, (storage("harbourshop", group="shop"),)),
    Place(
        GOVERNMENT,
        "Larkfield Government",
        ("usgovvirginia", "usgovarizona", "usgovtexas"),
        (storage("larkfieldrecords", group="records", location="usgovvirginia"),),
    ),
    Place(
        CHINA,
        "Larkfield China",
        ("chinanorth3", "chinaeast2"),
        (storage("larkfieldbeijing", group="web", good=False, location="chinanorth3"),),
    ),
)
