"""Networks, machines, clusters, sites and alerts as Azure Resource Manager shows them.

`good` is a resource that passes the checks. Properties are those of the types' REST specifications (https://github.com/Azure/azure-rest-api-specs).
"""

from typing import Any

from sandbox.azure.resources import Item


def firewall(
    name: str,
    rules: tuple[tuple[str, int, str], ...],
    *,
    group: str,
    location: str = "westeurope",
    closed: tuple[str, ...] = (),
) -> Item:
    """A network security group; rules are name, port and source. ``closed``: machines that a rule before denies all."""
    allowing = [
        _rule(rule, 200 + 10 * index, "Allow", str(port), source) for index, (rule, port, source) in enumerate(rules)
    ]
    denying = [_rule(f"not-{machine}", 100 + index, "Deny", "*", "*", machine) for index, machine in enumerate(closed)]
    return Item(
        "Microsoft.Network/networkSecurityGroups",
        name,
        {
            "provisioningState": "Succeeded",
            "securityRules": [*denying, *allowing],
            "defaultSecurityRules": [],
        },
        location,
        group,
    )


def _rule(name: str, priority: int, access: str, port: str, source: str, destination: str = "*") -> dict[str, Any]:
    return {
        "name": name,
        "properties": {
            "direction": "Inbound",
            "access": access,
            "protocol": "Tcp",
            "priority": priority,
            "sourceAddressPrefix": source,
            "sourceAddressPrefixes": [],
            "sourcePortRange": "*",
            "destinationAddressPrefix": destination,
            "destinationPortRange": port,
            "destinationPortRanges": [],
        },
    }


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
