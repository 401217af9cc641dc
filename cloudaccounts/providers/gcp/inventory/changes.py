"""What changed since a time, by Cloud Audit Logs: Admin Activity and System Event, which are always on. No Django.

https://cloud.google.com/logging/docs/audit and https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list

- Entries usually arrive within seconds, which Google does not promise. So the log is read from `LATE` before the time
  on; a change whose entry is later still is found by the next full scan.
- Only units of `COVERED` are ever in the answer. The others change without an entry in these logs: BigQuery's tables by
  queries and images by pushes (Data Access logs), versions of keys by their schedule, secrets and clusters by their
  expiry, service account keys by their age, and what the project inherits by changes of those above it.
- A unit whose assets carry facts of another service is read again when that one changed (`_FACTS_OF`).
- Entries are kept for 400 days: for an older time the answer is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.providers.gcp.client import Connection

LATE = timedelta(minutes=10)
KEPT = timedelta(days=399)
POLICIES = "iam-policy"
PROJECT = "cloudresourcemanager"
COVERED = frozenset(
    {
        *(POLICIES, "serviceusage", "compute", "storage", "container", "sqladmin", "pubsub", "run"),
        *("cloudfunctions", "appengine", "apikeys", "dns", "logging", "monitoring", "redis", "spanner"),
    }
)
# Services whose name in the log differs from that in asset types.
_ALSO_CALLED = {"cloudsql": "sqladmin", "servicemanagement": "serviceusage"}
# The project's policy is an asset, and facts from it are on the project and on service accounts (see `relations`).
_OF_POLICY = (POLICIES, PROJECT, "iam")
EVERYTHING = "*"
# See `joins` and `relations`; the project's own unit is always read.
_FACTS_OF = {"dns": ("compute",), "logging": ("storage",), "run": ("cloudfunctions",)}


def unchanged(
    connection: Connection, project_id: str, units: Sequence[ScanUnit], since: datetime
) -> frozenset[ScanUnit]:
    """Raises the SDK's errors where the log cannot be read."""
    now = datetime.now(UTC)
    # A time in the future can only come from a wrong clock: nothing can be said then.
    if since < now - KEPT or since > now:
        return frozenset()
    entries = connection.audit_entries(project_id, since - LATE)
    changed = services_of(entries)
    if EVERYTHING in changed:
        return frozenset()
    return frozenset(unit for unit in units if unit.service in COVERED - changed)


def services_of(entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The services whose units the entries may have changed; `EVERYTHING` where one cannot be understood."""
    services: set[str] = set()
    for entry in entries:
        payload = entry.get("protoPayload")
        name = payload.get("serviceName") if isinstance(payload, Mapping) else None
        # An entry that cannot be understood may be about anything.
        if not isinstance(payload, Mapping) or not isinstance(name, str) or not name:
            return frozenset({EVERYTHING})
        service = name.partition(".")[0]
        changed = _ALSO_CALLED.get(service, service)
        # What carries facts of the changed service is read again as well.
        services.update((changed, *_FACTS_OF.get(changed, ())))
        method = str(payload.get("methodName", "")).lower()
        # A policy may be set through any service: SetIamPolicy is a method of each.
        if "iam" in method or service in (PROJECT, "iam"):
            services.update(_OF_POLICY)
    return frozenset(services)
