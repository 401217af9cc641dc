"""What changed since a moment, by Cloud Audit Logs: Admin Activity and System Event, which are always on. No Django.

https://cloud.google.com/logging/docs/audit and https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list

- Entries arrive within seconds as a rule, without a promise: the log is read from `LATE` before the moment on, and what
  arrives later still is found by the full scan.
- Only units of `COVERED` are ever in the answer. The others change without an entry of these logs: BigQuery's tables by
  queries and images by pushes (Data Access logs), keys' versions by their schedule, secrets and clusters by their
  expiry, service account keys by their age.
- Entries are kept for 400 days: for an older moment nothing is said.
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
        *(POLICIES, PROJECT, "serviceusage", "compute", "storage", "container", "sqladmin", "pubsub", "run"),
        *("cloudfunctions", "appengine", "apikeys", "dns", "logging", "redis", "spanner"),
    }
)
# Where the log's name of a service is another than that of its resources.
_ALSO_CALLED = {"cloudsql": "sqladmin", "servicemanagement": "serviceusage"}
# Facts of the project's policy stand on the project and on service accounts.
_OF_POLICY = (POLICIES, PROJECT, "iam")
EVERYTHING = "*"


def unchanged(
    connection: Connection, project_id: str, units: Sequence[ScanUnit], since: datetime
) -> frozenset[ScanUnit]:
    """Raises the SDK's errors where the log cannot be read."""
    now = datetime.now(UTC)
    if since < now - KEPT or since > now:
        return frozenset()
    entries = connection.audit_entries(project_id, since - LATE)
    changed = services_of(entries)
    if EVERYTHING in changed:
        return frozenset()
    return frozenset(unit for unit in units if unit.service in COVERED - changed)


def services_of(entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The services whose units the entries may have changed; `EVERYTHING` where one cannot be understood."""
    found: set[str] = set()
    for entry in entries:
        payload = entry.get("protoPayload")
        name = payload.get("serviceName") if isinstance(payload, Mapping) else None
        if not isinstance(payload, Mapping) or not isinstance(name, str) or not name:
            return frozenset({EVERYTHING})
        service = name.partition(".")[0]
        found.add(_ALSO_CALLED.get(service, service))
        method = str(payload.get("methodName", "")).lower()
        if "iam" in method or service in (PROJECT, "iam"):
            found.update(_OF_POLICY)
    return frozenset(found)
