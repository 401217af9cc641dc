"""What changed since a time, by the subscription's Activity Log: writes, deletions and actions, by resource.

https://learn.microsoft.com/rest/api/monitor/activity-logs/list (version 2015-04-01)

- Events can be late, usually 3 to 20 minutes (https://learn.microsoft.com/azure/azure-monitor/platform/activity-log).
  So the log is read from `LATE` before the time on. A change of the last minutes that is not in it yet is found by the
  next incremental scan, which reads this stretch of time again.
- An event names the resource and not its region: all regions of its service count as changed.
- What is assigned above the subscription is logged above it, and the tenant has a log of its own: the units of access
  and of the directory never count as unchanged.
- What is created or deleted anywhere can change which regions and tools are in use, which `monitoring` collects.
- Events are kept for 90 days: for an older time the answer is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.inventory import access, directory, monitoring
from cloudaccounts.providers.azure.inventory.common import OTHER, Scope, at, service_of

API_VERSION = "2015-04-01"
LATE = timedelta(minutes=20)
KEPT = timedelta(days=89)  # Azure keeps 90
_FIELDS = "operationName,resourceId,status"
_CHANGING = ("/write", "/delete", "/action")
# Events of these change what `monitoring` collects, in addition to resources of their own.
_MONITORS = ("microsoft.insights", "microsoft.security")
EVERYTHING = "*"
_ALWAYS = frozenset({access.SERVICE, directory.SERVICE})


def unchanged(scope: Scope, units: Sequence[ScanUnit], since: datetime) -> frozenset[ScanUnit]:
    """Raises `ProviderError` where the log cannot be read."""
    now = datetime.now(UTC)
    # A time in the future can only come from a wrong clock: nothing can be said then.
    if since < now - KEPT or since > now:
        return frozenset()
    try:
        changed = {service for event in _events(scope, since - LATE) for service in services_of(event)}
    except (AzureError, ProviderError) as error:
        raise explain(error, "Microsoft.Insights/eventtypes/values/read") from None
    if EVERYTHING in changed:
        return frozenset()
    # `monitoring` counts resources of the whole subscription, so any change of one may change its facts.
    if any(service != access.SERVICE for service in changed):
        changed.add(monitoring.SERVICE)
    return frozenset(unit for unit in units if unit.service not in changed | _ALWAYS)


def _events(scope: Scope, since: datetime) -> Iterator[dict[str, Any]]:
    path = f"/subscriptions/{scope.subscription.id}/providers/Microsoft.Insights/eventtypes/management/values"
    begin = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # whole seconds, rounded down
    return scope.connection.pages(path, API_VERSION, **{"$filter": f"eventTimestamp ge '{begin}'", "$select": _FIELDS})


def services_of(event: Mapping[str, Any]) -> frozenset[str]:
    """The services whose units an event may have changed; `EVERYTHING` where that is not certain.

    Only events of failed operations are ignored: what was accepted may still be running.
    """
    operation = _text(event, "operationName").lower()
    # "Failed" is the end of an operation; "Started" and "Accepted" may still change something after the log was read.
    if not operation.endswith(_CHANGING) or _text(event, "status").lower() == "failed":
        return frozenset()
    resource = str(event.get("resourceId") or "").lower().strip("/")
    namespaces = [part.split("/", 1)[0] for part in f"/{resource}".split("/providers/")[1:]]
    # Without a resource it is not certain what was changed.
    if not resource or _moves_much(operation):
        return frozenset({EVERYTHING})
    # Of all namespaces on the way: tags, locks and diagnostic settings are written below what they are about.
    services = {service for namespace in namespaces for service in _services(namespace)}
    # Nothing on the way is a service of ours: then it is about a group or a tag, which OTHER holds.
    return frozenset(services) or frozenset({OTHER})


def _moves_much(operation: str) -> bool:
    """A deletion of a group, a move between groups, a change of the subscription: one event for many resources."""
    return operation in (
        "microsoft.resources/subscriptions/resourcegroups/delete",
        "microsoft.resources/subscriptions/write",
    ) or "moveresources" in operation.replace("/", "")


def _services(namespace: str) -> tuple[str, ...]:
    # Resource groups and tags: on the way to a resource they say nothing of its service.
    if namespace == "microsoft.resources":
        return ()
    if namespace == "microsoft.authorization":
        return (access.SERVICE,)
    own = service_of(namespace)
    return (own, monitoring.SERVICE) if namespace in _MONITORS else (own,)


def _text(event: Mapping[str, Any], name: str) -> str:
    """A localizable text: ``{value, localizedValue}``."""
    content = event.get(name)
    return str(at(content, "value") or "") if isinstance(content, Mapping) else str(content or "")
