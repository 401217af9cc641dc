"""What a scan needs, permission by permission. The inventory makes no other calls. No Django, no SDK.

The built-in role Reader covers everything (``*/read``), and nothing narrower does: Azure's list of all resources leaves
out those of a type that the app may not read. ``about`` completes "Findings about … will be missing".
Names: https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from cloudaccounts.contract.report import PermissionResult, PermissionStatus
from cloudaccounts.provider_kit.check_results import join_names


class Need(Enum):
    """What a permission is for. A scan that has none but those of `CONNECTION` reads nothing."""

    CONNECTION = auto()  # it opens the subscription, or tells what the roles are worth: it yields no asset
    SUBSCRIPTION = auto()  # it is enough by itself
    DETAIL = auto()  # of resources that the list of all of them names: worth nothing without that list


@dataclass(frozen=True, slots=True)
class Permission:
    action: str  # "Microsoft.Storage/storageAccounts/read"
    service: str  # the heading under which it is shown
    about: str
    namespace: str  # the resource provider that must be registered for it
    need: Need = Need.DETAIL
    readings: tuple[str, ...] = ()  # as checks name their service; none: whatever is read


# Whose reading a namespace is, and whose a permission is besides: logs of single resources, and the network of a
# workspace. Of `Microsoft.Resources` each reading needs all.
_READINGS = {
    "Microsoft.Authorization": "authorization",
    "Microsoft.Compute": "compute",
    "Microsoft.ContainerService": "containers",
    "Microsoft.DBforMySQL": "databases",
    "Microsoft.DBforPostgreSQL": "databases",
    "Microsoft.Databricks": "analytics",
    "Microsoft.Insights": "monitoring",
    "Microsoft.KeyVault": "keyvault",
    "Microsoft.Network": "network",
    "Microsoft.Security": "monitoring",
    "Microsoft.Sql": "databases",
    "Microsoft.Storage": "storage",
    "Microsoft.Web": "web",
}
_ALSO = {
    "Microsoft.Insights/diagnosticSettings/read": ("keyvault", "analytics"),
    "Microsoft.Network/virtualNetworks/read": ("analytics",),
}


def _group(
    service: str, namespace: str, rows: Iterable[tuple[str, str]], need: Need = Need.DETAIL
) -> tuple[Permission, ...]:
    own = () if need is Need.CONNECTION or namespace == "Microsoft.Resources" else (_READINGS[namespace],)
    return tuple(
        Permission(name := f"{namespace}/{action}", service, about, namespace, need, own + _ALSO.get(name, ()))
        for action, about in rows
    )


RESOURCE_LIST = "Microsoft.Resources/subscriptions/resources/read"


PERMISSIONS: tuple[Permission, ...] = (
    *_group(
        "Subscription",
        "Microsoft.Resources",
        (
            ("subscriptions/read", "the subscription"),
            ("subscriptions/locations/read", "regions"),
            ("subscriptions/providers/read", "resource providers"),
        ),
        Need.CONNECTION,
    ),
    *_group(
        "Subscription",
        "Microsoft.Resources",
        (
            ("subscriptions/resourceGroups/read", "resource groups"),
            ("subscriptions/resources/read", "all resources"),
        ),
        Need.SUBSCRIPTION,
    ),
    *_group(
        "Access control",
        "Microsoft.Authorization",
        (("roleAssignments/read", "role assignments"), ("roleDefinitions/read", "roles")),
        Need.SUBSCRIPTION,
    ),
    *_group(
        "Access control",
        "Microsoft.Authorization",
        (("denyAssignments/read", "deny assignments"),),
        Need.CONNECTION,
    ),
    *_group(
        "Compute",
        "Microsoft.Compute",
        (
            ("virtualMachines/read", "virtual machines"),
            ("virtualMachineScaleSets/read", "scale sets"),
            ("disks/read", "managed disks"),
        ),
    ),
    *_group(
        "Network",
        "Microsoft.Network",
        (
            ("networkSecurityGroups/read", "network security groups"),
            ("publicIPAddresses/read", "public IP addresses"),
            ("virtualNetworks/read", "virtual networks"),
            ("virtualNetworkGateways/read", "VPN gateways"),
            ("applicationGateways/read", "application gateways"),
            ("ApplicationGatewayWebApplicationFirewallPolicies/read", "firewalls of web applications"),
            ("frontDoorWebApplicationFirewallPolicies/read", "firewalls of Azure Front Door"),
            ("networkWatchers/flowLogs/read", "flow logs"),
        ),
    ),
    *_group(
        "Storage",
        "Microsoft.Storage",
        (
            ("storageAccounts/read", "storage accounts"),
            ("storageAccounts/blobServices/read", "blob services"),
            ("storageAccounts/fileServices/read", "file services"),
        ),
    ),
    *_group(
        "Key Vault",
        "Microsoft.KeyVault",
        (
            ("vaults/read", "key vaults"),
            ("vaults/keys/read", "dates of keys"),
            ("vaults/secrets/read", "dates of secrets"),
        ),
    ),
    *_group(
        "SQL",
        "Microsoft.Sql",
        (
            ("servers/read", "SQL servers"),
            ("servers/firewallRules/read", "firewalls of SQL servers"),
            ("servers/ipv6FirewallRules/read", "firewalls of SQL servers"),
            ("servers/administrators/read", "administrators of SQL servers"),
            ("servers/auditingSettings/read", "auditing of SQL servers"),
            ("managedInstances/read", "managed instances of SQL"),
            ("servers/databases/read", "SQL databases"),
            ("servers/databases/transparentDataEncryption/read", "encryption of SQL databases"),
        ),
    ),
    *_group(
        "PostgreSQL",
        "Microsoft.DBforPostgreSQL",
        (
            ("flexibleServers/read", "PostgreSQL servers"),
            ("flexibleServers/firewallRules/read", "firewalls of PostgreSQL servers"),
            ("flexibleServers/configurations/read", "parameters of PostgreSQL servers"),
        ),
    ),
    *_group(
        "MySQL",
        "Microsoft.DBforMySQL",
        (
            ("flexibleServers/read", "MySQL servers"),
            ("flexibleServers/firewallRules/read", "firewalls of MySQL servers"),
            ("flexibleServers/configurations/read", "parameters of MySQL servers"),
        ),
    ),
    *_group("Databricks", "Microsoft.Databricks", (("workspaces/read", "Databricks workspaces"),)),
    *_group(
        "App Service",
        "Microsoft.Web",
        (
            ("sites/read", "web apps"),
            ("sites/config/read", "settings of web apps"),
            ("sites/slots/read", "slots of web apps"),
            ("sites/slots/config/read", "settings of slots of web apps"),
        ),
    ),
    *_group("Kubernetes", "Microsoft.ContainerService", (("managedClusters/read", "Kubernetes clusters"),)),
    *_group(
        "Monitoring",
        "Microsoft.Insights",
        (("diagnosticSettings/read", "exports of logs"), ("activityLogAlerts/read", "alerts on the Activity Log")),
        Need.SUBSCRIPTION,
    ),
    *_group(
        "Monitoring",
        "Microsoft.Insights",
        (("eventtypes/values/read", "what changed since the last scan"),),
        Need.CONNECTION,
    ),
    *_group(
        "Defender",
        "Microsoft.Security",
        (
            ("pricings/read", "plans of Microsoft Defender"),
            ("settings/read", "integrations of Microsoft Defender"),
            ("securityContacts/read", "whom Microsoft Defender writes to"),
        ),
        Need.SUBSCRIPTION,
    ),
)

# Of Microsoft Graph, by an optional grant: the least that the calls of `inventory.directory` need. Policies (security
# defaults, conditional access, guests, consent), who has registered for multifactor authentication, and the dates of
# the secrets of apps. https://learn.microsoft.com/graph/permissions-reference
GRAPH_POLICIES, GRAPH_REPORTS, GRAPH_APPS = "Policy.Read.All", "AuditLog.Read.All", "Application.Read.All"
GRAPH_PERMISSIONS = (GRAPH_POLICIES, GRAPH_REPORTS, GRAPH_APPS)

BY_ACTION = {permission.action: permission for permission in PERMISSIONS}
# Registered in every subscription, so there is nothing to check.
_ALWAYS = {"Microsoft.Resources", "Microsoft.Authorization"}
# Those that tell something of the subscription itself, whatever is in it.
OF_THE_SUBSCRIPTION = frozenset(p.namespace for p in PERMISSIONS if p.need is Need.SUBSCRIPTION) - _ALWAYS
NAMESPACES = tuple(dict.fromkeys(p.namespace for p in PERMISSIONS if p.namespace not in _ALWAYS))


def topic(permission: str) -> str:
    """What findings are about that need this permission; empty for one that is not known."""
    needed = BY_ACTION.get(permission)
    return needed.about if needed else ""


def blind_topics(results: Iterable[PermissionResult]) -> str:
    """What a scan will find nothing about: "key vaults, roles and web apps"; empty where nothing is denied."""
    denied = {result.permission for result in results if result.status == PermissionStatus.DENIED}
    return join_names(list(dict.fromkeys(p.about for p in PERMISSIONS if p.action in denied)))


def reads_something(results: Iterable[PermissionResult]) -> bool:
    """Whether a scan would find anything. What could not be verified counts as granted."""
    allowed = {result.permission for result in results if result.status != PermissionStatus.DENIED}
    # Details are read of what the list names, so without the list they are worth nothing.
    useful = {Need.SUBSCRIPTION, Need.DETAIL} if RESOURCE_LIST in allowed else {Need.SUBSCRIPTION}
    return any(permission.action in allowed and permission.need in useful for permission in PERMISSIONS)
