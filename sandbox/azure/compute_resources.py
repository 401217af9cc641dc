"""Networks, machines, clusters, sites and alerts as Azure Resource Manager shows them.

`good` is a resource that passes the checks. Properties are those of the types' REST specifications (https://github.com/Azure/azure-rest-api-specs).
"""

from dataclasses import replace
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
    # Lower numbers come first in Azure, so what denies (from 100) is met before what allows (from 200).
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
            # Left empty: the rules that Azure adds come after all others and let nothing in from the internet:
            # https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
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


def network(name: str, prefix: str, *, group: str, good: bool = True, location: str = "westeurope") -> Item:
    security = f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/{name}"
    subnet: dict[str, Any] = {"addressPrefix": prefix.replace("0.0/16", "0.0/24")}
    if good:
        subnet["networkSecurityGroup"] = {"id": security}
    # A gateway's subnet takes no group (see `azure_subnet_without_nsg`), so the check must leave this one alone.
    gateways = {"addressPrefix": prefix.replace("0.0/16", "255.0/27")}
    return Item(
        "Microsoft.Network/virtualNetworks",
        name,
        {
            "provisioningState": "Succeeded",
            "addressSpace": {"addressPrefixes": [prefix]},
            "enableDdosProtection": good,
            "subnets": [
                {"name": "default", "properties": subnet},
                {"name": "GatewaySubnet", "properties": gateways},
            ],
        },
        location,
        group,
    )


def machine(name: str, *, group: str, good: bool = True, location: str = "westeurope", restored: bool = False) -> Item:
    """``restored``: made of a disk that was set up elsewhere, so that Azure knows none of its settings."""
    settings = {
        "computerName": name,
        "linuxConfiguration": {
            "disablePasswordAuthentication": good,
            "patchSettings": {"assessmentMode": "AutomaticByPlatform" if good else "ImageDefault"},
        },
    }
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
            **({} if restored else {"osProfile": settings}),
            "securityProfile": {
                "securityType": "TrustedLaunch",
                "encryptionAtHost": True,
                "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
            }
            if good
            else {},
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
            "currentKubernetesVersion": "1.31.2",
            "supportPlan": "KubernetesOfficial",
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


_deployers = {
    "name": "office",
    "priority": 100,
    "action": "Allow",
    "ipAddress": "203.0.113.0/24",
    "tag": "Default",
}


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
            # Null in lists, as Azure has it: the configuration is a child of its own (`config/web`) and takes a call
            # of its own.
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
                    "linuxFxVersion": "PYTHON|3.13" if good else "PHP|7.4",
                    "scmIpSecurityRestrictionsUseMain": False,
                    "scmIpSecurityRestrictionsDefaultAction": "Deny" if good else "Allow",
                    "scmIpSecurityRestrictions": [_deployers] if good else [],
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


# As the portal writes it, with the kinds of events in an `anyOf`; other tools write the category alone.
def service_health_alert(scope: str) -> Item:
    actions = {"actionGroups": [{"actionGroupId": f"{scope}/resourceGroups/ops/providers/x/actionGroups/ops"}]}
    kinds = [{"field": "properties.incidentType", "equals": kind} for kind in ("Incident", "Maintenance")]
    condition = {"allOf": [{"field": "category", "equals": "ServiceHealth"}, {"anyOf": kinds}]}
    properties = {"enabled": True, "scopes": [scope], "condition": condition, "actions": actions}
    return Item("Microsoft.Insights/activityLogAlerts", "service-health", properties, "global", "ops")


def watcher(location: str, *, target: str = "", days: int = 90) -> tuple[Item, ...]:
    """Network Watcher in a region, and the log of the flows of ``target`` where one is named."""
    name = f"NetworkWatcher_{location}"
    # The group and the names that Azure gives when it makes the watcher on its own.
    group = "NetworkWatcherRG"
    itself = Item("Microsoft.Network/networkWatchers", name, {"provisioningState": "Succeeded"}, location, group)
    if not target:
        return (itself,)
    flows = {
        "provisioningState": "Succeeded",
        "targetResourceId": target,
        "storageId": "/subscriptions/s/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flows",
        "enabled": True,
        "retentionPolicy": {"days": days, "enabled": True},
        "format": {"type": "JSON", "version": 2},
    }
    log = Item(
        "Microsoft.Network/networkWatchers/flowLogs", f"{name}/{target.rsplit('/', 1)[-1]}", flows, location, group
    )
    return (itself, log)


def bastion(name: str, *, group: str) -> Item:
    return Item("Microsoft.Network/bastionHosts", name, {"provisioningState": "Succeeded"}, group=group, sku="Standard")


def application_insights(name: str, *, group: str) -> Item:
    properties = {"Application_Type": "web", "IngestionMode": "LogAnalytics", "RetentionInDays": 90}
    return Item("Microsoft.Insights/components", name, properties, group=group, more=(("kind", "web"),))


def vpn_gateway(name: str, *, group: str, good: bool = True) -> Item:
    entra = {"vpnAuthenticationTypes": ["AAD"], "aadTenant": "https://login.microsoftonline.com/t/", "aadAudience": "a"}
    certificates = {
        "vpnAuthenticationTypes": ["Certificate"],
        "vpnClientRootCertificates": [{"name": "root", "properties": {"publicCertData": "MIIC"}}],
    }
    properties = {
        "provisioningState": "Succeeded",
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "vpnClientConfiguration": {"vpnClientProtocols": ["OpenVPN"], **(entra if good else certificates)},
    }
    return Item("Microsoft.Network/virtualNetworkGateways", name, properties, group=group)


def application_gateway(name: str, *, group: str, good: bool = True) -> tuple[Item, ...]:
    """With its firewall's policy."""
    # The firewall's rules stand in a policy beside the gateway, which only refers to it: evaluated apart, joined by id.
    policy = f"{{scope}}/resourceGroups/{group}/providers/Microsoft.Network/{_POLICIES}/{name}-waf"
    tier = "WAF_v2" if good else "Standard_v2"
    old = {"policyType": "Predefined", "policyName": "AppGwSslPolicy20150501"}
    gateway = {
        "provisioningState": "Succeeded",
        "sku": {"name": tier, "tier": tier},
        "enableHttp2": good,
        "defaultPredefinedSslPolicy": "AppGwSslPolicy20220101",
        **({"firewallPolicy": {"id": policy}} if good else {"sslPolicy": old}),
    }
    rule_sets = [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1"}]
    if good:
        rule_sets.append({"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1"})
    firewall = {
        "provisioningState": "Succeeded",
        "policySettings": {"state": "Enabled", "mode": "Prevention" if good else "Detection", "requestBodyCheck": good},
        "managedRules": {"managedRuleSets": rule_sets},
    }
    return (
        Item("Microsoft.Network/applicationGateways", name, gateway, group=group),
        Item(f"Microsoft.Network/{_POLICIES}", f"{name}-waf", firewall, group=group),
    )


def front_door_firewall(name: str, *, group: str, good: bool = True) -> Item:
    properties = {
        "provisioningState": "Succeeded",
        "resourceState": "Enabled",
        "policySettings": {"enabledState": "Enabled", "mode": "Prevention" if good else "Detection"},
        "frontendEndpointLinks": [],
    }
    return Item("Microsoft.Network/frontDoorWebApplicationFirewallPolicies", name, properties, "global", group=group)


_POLICIES = "ApplicationGatewayWebApplicationFirewallPolicies"


def public_address(name: str, address: str, *, group: str, location: str = "westeurope") -> Item:
    properties = {"provisioningState": "Succeeded", "ipAddress": address, "publicIPAllocationMethod": "Static"}
    return Item("Microsoft.Network/publicIPAddresses", name, properties, location, group, sku="Standard")


def slot(app: str, name: str, *, group: str, good: bool = True) -> Item:
    """A slot of a web app: the same properties, beside it."""
    item = web_app(f"{app}/{name}", group=group, good=good)
    # A type of its own: what the app and its slot are configured as may differ, and a remediation names which of both
    # to change.
    return replace(item, kind="Microsoft.Web/sites/slots")


def scale_set(name: str, *, group: str, good: bool = True) -> Item:
    single = machine(name, group=group, good=good).properties
    profile = {key: single[key] for key in ("storageProfile", "osProfile", "securityProfile")}
    profile["storageProfile"] = {
        # A scale set's profile is a template: it has no machine's name, disk or address.
        "osDisk": {"osType": "Linux"},
        "imageReference": profile["storageProfile"]["imageReference"],
    }
    profile["osProfile"] = {
        "computerNamePrefix": name,
        "linuxConfiguration": {"disablePasswordAuthentication": good},
    }
    properties = {"orchestrationMode": "Uniform", "virtualMachineProfile": profile}
    return Item("Microsoft.Compute/virtualMachineScaleSets", name, properties, group=group, sku="Standard_D4s_v5")
