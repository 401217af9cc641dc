"""What watches the subscription as a whole: its Activity Log's exports and alerts, and the plans of Microsoft Defender.

https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/list-by-subscription-id (version 2020-10-01) and
https://learn.microsoft.com/rest/api/defenderforcloud/pricings/list (version 2024-01-01)

Neither is a resource of Azure's with an id: each is one asset of ours, with an id below the subscription's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import ordered, with_unreadable
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import GLOBAL, READ_ERRORS, Scope, at, failure
from cloudaccounts.providers.azure.inventory.details import DIAGNOSTICS, DIAGNOSTICS_VERSION

SERVICE = "monitoring"
_ALERTS_VERSION = "2020-10-01"
_PLANS_VERSION = "2024-01-01"


def collect(scope: Scope) -> Iterator[Asset]:
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
    yield _asset(
        scope,
        "azure.monitoring.defender",
        "Microsoft.Security/pricings",
        "Microsoft Defender for Cloud",
        {"plans": lambda: _plans(scope.connection.get(f"{base}/Microsoft.Security/pricings", _PLANS_VERSION))},
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


def _list(scope: Scope, below: str, version: str) -> list[Any]:
    return list(scope.connection.pages(f"/subscriptions/{scope.subscription.id}/{below}", version))


def _alerts(scope: Scope, answers: list[Any]) -> list[Any]:
    """Alerts on the whole subscription that are on: the operation, and whether an action group is notified."""
    # An alert on a resource group would miss changes in the others.
    whole = f"/subscriptions/{scope.subscription.id}"
    return ordered(
        {"name": alert.get("name"), "operation": operation, "acts": bool(at(alert, "properties.actions.actionGroups"))}
        for alert in answers
        if at(alert, "properties.enabled") is not False
        and whole in [str(place).lower().rstrip("/") for place in at(alert, "properties.scopes") or ()]
        for operation in _operations(at(alert, "properties.condition.allOf") or ())
    )


def _operations(conditions: Any) -> list[str]:
    """All conditions must hold: one that narrows further (a status, a resource group) would miss other changes."""
    fields = {
        str(condition.get("field", "")).lower(): str(condition.get("equals", "")).lower() for condition in conditions
    }
    narrow = set(fields) - {"category", "operationname"}
    return [fields["operationname"]] if "operationname" in fields and not narrow else []


def _plans(answer: Mapping[str, Any]) -> dict[str, Any]:
    """``Standard`` is on, ``Free`` is off; a list without pages."""
    return {
        str(plan.get("name")): at(plan, "properties.pricingTier")
        for plan in sorted(answer.get("value") or (), key=lambda plan: str(plan.get("name")))
    }
