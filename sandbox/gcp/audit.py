"""Admin Activity as Cloud Logging keeps it: what was changed through the control API, as LogEntry with an AuditLog.

https://cloud.google.com/logging/docs/audit/understanding-audit-logs; the shapes of request and answer are held against
the discovery document by a test.
"""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.gcp.directory import Project
from sandbox.gcp.errors import GoogleError

# The one filter that is simulated, because the product sends no other: some logs, from a time on.
_FILTER = re.compile(r'logName=\(([^()]+)\) AND timestamp>="([^"]+)"')
_LOG = re.compile(r'"projects/([a-z0-9-]+)/logs/cloudaudit\.googleapis\.com%2F([a-z_]+)"')


def record(
    project: Project,
    service: str,
    method: str,
    resource: str = "",
    *,
    minutes_ago: float = 0,
    log: str = "activity",
) -> None:
    """`service` as in storage.googleapis.com, `method` as its API calls it."""
    when = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat().replace("+00:00", "Z")
    project.entries.append(
        {
            "insertId": uuid.uuid4().hex[:14],
            "logName": f"projects/{project.id}/logs/cloudaudit.googleapis.com%2F{log}",
            "timestamp": when,
            "receiveTimestamp": when,
            "severity": "NOTICE",
            "resource": {"type": "audited_resource", "labels": {"project_id": project.id, "service": service}},
            "protoPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "serviceName": service,
                "methodName": method,
                "resourceName": resource or f"projects/{project.id}",
                "authenticationInfo": {"principalEmail": "ana.lopez@meadowlark.example"},
            },
        }
    )


def selected(project: Project, question: str) -> list[dict[str, Any]]:
    """The newest first. Raises GoogleError for a filter that is not simulated."""
    match = _FILTER.fullmatch(question)
    logs = match[1].split(" OR ") if match else []
    named = [_LOG.fullmatch(log) for log in logs]
    if match is None or not all(log and log[1] == project.id for log in named):
        raise GoogleError("INVALID_ARGUMENT", "Unparseable filter.")
    try:
        since = datetime.fromisoformat(match[2])
    except ValueError:
        raise GoogleError("INVALID_ARGUMENT", "Unparseable filter: timestamp.") from None
    # By log and project: Data Access logs are other logs, which the product's roles do not open
    # (docs/decisions/0020).
    log_names = {f"projects/{log[1]}/logs/cloudaudit.googleapis.com%2F{log[2]}" for log in named if log}
    return [
        entry
        for entry in reversed(project.entries)
        if entry["logName"] in log_names and datetime.fromisoformat(entry["timestamp"]) >= since
    ]
