"""Whether anybody would notice: the Activity Log's exports and alerts, and which tools watch which regions."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    known,
    list_of_texts,
    mappings,
    not_applicable,
    posture_check,
    texts,
)
from cloudaccounts.providers.azure.checks.references import cite

_LOG = "azure.monitoring.activity_log"
_IN_USE = "azure.monitoring.resources_in_use"
_ANY = "administrative"  # of an alert on this category alone: every operation is in it
CATEGORIES = ("administrative", "security", "alert", "policy")
# Of each kind of change that people should be told of: a part of the check's id, what is changed, and the operation.
WATCHED = (
    ("policy_write", "policy assignments", "microsoft.authorization/policyassignments/write"),
    ("policy_delete", "policy assignments", "microsoft.authorization/policyassignments/delete"),
    ("nsg_write", "network security groups", "microsoft.network/networksecuritygroups/write"),
    ("nsg_delete", "network security groups", "microsoft.network/networksecuritygroups/delete"),
    ("security_solution_write", "security solutions", "microsoft.security/securitysolutions/write"),
    ("security_solution_delete", "security solutions", "microsoft.security/securitysolutions/delete"),
    ("sql_firewall_write", "SQL firewall rules", "microsoft.sql/servers/firewallrules/write"),
    ("sql_firewall_delete", "SQL firewall rules", "microsoft.sql/servers/firewallrules/delete"),
    ("public_ip_write", "public IP addresses", "microsoft.network/publicipaddresses/write"),
    ("public_ip_delete", "public IP addresses", "microsoft.network/publicipaddresses/delete"),
)


@posture_check(
    "azure_activity_log_exported",
    "Activity Log is not kept",
    Severity.MEDIUM,
    "monitoring",
    _LOG,
    why="Azure keeps the log of who changed what for 90 days only. Most break-ins are noticed later, and then nobody "
    "can tell what was done.",
    console="Monitor, Activity log, Export Activity Logs, Add diagnostic setting: choose a Log Analytics workspace or "
    "a storage account.",
    command="az monitor diagnostic-settings subscription create --name central --location <region> "
    '--workspace <workspace-id> --logs \'[{"category":"Administrative","enabled":true},'
    '{"category":"Security","enabled":true},{"category":"Alert","enabled":true},'
    '{"category":"Policy","enabled":true}]\'',
    references=cite("azure-monitor/platform/diagnostic-settings"),
)
def activity_log_exported(asset: Asset) -> Evaluation:
    return expect(
        bool(_sent(asset)),
        "No diagnostic setting sends the subscription's Activity Log anywhere.",
        "A diagnostic setting exports the log.",
    )


@posture_check(
    "azure_activity_log_categories",
    "Activity Log is kept in part only",
    Severity.MEDIUM,
    "monitoring",
    _LOG,
    why="What is not exported is gone after 90 days: who changed what, what Azure's own services and policies noticed.",
    console="Monitor, Activity log, Export Activity Logs, the diagnostic setting: choose Administrative, Security, "
    "Alert and Policy.",
    command="az monitor diagnostic-settings subscription update --name <setting> "
    '--logs \'[{"category":"Administrative","enabled":true},{"category":"Security","enabled":true},'
    '{"category":"Alert","enabled":true},{"category":"Policy","enabled":true}]\'',
    references=cite("azure-monitor/platform/activity-log-schema#categories"),
)
def activity_log_categories(asset: Asset) -> Evaluation:
    sent = _sent(asset)
    # The group allLogs contains every category.
    missing = [name for name in CATEGORIES if name not in sent and "alllogs" not in sent]
    return expect(
        not missing,
        f"The log is exported without the categor{'y' if len(missing) == 1 else 'ies'} {abridge(missing)}.",
        "All categories that matter are exported.",
    )


def _sent(asset: Asset) -> set[str]:
    known(asset, "exports")
    exports = [export for export in mappings(asset, "exports") if export.get("to")]
    return {name.lower() for export in exports for name in list_of_texts(export.get("logs"), "exports.logs")}


def _alert(suffix: str, what: str, field: str, expression: str) -> PostureCheck:
    """``field`` is where the inventory keeps what an alert watches; ``expression`` is of the CLI."""
    watched = expression.rsplit("=", 1)[1].lower()

    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "alerts")
        # An alert without an action group only shows in the portal, where nobody may look for days.
        covered = any(
            (str(alert.get(field)).lower() == watched or (field == "operation" and alert.get("category") == _ANY))
            and alert.get("acts") is True
            for alert in mappings(asset, "alerts")
        )
        return expect(covered, f"No alert about {what} reaches anybody.", f"An alert about {what} reaches somebody.")

    return posture_check(
        f"azure_alert_{suffix}",
        f"Nobody is told about {what}",
        Severity.LOW,
        "monitoring",
        _LOG,
        why="Whoever breaks in opens firewalls and switches off policies first. An alert on these few operations tells "
        "within minutes, and costs nothing.",
        console=f"Monitor, Alerts, Create alert rule: scope the subscription, signal {expression}, and an action group "
        "that reaches people.",
        command="az monitor activity-log alert create --name <alert> --resource-group <group> --scope "
        f"/subscriptions/<subscription-id> --condition {expression} --action-group <action-group-id>",
        references=cite("azure-monitor/alerts/alerts-types"),
    )(evaluate)


def _operation_alert(suffix: str, what: str, operation: str) -> PostureCheck:
    verb = "deleted" if operation.endswith("/delete") else "made or changed"
    expression = f"category=Administrative and operationName={operation}"
    return _alert(suffix, f"{what} that are {verb}", "operation", expression)


ALERTS = (
    *(_operation_alert(*row) for row in WATCHED),
    _alert("service_health", "troubles of Azure's services", "category", "category=ServiceHealth"),
)


@posture_check(
    "azure_network_watcher",
    "Region in use without Network Watcher",
    Severity.LOW,
    "monitoring",
    _IN_USE,
    why="Network Watcher keeps the logs of flows and finds out why a connection fails. Where it is off, both are "
    "missing on the day on which they are needed.",
    console="Network Watcher, Overview, enable it for the region.",
    command="az network watcher configure --resource-group NetworkWatcherRG --locations <region> --enabled true",
    references=cite("network-watcher/network-watcher-create"),
)
def network_watcher(asset: Asset) -> Evaluation:
    known(asset, "regions")
    known(asset, "watched_regions")
    regions, watched = texts(asset, "regions"), set(texts(asset, "watched_regions"))
    if not regions:
        return not_applicable("There are no resources in any region.")
    # Only regions in use: a watcher in an empty one would watch nothing.
    missing = [region for region in regions if region not in watched]
    return expect(not missing, f"Not watched: {abridge(missing)}.", "Each region in use is watched.")


@posture_check(
    "azure_bastion_host",
    "Virtual machines without Azure Bastion",
    Severity.LOW,
    "monitoring",
    _IN_USE,
    why="Bastion brings people to machines by the portal, with their own sign-in: no machine needs a port for "
    "administration that the internet can see.",
    console="Bastions, Create, in the virtual network of the machines or in one that is peered with it.",
    command="az network bastion create --name <bastion> --resource-group <group> --vnet-name <network> "
    "--public-ip-address <address> --location <region>",
    references=cite("bastion/bastion-overview"),
)
def bastion_host(asset: Asset) -> Evaluation:
    if _count(asset, "machines") == 0:
        return not_applicable("There are no virtual machines.")
    return expect(_count(asset, "bastions") > 0, "There is no Bastion host.", "There is a Bastion host.")


@posture_check(
    "azure_application_insights",
    "No application is watched by Application Insights",
    Severity.LOW,
    "monitoring",
    _IN_USE,
    why="What an application does under attack, errors and odd requests, shows in its own telemetry first.",
    console="Application Insights, Create, and connect the applications to it.",
    command="az monitor app-insights component create --app <component> --location <region> --resource-group <group>",
    references=cite("azure-monitor/app/app-insights-overview"),
)
def application_insights(asset: Asset) -> Evaluation:
    there = _count(asset, "application_insights") > 0
    return expect(there, "There is no Application Insights.", "Application Insights is set up.")


def _count(asset: Asset, name: str) -> int:
    count = known(asset, name)
    if not isinstance(count, int) or isinstance(count, bool):
        raise UnknownFactError(f"{name} has a form that is not known here.")
    return count


CHECKS = (
    activity_log_exported,
    activity_log_categories,
    *ALERTS,
    network_watcher,
    bastion_host,
    application_insights,
)
