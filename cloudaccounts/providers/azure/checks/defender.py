"""Microsoft Defender for Cloud: its plans, where its data goes, and whom it writes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    known,
    list_of_texts,
    mapping,
    mappings,
    passed,
    posture_check,
    unknown,
)
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import new_value

_DEFENDER = "azure.monitoring.defender"
# Names of the plans: https://learn.microsoft.com/rest/api/defenderforcloud/pricings/list
PLANS = (
    ("posture", "CloudPosture", "its posture management (CSPM)"),
    ("apis", "Api", "APIs"),
    ("servers", "VirtualMachines", "servers"),
    ("containers", "Containers", "containers"),
    ("storage", "StorageAccounts", "storage"),
    ("app_service", "AppServices", "App Service"),
    ("cosmos", "CosmosDbs", "Cosmos DB"),
    ("open_source_databases", "OpenSourceRelationalDatabases", "open-source databases"),
    ("sql", "SqlServers", "Azure SQL"),
    ("sql_machines", "SqlServerVirtualMachines", "SQL servers on machines"),
    ("key_vault", "KeyVaults", "key vaults"),
    ("resource_manager", "Arm", "Resource Manager"),
)
_LEVELS = ("low", "medium", "high", "critical")


def _plan(suffix: str, name: str, what: str) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "plans")
        # Without regard to case, in which Azure's names vary.
        tiers = {str(plan).lower(): tier for plan, tier in mapping(asset, "plans").items()}
        tier = tiers.get(name.lower())
        if tier is None:
            return unknown(f"Azure did not tell of the plan for {what}.")
        if str(tier).lower() not in ("standard", "free"):
            raise new_value(f"plans.{name}", str(tier))
        if str(tier).lower() == "free":
            return failed("The plan is off.")
        return _covered(asset, name)

    return posture_check(
        f"azure_defender_{suffix}",
        f"Microsoft Defender is off for {what}",
        Severity.LOW,
        "monitoring",
        _DEFENDER,
        why="Defender for Cloud notices attacks on what runs here: malware in storage, odd use of keys, brute force on "
        "machines. Each kind of resource has a plan of its own, with a price.",
        console="Microsoft Defender for Cloud, Environment settings, choose the subscription, switch on the plan.",
        command=f"az security pricing create --name {name} --tier standard",
        references=cite("defender-for-cloud/connect-azure-subscription"),
        expected={f"plans.{name}": "Standard"},
    )(evaluate)


def _covered(asset: Asset, name: str) -> Evaluation:
    """A resource may have another plan than the subscription, and then the resource's counts.

    https://learn.microsoft.com/rest/api/defenderforcloud/pricings/list#resourcescoveragestatus
    """
    coverage = {str(plan).lower(): str(how).lower() for plan, how in mapping(asset, "coverage").items()}
    how = coverage.get(name.lower(), "fullycovered")
    if how not in ("fullycovered", "partiallycovered", "notcovered"):
        raise new_value(f"coverage.{name}", how)
    if how == "notcovered":
        return failed("The plan is on for the subscription, and switched off on each of its resources.")
    return passed("The plan is on." if how == "fullycovered" else "The plan is on, but switched off on some resources.")


PLAN_CHECKS = tuple(_plan(*row) for row in PLANS)


@posture_check(
    "azure_defender_endpoint",
    "Defender for Cloud does not work together with Defender for Endpoint",
    Severity.LOW,
    "monitoring",
    _DEFENDER,
    why="What happens within a machine, programs that start and files that change, is seen by the sensor on it. "
    "Without the integration new machines get none.",
    console="Microsoft Defender for Cloud, Environment settings, the subscription, Settings and monitoring, set "
    "Endpoint protection to On.",
    command="az security setting update --name WDATP --enabled true",
    references=cite("defender-for-cloud/integration-defender-for-endpoint"),
    expected={"integrations.WDATP": True},
)
def endpoint(asset: Asset) -> Evaluation:
    known(asset, "integrations")
    on = mapping(asset, "integrations").get("WDATP")
    if not isinstance(on, bool):
        return unknown("Azure did not tell of the integration with Defender for Endpoint.")
    return expect(on, "The integration is off.", "The integration is on.")


def _contact(
    suffix: str, title: str, console: str, is_good: Callable[[Mapping[str, Any]], bool], failure: str, success: str
) -> PostureCheck:
    """``is_good`` is asked of each contact that is in use; it may raise `UnknownFactError`."""

    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "contacts")
        contacts = mappings(asset, "contacts")
        if not contacts:
            # Without any contact there surely is no address; what Defender does about roles then is not documented.
            if suffix == "addresses":
                return failed("No address is set.")
            return unknown("No contact was ever set, and what Azure does then is not told.")
        if any(contact.get("enabled") is None for contact in contacts):
            raise UnknownFactError("Whether the contact is in use was not told.")
        good = any(is_good(contact) for contact in contacts if contact.get("enabled") is True)
        return expect(good, failure, success)

    return posture_check(
        f"azure_defender_notify_{suffix}",
        title,
        Severity.LOW,
        "monitoring",
        _DEFENDER,
        why="An alert that nobody reads is none. Those who answer for the subscription must hear of it while it can "
        "still be stopped.",
        console=f"Microsoft Defender for Cloud, Environment settings, the subscription, Email notifications: {console}",
        command="az security contact create --name default --emails <address> "
        '--notifications-by-role \'{"state":"On","roles":["Owner"]}\' '
        '--alert-notifications \'{"state":"On","minimalSeverity":"High"}\'',
        references=cite("defender-for-cloud/configure-email-notifications"),
    )(evaluate)


def _tells_owners(contact: Mapping[str, Any]) -> bool:
    # Without regard to case, in which Azure's answers vary.
    state = str(contact.get("roles_state")).lower()
    if state not in ("on", "off"):
        raise UnknownFactError("Whether roles are notified has a form that is not known here.")
    return state == "on" and "owner" in map(str.lower, list_of_texts(contact.get("roles"), "contacts.roles"))


def _has_addresses(contact: Mapping[str, Any]) -> bool:
    count = contact.get("addresses")
    return isinstance(count, int) and count > 0


def _has_level(name: str) -> Callable[[Mapping[str, Any]], bool]:
    def has_level(contact: Mapping[str, Any]) -> bool:
        level = contact.get(name)
        if level is None:
            return False
        if str(level).lower() not in _LEVELS:
            raise new_value(f"contacts.{name}", str(level))
        return True

    return has_level


CONTACT_CHECKS = (
    _contact(
        "owners",
        "Defender's alerts do not reach the owners of the subscription",
        "under All users with the following roles, choose Owner.",
        _tells_owners,
        "Owners are not notified.",
        "Owners are notified.",
    ),
    _contact(
        "addresses",
        "Defender's alerts reach no address of your own",
        "enter the address of those who are on duty.",
        _has_addresses,
        "No address is set.",
        "An address is set.",
    ),
    _contact(
        "alerts",
        "Nobody is notified of Defender's alerts",
        "choose Notify about alerts with the following severity (or higher).",
        _has_level("alert_severity"),
        "No severity is chosen.",
        "Alerts are notified from a severity on.",
    ),
    _contact(
        "attack_paths",
        "Nobody is notified of ways to attack that Defender found",
        "choose Notify about attack paths with the following risk level (or higher).",
        _has_level("attack_path_risk"),
        "No risk level is chosen.",
        "Attack paths are notified from a risk level on.",
    ),
)
CHECKS = (*PLAN_CHECKS, endpoint, *CONTACT_CHECKS)
