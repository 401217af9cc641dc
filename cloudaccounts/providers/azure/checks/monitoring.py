"""Whether anybody would notice: exports and alerts of the Activity Log, and Microsoft Defender's plans."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    expect,
    failed,
    known,
    list_of_texts,
    mapping,
    mappings,
    posture_check,
)
from cloudaccounts.providers.azure.checks.references import cite

CATEGORIES = ("administrative", "security", "alert", "policy")
# The changes that CIS wants people to be told of, 5.2.1 to 5.2.10.
WATCHED = {
    "microsoft.authorization/policyassignments/write": "policy assignments",
    "microsoft.authorization/policyassignments/delete": "policy assignments",
    "microsoft.network/networksecuritygroups/write": "network security groups",
    "microsoft.network/networksecuritygroups/delete": "network security groups",
    "microsoft.security/securitysolutions/write": "security solutions",
    "microsoft.security/securitysolutions/delete": "security solutions",
    "microsoft.sql/servers/firewallrules/write": "SQL firewall rules",
    "microsoft.sql/servers/firewallrules/delete": "SQL firewall rules",
    "microsoft.network/publicipaddresses/write": "public IP addresses",
    "microsoft.network/publicipaddresses/delete": "public IP addresses",
}
PLANS = {
    "virtualmachines": "servers",
    "storageaccounts": "storage",
    "keyvaults": "key vaults",
    "sqlservers": "SQL",
    "appservices": "App Service",
    "containers": "containers",
    "arm": "Resource Manager",
}


@posture_check(
    "azure_activity_log_exported",
    "Activity Log is not kept",
    Severity.MEDIUM,
    "monitoring",
    "azure.monitoring.activity_log",
    why="Azure keeps the log of who changed what for 90 days only. Most break-ins are noticed later, and then nobody "
    "can tell what was done.",
    console="Monitor, Activity log, Export Activity Logs, Add diagnostic setting: choose Administrative, Security, "
    "Alert and Policy, and a Log Analytics workspace or a storage account.",
    command="az monitor diagnostic-settings subscription create --name central --location <region> "
    '--workspace <workspace-id> --logs \'[{"category":"Administrative","enabled":true},'
    '{"category":"Security","enabled":true},{"category":"Alert","enabled":true},'
    '{"category":"Policy","enabled":true}]\'',
    references=cite("azure-monitor/platform/diagnostic-settings"),
)
def activity_log_exported(asset: Asset) -> Evaluation:
    known(asset, "exports")
    exports = [export for export in mappings(asset, "exports") if export.get("to")]
    if not exports:
        return failed("No diagnostic setting sends the subscription's Activity Log anywhere.")
    sent = {name.lower() for export in exports for name in list_of_texts(export.get("logs"), "exports.logs")}
    # The group allLogs contains every category.
    missing = [name for name in CATEGORIES if name not in sent and "alllogs" not in sent]
    return expect(
        not missing,
        f"The log is exported without the categor{'y' if len(missing) == 1 else 'ies'} {abridge(missing)}.",
        "All categories that matter are exported.",
    )


@posture_check(
    "azure_activity_log_alerts",
    "Nobody is notified of changes to the subscription's protection",
    Severity.MEDIUM,
    "monitoring",
    "azure.monitoring.activity_log",
    why="Whoever breaks in opens firewalls and switches off policies first. An alert on those few operations tells "
    "within minutes, and costs nothing.",
    console="Monitor, Alerts, Create alert rule: scope the subscription, signal the administrative operation that the "
    "finding names, and an action group that reaches people.",
    command="az monitor activity-log alert create --name <alert> --resource-group <group> --scope "
    "/subscriptions/<subscription-id> --condition category=Administrative and operationName=<operation> "
    "--action-group <action-group-id>",
    references=cite("azure-monitor/alerts/alerts-types"),
)
def activity_log_alerts(asset: Asset) -> Evaluation:
    known(asset, "alerts")
    alerts = mappings(asset, "alerts")
    # An alert without an action group only shows in the portal, where nobody may look for days.
    covered = {str(alert.get("operation")).lower() for alert in alerts if alert.get("acts") is True}
    missing = [operation for operation in WATCHED if operation not in covered]
    return expect(
        not missing,
        f"No alert reaches anybody for changes to {abridge(WATCHED[operation] for operation in missing)}: "
        f"{len(missing)} of {len(WATCHED)} operations.",
        f"All {len(WATCHED)} operations have an alert that reaches somebody.",
    )


@posture_check(
    "azure_defender_plans",
    "Microsoft Defender is off for some kinds of resources",
    Severity.LOW,
    "monitoring",
    "azure.monitoring.defender",
    why="Defender for Cloud notices attacks on what runs here: malware in storage, odd use of keys, brute force on "
    "machines. Each kind of resource has a plan of its own, with a price.",
    console="Microsoft Defender for Cloud, Environment settings, choose the subscription, switch on the plans.",
    command="az security pricing create --name <plan> --tier standard",
    references=cite("defender-for-cloud/connect-azure-subscription"),
)
def defender_plans(asset: Asset) -> Evaluation:
    known(asset, "plans")
    tiers = {name.lower(): str(tier).lower() for name, tier in mapping(asset, "plans").items()}
    off = [label for name, label in PLANS.items() if tiers.get(name) != "standard"]
    return expect(not off, f"Off for {abridge(off)}.", "All plans that matter are on.")


CHECKS = (activity_log_exported, activity_log_alerts, defender_plans)
