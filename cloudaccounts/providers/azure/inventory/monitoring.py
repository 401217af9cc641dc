"""What watches the subscription as a whole: exports and alerts of its Activity Log, Microsoft Defender, and which tools
stand in which regions.

https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/list-by-subscription-id (version 2020-10-01),
https://learn.microsoft.com/rest/api/defenderforcloud/pricings/list (version 2024-01-01), …/settings/list (2022-05-01),
https://learn.microsoft.com/azure/templates/microsoft.security/securitycontacts (2023-12-01-preview: what came before it
knows one severity and no attack paths)

Neither is a resource of Azure's with an id: each is one asset of ours, with an id below the subscription's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import ordered, with_unreadable
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.alerts import watched_by
from cloudaccounts.providers.azure.inventory.common import GLOBAL, READ_ERRORS, Scope, at, failure
from cloudaccounts.providers.azure.inventory.detail import DIAGNOSTICS, DIAGNOSTICS_VERSION
from cloudaccounts.providers.azure.inventory.listing import ListedResource, Listing
from cloudaccounts.providers.azure.signin import logical_locations

SERVICE = "monitoring"
_ALERTS_VERSION = "2020-10-01"
_PLANS_VERSION = "2024-01-01"
_SETTINGS_VERSION = "2022-05-01"
_CONTACTS_VERSION = "2023-12-01-preview"
COVERAGE = "resourcesCoverageStatus"  # of the subscription's resources; told for subscriptions alone
_SECURITY = "providers/Microsoft.Security"


def collect(scope: Scope, listing: Listing) -> Iterator[Asset]:
    """What may not be read is marked on the asset, so this raises none of Azure's errors."""
    base = f"/subscriptions/{scope.subscription.id}/providers"
    yield _asset(
        scope,
        "azure.monitoring.activity_log",
        "Microsoft.Insights/eventTypes/management",
        "Activity Log",
        {
            "exports": lambda: extract.log_exports(_list(scope, DIAGNOSTICS, DIAGNOSTICS_VERSION)),
            "alerts": lambda: _alerts(
                scope, _list(scope, "providers/Microsoft.Insights/activityLogAlerts", _ALERTS_VERSION)
            ),
        },
    )
    # One answer for both facts.
    plans = cache(lambda: scope.connection.get(f"{base}/Microsoft.Security/pricings", _PLANS_VERSION))
    yield _asset(
        scope,
        "azure.monitoring.defender",
        "Microsoft.Security/pricings",
        "Microsoft Defender for Cloud",
        {
            "plans": lambda: _of_plans(plans(), "pricingTier"),
            "coverage": lambda: {name: how for name, how in _of_plans(plans(), COVERAGE).items() if how is not None},
            "integrations": lambda: _integrations(_list(scope, f"{_SECURITY}/settings", _SETTINGS_VERSION)),
            "contacts": lambda: _contacts(_list(scope, f"{_SECURITY}/securityContacts", _CONTACTS_VERSION)),
        },
    )
    yield _asset(
        scope,
        "azure.monitoring.resources_in_use",
        "Microsoft.Resources/resources",
        "Regions and tools in use",
        {name: partial(read, scope, listing) for name, read in IN_USE.items()},
    )


def _asset(scope: Scope, kind: str, below: str, name: str, parts: Mapping[str, Callable[[], Any]]) -> Asset:
    properties: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for part, read in parts.items():
        try:
            properties[part] = read()
        except READ_ERRORS as error:
            properties[part], refused[part] = None, failure(error).code
    return Asset(
        type=kind,
        service=SERVICE,
        region=GLOBAL,
        native_id=f"/subscriptions/{scope.subscription.id}/providers/{below}".lower(),
        name=name,
        properties=with_unreadable(properties, refused),
    )


def _everything(listing: Listing) -> list[ListedResource]:
    """All resources, whatever regions were chosen. Raises `ProviderError` where the list is not complete."""
    listed = listing.everything()
    if listed.error is not None:
        raise listed.error
    return listed.items


def _count(resource_type: str) -> Callable[[Scope, Listing], int]:
    return lambda _, listing: sum(item["type"].lower() == resource_type for item in _everything(listing))


def _watched_regions(_: Scope, listing: Listing) -> list[str]:
    return sorted({item["region"] for item in _everything(listing) if item["type"].lower() == _WATCHERS})


def _regions_in_use(scope: Scope, listing: Listing) -> list[str]:
    """Of all resources but the watchers themselves."""
    # What is global lies in no region that could be watched.
    names = {
        item["region"]
        for item in _everything(listing)
        if item["region"] != GLOBAL and not item["type"].lower().startswith(_WATCHERS)
    }
    # Nor does what lies in a whole geography, as "unitedstates". Asked only where it matters: most have a watcher each.
    if names - {*_watched_regions(scope, listing)}:
        names -= logical_locations(scope.connection)
    return sorted(names)


_WATCHERS = "microsoft.network/networkwatchers"
IN_USE: Mapping[str, Callable[[Scope, Listing], Any]] = MappingProxyType(
    {
        "regions": _regions_in_use,
        "watched_regions": _watched_regions,
        "machines": _count("microsoft.compute/virtualmachines"),
        "bastions": _count("microsoft.network/bastionhosts"),
        "application_insights": _count("microsoft.insights/components"),
    }
)


def _list(scope: Scope, below: str, version: str) -> list[Any]:
    return list(scope.connection.pages(f"/subscriptions/{scope.subscription.id}/{below}", version))


def _alerts(scope: Scope, answers: list[Any]) -> list[Any]:
    """Alerts on the whole subscription that are on: the operation or category, and if an action group is notified."""
    # An alert on a resource group would miss changes in the others.
    whole = f"/subscriptions/{scope.subscription.id}"
    return ordered(
        {"name": alert.get("name"), **watched, "acts": bool(at(alert, "properties.actions.actionGroups"))}
        for alert in answers
        # Left out, it counts as on: the specification's default is true.
        if at(alert, "properties.enabled") is not False
        and whole in [str(place).lower().rstrip("/") for place in at(alert, "properties.scopes") or ()]
        for watched in watched_by(at(alert, "properties.condition.allOf") or ())
    )


def _integrations(answers: list[Any]) -> dict[str, Any]:
    """Which other products of Microsoft get Defender's data (``WDATP`` is Defender for Endpoint), and if they do."""
    return {
        str(setting.get("name")): at(setting, "properties.enabled")
        for setting in sorted(answers, key=lambda setting: str(setting.get("name")))
    }


def _contacts(answers: list[Any]) -> list[Any]:
    """Whom Defender writes to, by role and by address. Addresses are counted, not stored: they are of persons."""
    return ordered(
        {
            "enabled": at(contact, "properties.isEnabled"),
            "addresses": len(
                [text for text in re.split("[;,]", str(at(contact, "properties.emails") or "")) if text.strip()]
            ),
            "roles": ordered(at(contact, "properties.notificationsByRole.roles")),
            "roles_state": at(contact, "properties.notificationsByRole.state"),
            "alert_severity": _source(contact, "Alert", "minimalSeverity"),
            "attack_path_risk": _source(contact, "AttackPath", "minimalRiskLevel"),
        }
        for contact in answers
    )


def _source(contact: Mapping[str, Any], kind: str, name: str) -> Any:
    sources = at(contact, "properties.notificationsSources") or ()
    return next((source.get(name) for source in sources if source.get("sourceType") == kind), None)


def _of_plans(answer: Mapping[str, Any], fact: str) -> dict[str, Any]:
    """By plan: of its tier, ``Standard`` is on and ``Free`` is off; a list without pages."""
    return {
        str(plan.get("name")): at(plan, f"properties.{fact}")
        for plan in sorted(answer.get("value") or (), key=lambda plan: str(plan.get("name")))
    }
