"""Which changes an alert on the Activity Log tells of, by its conditions as Azure answers them."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.providers.azure.inventory.alerts import watched_by

WRITE, DELETE = "Microsoft.Network/networkSecurityGroups/write", "Microsoft.Network/networkSecurityGroups/delete"
SOLUTION = "Microsoft.Security/securitySolutions/write"
BOTH = [{"operation": DELETE.lower()}, {"operation": WRITE.lower()}]
ONE, NONE = [{"operation": WRITE.lower()}], list[dict[str, str]]()
ALL = [{"category": "administrative"}]
KINDS = ("Security", "Incident")
HEALTH = [{"category": "servicehealth"}]


def is_(field: str, value: str) -> dict[str, Any]:
    return {"field": field, "equals": value}


def one_of(field: str, *values: str) -> dict[str, Any]:
    return {"field": field, "containsAny": list(values)}


def any_of(*leaves: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(leaves)}


ADMINISTRATIVE, OPERATION = is_("category", "Administrative"), is_("operationName", WRITE)


@pytest.mark.parametrize(
    ("conditions", "watched"),
    [
        ([ADMINISTRATIVE, OPERATION], ONE),
        ([is_("Category", "administrative"), is_("OPERATIONNAME", WRITE.upper())], ONE),
        ([OPERATION], ONE),
        # Several operations in one alert, in each of the two ways that Azure has for it.
        ([ADMINISTRATIVE, any_of(OPERATION, is_("operationName", DELETE))], BOTH),
        ([ADMINISTRATIVE, one_of("operationName", WRITE, DELETE)], BOTH),
        # What holds for every such change narrows nothing.
        ([OPERATION, is_("resourceType", "Microsoft.Network/networkSecurityGroups")], ONE),
        ([OPERATION, is_("resourceProvider", "Microsoft.Network")], ONE),
        # What leaves some out is no answer to who hears of the change.
        ([ADMINISTRATIVE, OPERATION, is_("status", "Succeeded")], NONE),
        ([ADMINISTRATIVE, OPERATION, any_of(is_("status", "Failed"), is_("status", "Started"))], NONE),
        ([ADMINISTRATIVE, OPERATION, is_("level", "Informational")], NONE),
        ([ADMINISTRATIVE, OPERATION, is_("level", "Error")], NONE),
        ([ADMINISTRATIVE, OPERATION, is_("resourceGroup", "web")], NONE),
        ([ADMINISTRATIVE, OPERATION, is_("caller", "somebody@example.com")], NONE),
        ([ADMINISTRATIVE, OPERATION, is_("resourceType", "Microsoft.Sql/servers")], NONE),
        ([ADMINISTRATIVE, OPERATION, is_("operationName", DELETE)], NONE),
        ([is_("category", "Policy"), OPERATION], NONE),
        # Without an operation, all of them.
        ([ADMINISTRATIVE], ALL),
        ([one_of("category", "Security", "Administrative")], ALL),
        ([any_of(is_("category", "Policy"), ADMINISTRATIVE)], ALL),
        ([ADMINISTRATIVE, is_("resourceGroup", "web")], NONE),
        ([ADMINISTRATIVE, is_("level", "Error")], NONE),
        ([ADMINISTRATIVE, is_("category", "Policy")], NONE),
        ([is_("category", "Policy")], NONE),
        ([], NONE),
        ([ADMINISTRATIVE, {"field": "operationName"}], NONE),
        ([is_("category", "Security"), is_("operationName", SOLUTION)], NONE),
        # Service health: the category alone, or with kinds of events of which incidents are one.
        ([is_("category", "ServiceHealth")], HEALTH),
        ([is_("category", "ServiceHealth"), is_("properties.incidentType", "Incident")], HEALTH),
        ([is_("category", "ServiceHealth"), one_of("properties.incidentType", "Security", "Incident")], HEALTH),
        ([is_("category", "ServiceHealth"), any_of(*(is_("properties.incidentType", kind) for kind in KINDS))], HEALTH),
        ([is_("category", "ServiceHealth"), is_("properties.incidentType", "Maintenance")], NONE),
        ([is_("category", "ServiceHealth"), one_of("properties.impactedServices[*].ServiceName", "SQL")], NONE),
    ],
)
def test_an_alert_counts_by_what_it_takes(conditions: list[dict[str, Any]], watched: list[dict[str, str]]) -> None:
    assert watched_by(conditions) == watched
    assert watched_by(conditions[::-1]) == watched
