"""Which of a project's Data Access logs are on, by its own policy: Cloud Asset's searches leave that out. No Django.

What the organization and folders add is not visible here: https://cloud.google.com/logging/docs/audit/configure-data-access
"""

from __future__ import annotations

from typing import Any

from cloudaccounts.providers.gcp.client import Connection, patient

_KINDS = {1: "ADMIN_READ", 2: "DATA_WRITE", 3: "DATA_READ"}


def audit_configs(connection: Connection, project_id: str, *, timeout: float, patience: float) -> list[dict[str, Any]]:
    """Raises the SDK's errors."""
    policy = connection.projects.get_iam_policy(
        resource=f"projects/{project_id}", retry=patient(patience), timeout=timeout
    )
    found = [
        {
            "service": config.service,
            "types": sorted(_KINDS.get(one.log_type, "OTHER") for one in config.audit_log_configs),
            "exempted": sorted(member for one in config.audit_log_configs for member in one.exempted_members),
        }
        for config in policy.audit_configs
    ]
    return sorted(found, key=lambda config: str(config["service"]))
