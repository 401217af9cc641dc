"""The subscription, and who may do what in it: role assignments at its scope and above, and the customer's own roles.

https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-subscription (version 2022-04-01)

One unit, which every scan reads: what is assigned above the subscription is logged above it, so that the subscription's
own log cannot say that nothing was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory.common import GLOBAL, READ_ERRORS, Scope, at, failure, tags_of

API_VERSION = "2022-04-01"
SERVICE = "authorization"
_SINGLE = ("User", "ServicePrincipal")
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"  # the built-in role's id, the same everywhere


def collect(scope: Scope) -> Iterator[Asset]:
    """Raises `ProviderError`, after what could be read. Where roles may not be read, assignments lack their names."""
    listed_roles, roles_error = _list(scope, "roleDefinitions")
    # By the last part: a role's id is written with the scope from which it was asked, the part behind it never
    # changes.
    roles = {str(role.get("id", "")).rsplit("/", 1)[-1].lower(): role for role in listed_roles}
    # atScope() includes assignments above the subscription, and leaves out those on single resources.
    assignments, assignments_error = _list(scope, "roleAssignments", **{"$filter": "atScope()"})
    yield _subscription(scope, assignments, assignments_error)
    # Built-in roles are the same in every subscription: as assets they would only be noise.
    yield from (_role(scope, role) for role in roles.values() if at(role, "properties.type") == "CustomRole")
    yield from (_assignment(scope, item, roles, roles_error) for item in assignments)
    # At the end, so that what was read is kept; the unit then counts as failed, and nothing is taken to be deleted.
    if assignments_error or roles_error:
        raise assignments_error or roles_error  # type: ignore[misc] # one of them is an error


def _list(scope: Scope, what: str, **parameters: str) -> tuple[list[dict[str, Any]], ProviderError | None]:
    """All that could be read before the error, where there is one."""
    path = f"/subscriptions/{scope.subscription.id}/providers/Microsoft.Authorization/{what}"
    items: list[dict[str, Any]] = []
    try:
        items += (item for item in scope.connection.pages(path, API_VERSION, **parameters))
    except READ_ERRORS as error:
        return items, failure(error, f"Microsoft.Authorization/{what}/read")
    return items, None


def _subscription(scope: Scope, assignments: Sequence[Mapping[str, Any]], error: ProviderError | None) -> Asset:
    """``owners`` are the principals with the role Owner here or above; ``owner_groups`` are those that are groups."""
    subscription = scope.subscription
    held = [item for item in assignments if _role_id(item) == OWNER]
    owners = {str(at(item, "properties.principalId")) for item in held}
    # Whatever is no single identity may be any number of people.
    groups = {
        str(at(item, "properties.principalId")) for item in held if at(item, "properties.principalType") not in _SINGLE
    }
    properties: dict[str, Any] = {
        "state": subscription.state,
        "tenant_id": subscription.tenant_id,
        "cloud": scope.connection.cloud.name,
        "owners": None if error else sorted(owners),
        "owner_groups": None if error else sorted(groups),
    }
    # No owner is not the same as owners that could not be read: rules about them are unknown then.
    if error is not None:
        properties[UNREADABLE] = dict.fromkeys(("owners", "owner_groups"), error.code)
    return Asset(
        type="azure.resources.subscription",
        service=SERVICE,
        region=GLOBAL,
        native_id=f"/subscriptions/{subscription.id}",
        name=subscription.name,
        tags=tags_of(subscription.tags),
        properties=properties,
    )


def _role_id(item: Mapping[str, Any]) -> str:
    return str(at(item, "properties.roleDefinitionId") or "").rsplit("/", 1)[-1].lower()


def _assignment(
    scope: Scope, item: Mapping[str, Any], roles: Mapping[str, Mapping[str, Any]], roles_error: ProviderError | None
) -> Asset:
    role_id = _role_id(item)
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
    if roles_error is not None:
        properties[UNREADABLE] = {"role_name": roles_error.code}
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
            "assignable_scopes": [str(place).lower() for place in ordered(at(role, "properties.assignableScopes"))],
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
