"""Who may do what at the subscription: role assignments at its scope and above, and the customer's own roles.

https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-subscription (version 2022-04-01)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.exceptions import AzureError

from cloudaccounts.contract import Asset, ProviderError
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.inventory.common import GLOBAL, UNREADABLE, Scope, at, ordered

API_VERSION = "2022-04-01"
SERVICE = "authorization"


def collect(scope: Scope) -> Iterator[Asset]:
    """Raises `ProviderError`. Where roles may not be read, assignments are told without their roles' names."""
    unread: ProviderError | None = None
    roles: dict[str, Mapping[str, Any]] = {}
    try:
        roles = {str(role.get("id", "")).rsplit("/", 1)[-1].lower(): role for role in _list(scope, "roleDefinitions")}
    except (AzureError, ProviderError) as error:
        unread = explain(error, "Microsoft.Authorization/roleDefinitions/read")
    yield from (_role(scope, role) for role in roles.values() if at(role, "properties.type") == "CustomRole")
    try:
        for item in _list(scope, "roleAssignments", **{"$filter": "atScope()"}):
            yield _assignment(scope, item, roles, unread)
    except (AzureError, ProviderError) as error:
        raise explain(error, "Microsoft.Authorization/roleAssignments/read") from None
    if unread is not None:
        raise unread


def _list(scope: Scope, what: str, **parameters: str) -> Iterator[dict[str, Any]]:
    path = f"/subscriptions/{scope.subscription.id}/providers/Microsoft.Authorization/{what}"
    return scope.connection.pages(path, API_VERSION, **parameters)


def _assignment(
    scope: Scope, item: Mapping[str, Any], roles: Mapping[str, Mapping[str, Any]], unread: ProviderError | None
) -> Asset:
    role_id = str(at(item, "properties.roleDefinitionId") or "").rsplit("/", 1)[-1].lower()
    role_name = at(roles.get(role_id, {}), "properties.roleName")
    assigned_at = str(at(item, "properties.scope") or "").lower()
    properties: dict[str, Any] = {
        "role_id": role_id,
        "role_name": role_name,
        "principal_id": at(item, "properties.principalId"),
        "principal_type": at(item, "properties.principalType"),
        "scope": assigned_at,
        "inherited": assigned_at != f"/subscriptions/{scope.subscription.id}",
        "condition": at(item, "properties.condition"),
        "created_at": at(item, "properties.createdOn"),
    }
    if unread is not None:
        properties[UNREADABLE] = {"role_name": unread.code}
    principal = f"{properties['principal_type'] or 'Principal'} {properties['principal_id']}"
    return Asset(
        type="azure.authorization.role_assignment",
        service=SERVICE,
        region=GLOBAL,
        native_id=str(item.get("id", "")).lower(),
        name=f"{role_name or role_id}: {principal}",
        properties=properties,
    )


def _role(scope: Scope, role: Mapping[str, Any]) -> Asset:
    return Asset(
        type="azure.authorization.role_definition",
        service=SERVICE,
        region=GLOBAL,
        native_id=str(role.get("id", "")).lower(),
        name=str(at(role, "properties.roleName") or role.get("name", "")),
        properties={
            "description": at(role, "properties.description"),
            "assignable_scopes": [str(one).lower() for one in ordered(at(role, "properties.assignableScopes"))],
            "permissions": ordered(
                {
                    "actions": ordered(entry.get("actions")),
                    "not_actions": ordered(entry.get("notActions")),
                    "data_actions": ordered(entry.get("dataActions")),
                    "not_data_actions": ordered(entry.get("notDataActions")),
                }
                for entry in at(role, "properties.permissions") or ()
            ),
        },
    )
