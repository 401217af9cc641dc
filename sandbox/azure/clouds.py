"""The three clouds' hosts, and which parts of Resource Manager exist in which version.

Versions: the SDK's own for what its clients ask; those of the published REST specifications for the rest.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    kind: str  # "entra", "arm" or "graph"
    cloud: str
    host: str


# Hosts are listed, never built from input, and the proxy answers no others: a request to any other host fails a
# test.
ENDPOINTS: dict[str, Endpoint] = {
    host: Endpoint(kind, cloud, host)
    for cloud, login, management, graph in (
        ("public", "login.microsoftonline.com", "management.azure.com", "graph.microsoft.com"),
        ("usgovernment", "login.microsoftonline.us", "management.usgovcloudapi.net", "graph.microsoft.us"),
        ("china", "login.chinacloudapi.cn", "management.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
    )
    for kind, host in (("entra", login), ("arm", management), ("graph", graph))
}

# What a token for Resource Manager is asked for: the older names stay valid beside the endpoint's own.
AUDIENCES: dict[str, tuple[str, ...]] = {
    "public": ("https://management.azure.com", "https://management.core.windows.net"),
    "usgovernment": ("https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"),
    "china": ("https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"),
}
GRAPH_AUDIENCES: dict[str, tuple[str, ...]] = {
    endpoint.cloud: (f"https://{host}",) for host, endpoint in ENDPOINTS.items() if endpoint.kind == "graph"
}
STS = {"public": "sts.windows.net", "usgovernment": "sts.windows.net", "china": "sts.chinacloudapi.cn"}

# Resource provider, its types, and the newest version of each as the list of providers has it (a preview beside it).
TYPES: dict[str, dict[str, str]] = {
    "Microsoft.Compute": {
        "virtualMachines": "2024-11-01",
        "virtualMachineScaleSets": "2024-11-01",
        "disks": "2024-03-02",
    },
    "Microsoft.Network": {
        "networkSecurityGroups": "2024-07-01",
        "publicIPAddresses": "2024-07-01",
        "virtualNetworks": "2024-07-01",
        "networkInterfaces": "2024-07-01",
        "virtualNetworkGateways": "2024-07-01",
        "applicationGateways": "2024-07-01",
        "ApplicationGatewayWebApplicationFirewallPolicies": "2024-07-01",
        "frontDoorWebApplicationFirewallPolicies": "2024-02-01",
        "networkWatchers": "2024-07-01",
        "networkWatchers/flowLogs": "2024-07-01",
        "bastionHosts": "2024-07-01",
        "dnszones": "2018-05-01",
    },
    "Microsoft.Storage": {
        "storageAccounts": "2024-01-01",
        "storageAccounts/blobServices": "2024-01-01",
        "storageAccounts/fileServices": "2024-01-01",
    },
    "Microsoft.KeyVault": {"vaults": "2023-07-01", "vaults/keys": "2023-07-01", "vaults/secrets": "2023-07-01"},
    "Microsoft.Sql": {
        "servers": "2023-08-01",
        "servers/firewallRules": "2023-08-01",
        "servers/ipv6FirewallRules": "2023-08-01",
        "servers/administrators": "2023-08-01",
        "servers/auditingSettings": "2023-08-01",
        "managedInstances": "2023-08-01",
        "servers/databases": "2023-08-01",
        "servers/databases/transparentDataEncryption": "2023-08-01",
    },
    "Microsoft.DBforPostgreSQL": {
        "flexibleServers": "2024-08-01",
        "flexibleServers/firewallRules": "2024-08-01",
        "flexibleServers/configurations": "2024-08-01",
    },
    "Microsoft.DBforMySQL": {
        "flexibleServers": "2023-12-30",
        "flexibleServers/firewallRules": "2023-12-30",
        "flexibleServers/configurations": "2023-12-30",
    },
    "Microsoft.Databricks": {"workspaces": "2024-05-01"},
    "Microsoft.Web": {
        "sites": "2024-04-01",
        "sites/config": "2024-04-01",
        "sites/slots": "2024-04-01",
        "sites/slots/config": "2024-04-01",
        "serverFarms": "2024-04-01",
    },
    "Microsoft.ContainerService": {"managedClusters": "2025-01-01"},
    "Microsoft.Insights": {
        "actionGroups": "2023-01-01",
        "activityLogAlerts": "2020-10-01",
        "diagnosticSettings": "2021-05-01-preview",
        "components": "2020-02-02",
    },
    "Microsoft.Security": {
        "pricings": "2024-01-01",
        "settings": "2022-05-01",
        "securityContacts": "2023-12-01-preview",
    },
}
# What Azure lists where there is no newer stable version than the preview.
OLDER = {
    "2021-05-01-preview": ["2021-05-01-preview", "2017-05-01-preview", "2016-09-01"],
    "2023-12-01-preview": ["2023-12-01-preview", "2020-01-01-preview", "2017-08-01-preview"],
}
# Two providers that every subscription has, registered by Azure:
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
ALWAYS_REGISTERED = ("Microsoft.Resources", "Microsoft.Authorization")

LOCATIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "public": (
        ("westeurope", "West Europe", "Europe"),
        ("northeurope", "North Europe", "Europe"),
        ("germanywestcentral", "Germany West Central", "Europe"),
        ("uksouth", "UK South", "Europe"),
        ("swedencentral", "Sweden Central", "Europe"),
        ("eastus", "East US", "US"),
        ("eastus2", "East US 2", "US"),
        ("westus2", "West US 2", "US"),
        ("southeastasia", "Southeast Asia", "Asia Pacific"),
        ("australiaeast", "Australia East", "Asia Pacific"),
        ("brazilsouth", "Brazil South", "South America"),
    ),
    "usgovernment": (
        ("usgovvirginia", "USGov Virginia", "US"),
        ("usgovarizona", "USGov Arizona", "US"),
        ("usgovtexas", "USGov Texas", "US"),
    ),
    "china": (
        ("chinanorth3", "China North 3", "China"),
        ("chinaeast2", "China East 2", "China"),
    ),
}
