"""The Activity Log: what was written through the control API, in the shape of EventData.

https://github.com/Azure/azure-rest-api-specs (specification/monitor/…/2015-04-01/activityLogs_API.json): `$filter` is
required and needs a beginning; `$select` names properties.
"""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.azure.directory import Subscription
from sandbox.azure.errors import ArmError

# Azure knows only a few fixed patterns here, and this is the one that the product sends: another must fail in
# tests rather than answer everything.
_FILTER = re.compile(r"eventTimestamp ge '([^']+)'(?: and eventTimestamp le '([^']+)')?")
_CALLER = "ana.lopez@larkfield.example"


def record(
    subscription: Subscription, operation: str, resource_id: str, *, status: str = "Succeeded", minutes_ago: float = 0
) -> None:
    """`operation` is what Azure calls it, such as Microsoft.Storage/storageAccounts/write."""
    when = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    event_id = str(uuid.uuid4())
    group = re.search("/resourcegroups/([^/]+)", resource_id, re.IGNORECASE)
    kind = operation.rsplit("/", 1)[0]
    subscription.events.append(
        {
            "authorization": {"action": operation, "scope": resource_id},
            "caller": _CALLER,
            "channels": "Operation",
            "correlationId": event_id,
            "description": "",
            "eventDataId": event_id,
            "eventName": _text("EndRequest", "End request"),
            "category": _text("Administrative"),
            "id": f"{resource_id}/events/{event_id}/ticks/638000000000000000",
            "level": "Informational",
            "resourceGroupName": group[1] if group else "",
            "resourceProviderName": _text(operation.split("/", 1)[0]),
            "resourceId": resource_id,
            "resourceType": _text(kind),
            "operationId": event_id,
            "operationName": _text(operation),
            "status": _text(status),
            "subStatus": _text(""),
            "eventTimestamp": when,
            "submissionTimestamp": when,
            "subscriptionId": subscription.id,
            "tenantId": subscription.tenant.id,
        }
    )


def selected(subscription: Subscription, parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The newest first. Raises ArmError."""
    match = _FILTER.fullmatch(parameters.get("$filter", ""))
    if match is None:
        raise ArmError("BadRequest", "The $filter must begin with eventTimestamp ge 'TIME'.", 400)
    try:
        begin, end = (datetime.fromisoformat(text) if text else datetime.now(UTC) for text in match.groups())
    except ValueError:
        raise ArmError("BadRequest", "The times of $filter could not be read.", 400) from None
    # Azure keeps the log for 90 days. An incremental scan that asks further back must meet a refusal, not an empty
    # list that reads as "nothing changed" (docs/decisions/0007-incremental-scans.md).
    if begin < datetime.now(UTC) - timedelta(days=90):
        raise ArmError("BadRequest", "The start time cannot be more than 90 days in the past.", 400)
    # `$select` is honoured, so that a field which the product reads without asking for it is missing here as it is in
    # Azure.
    names = {name.strip() for name in parameters.get("$select", "").split(",")} - {""}
    return [
        {name: value for name, value in event.items() if not names or name in names}
        for event in reversed(subscription.events)
        if begin <= datetime.fromisoformat(event["eventTimestamp"]) <= end
    ]


def _text(value: str, shown: str = "") -> dict[str, str]:
    return {"value": value, "localizedValue": shown or value}
