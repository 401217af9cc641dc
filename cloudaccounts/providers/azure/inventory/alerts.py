"""Which changes an alert on the Activity Log tells of: by what its conditions take, not by how they are written.

All conditions have to hold; each is one comparison, or several of which one is enough, and compares with one value or a
list: https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/create-or-update (version 2020-10-01)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Leaf = Mapping[str, Any]
SERVICE_HEALTH = "servicehealth"
ADMINISTRATIVE = "administrative"


def watched_by(conditions: Sequence[Leaf]) -> list[dict[str, str]]:
    """Operations that it tells of wherever and by whomever they are done, or a category as a whole.

    The category Administrative alone holds every operation:
    https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema#administrative-category
    """
    alternatives = [condition.get("anyOf") or [condition] for condition in conditions]
    if any(_field(leaf) == "category" and _values(leaf) == {SERVICE_HEALTH} for [leaf, *_] in alternatives):
        others = [leaves for leaves in alternatives if {_field(leaf) for leaf in leaves} != {"category"}]
        return [{"category": SERVICE_HEALTH}] if all(map(_tells_of_incidents, others)) else []
    if alternatives and all(any(_is_administrative(leaf) for leaf in leaves) for leaves in alternatives):
        return [{"category": ADMINISTRATIVE}]
    named = {
        operation
        for leaves in alternatives
        for leaf in leaves
        if _field(leaf) == "operationname"
        for operation in _values(leaf)
    }
    return [
        {"operation": operation}
        for operation in sorted(named)
        if all(any(_takes(leaf, operation) for leaf in leaves) for leaves in alternatives)
    ]


def _is_administrative(leaf: Leaf) -> bool:
    return _field(leaf) == "category" and ADMINISTRATIVE in _values(leaf)


def _takes(leaf: Leaf, operation: str) -> bool:
    """Whether the comparison holds for every event of the operation.

    Any other field (a resource group, who did it) leaves events out; so do a level and a status, without which the
    benchmark wants such alerts (CIS Azure 6.0, 6.1.2). Changes are logged as administrative ones:
    https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema#administrative-category
    """
    event = {
        "category": {ADMINISTRATIVE},
        "operationname": {operation},
        "resourceprovider": {operation.partition("/")[0]},
        "resourcetype": {operation.rpartition("/")[0]},
    }
    return bool(event.get(_field(leaf), set()) & _values(leaf))


def _tells_of_incidents(leaves: Sequence[Leaf]) -> bool:
    """Whether it only chooses kinds of events, incidents among them, as the portal writes it.

    https://learn.microsoft.com/azure/service-health/alerts-activity-log-service-notifications-arm
    """
    kinds = {value for leaf in leaves for value in _values(leaf)}
    return {_field(leaf) for leaf in leaves} == {"properties.incidenttype"} and "incident" in kinds


def _field(leaf: Leaf) -> str:
    return str(leaf.get("field", "")).lower()


def _values(leaf: Leaf) -> set[str]:
    several = leaf.get("containsAny")
    values = several if isinstance(several, list) and several else [leaf.get("equals", "")]
    return {str(value).lower() for value in values} - {""}
