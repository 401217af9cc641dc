"""Which of a project's Data Access logs are on, by its own policy, which Cloud Asset's searches leave out. No Django.

What the organization and folders add is not visible here:
https://cloud.google.com/logging/docs/audit/configure-data-access
"""

from __future__ import annotations

from typing import Any

from cloudaccounts.providers.gcp.client import Connection, retry_for

_KINDS = {1: "ADMIN_READ", 2: "DATA_WRITE", 3: "DATA_READ"}


def audit_configs(connection: Connection, project_id: str, *, timeout: float, patience: float) -> list[dict[str, Any]]:
    """Raises the SDK's errors."""
    policy = connection.projects.get_iam_policy(
        resource=f"projects/{project_id}", retry=retry_for(patience), timeout=timeout
    )
    configs = [
        {
            "service": config.service,
            # A kind that is new is kept as OTHER: a rule that looks for three must not count it as one of them.
            "types": sorted(_KINDS.get(log_config.log_type, "OTHER") for log_config in config.audit_log_configs),
            "exempted": sorted(
                member for log_config in config.audit_log_configs for member in log_config.exempted_members
            ),
        }
        for config in policy.audit_configs
    ]
    return sorted(configs, key=lambda config: str(config["service"]))
