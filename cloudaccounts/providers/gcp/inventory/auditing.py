"""Which Data Access logs are on, by the policies of the project and of all above it. No Django.

Cloud Asset's searches leave these settings out. What is on in a folder or the organization cannot be switched off below
it (https://cloud.google.com/logging/docs/audit/configure-data-access, "Configuration overview"), so the effective
setting is what all of the policies have together.
"""

from __future__ import annotations

from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.client import Connection, retry_for
from cloudaccounts.providers.gcp.errors import SDK_ERRORS

_KINDS = {1: "ADMIN_READ", 2: "DATA_WRITE", 3: "DATA_READ"}
_TOP = "organizations/"
SOMEWHERE_ABOVE = "what lies above"  # a folder or organization whose name is not known


def audit_configs(connection: Connection, project_id: str, *, timeout: float, patience: float) -> list[dict[str, Any]]:
    """Of the project's own policy. Raises the SDK's errors."""
    return _of_policy(connection.projects, f"projects/{project_id}", timeout, patience)


def audit_configs_above(
    connection: Connection, project: Asset, *, timeout: float, patience: float
) -> dict[str, list[Any]]:
    """``configs`` of the policies that may be read, each with its place; ``unread`` names the places of the others.

    A refusal is no failure: most set-ups grant nothing above the project.
    """
    configs: list[dict[str, Any]] = []
    places = places_above(project)
    for number, place in enumerate(places):
        if place == SOMEWHERE_ABOVE:
            return {"configs": configs, "unread": [place]}
        client = connection.organizations if place.startswith(_TOP) else connection.folders
        try:
            configs += ({"place": place, **config} for config in _of_policy(client, place, timeout, patience))
        except SDK_ERRORS:
            # Roles are inherited downwards: whoever is refused here has no role above either, so no call is wasted.
            return {"configs": configs, "unread": list(places[number:])}
    return {"configs": configs, "unread": []}


def places_above(project: Asset) -> tuple[str, ...]:
    """Folders and the organization, the nearest first."""
    ancestors = project.properties.get("ancestors")
    listed = tuple(str(name) for name in ancestors) if isinstance(ancestors, list) else ()
    if not project.properties.get("parent") and not listed:
        return ()
    return listed if listed and listed[-1].startswith(_TOP) else (*listed, SOMEWHERE_ABOVE)


def _of_policy(client: Any, resource: str, timeout: float, patience: float) -> list[dict[str, Any]]:
    policy = client.get_iam_policy(resource=resource, retry=retry_for(patience), timeout=timeout)
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
