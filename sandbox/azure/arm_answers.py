"""The JSON that Azure Resource Manager answers with.

Shapes: the models of azure-mgmt-resource and azure-mgmt-resource-subscriptions, and Microsoft's REST specifications
(https://github.com/Azure/azure-rest-api-specs) for Microsoft.Authorization.
"""

import re
from collections.abc import Sequence
from typing import Any

from sandbox.azure import access
from sandbox.azure.clouds import ALWAYS_REGISTERED, LOCATIONS, OLDER, TYPES
from sandbox.azure.directory import App, Subscription
from sandbox.azure.errors import ArmError
from sandbox.azure.query import Query


def tenant(app: App) -> dict[str, Any]:
    return {
        "id": f"/tenants/{app.tenant.id}",
        "tenantId": app.tenant.id,
        "countryCode": "DE",
        "displayName": app.tenant.name,
        "domains": [app.tenant.domain],
        "tenantCategory": "Home",
        "defaultDomain": app.tenant.domain,
        "tenantType": "AAD",
    }


def subscription(shown: Subscription) -> dict[str, Any]:
    return {
        "id": shown.scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "tags": dict(shown.tags),
        "subscriptionId": shown.id,
        "tenantId": shown.tenant.id,
        "displayName": shown.name,
        "state": shown.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def locations(subscription: Subscription) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{subscription.scope}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": label,
            "regionalDisplayName": f"({group}) {label}",
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended", "geographyGroup": group},
        }
        for name, label, group in LOCATIONS[subscription.tenant.cloud]
        if name in subscription.locations
    ]


def tracked_resources(query: Query, subscription: Subscription) -> list[dict[str, Any]]:
    """Resources as the list of all of them shows them: without properties, and without untracked children."""
    shown = []
    expand = {column.strip() for column in query.parameters.get("$expand", "").split(",")}
    for resource in subscription.resources.values():
        if "location" not in resource:  # children and extensions have none, and are not tracked
            continue
        # The list of everything carries no properties in Azure either: that is why the inventory asks each type for
        # itself.
        item = {
            key: value for key, value in resource.items() if key not in ("properties", "createdTime", "changedTime")
        }
        # These three come only with `$expand`, as the specification of Resources_List says.
        item |= {key: resource[key] for key in ("createdTime", "changedTime") if key in expand and key in resource}
        if "provisioningState" in expand:
            item["provisioningState"] = resource.get("properties", {}).get("provisioningState", "Succeeded")
        shown.append(item)
    return shown


def filtered(query: Query, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Applies `$filter`: two simple forms of the many that Azure has. Any other is refused rather than ignored."""
    expression = query.parameters.get("$filter", "")
    match = re.fullmatch(r"(resourceType|location) eq '([^']*)'", expression)
    if not expression:
        return items
    if match is None:
        raise ArmError(
            "InvalidFilterInQueryString", f"Invalid $filter '{expression}' specified in the query string.", 400
        )
    key = "type" if match[1] == "resourceType" else "location"
    return [item for item in items if item[key].lower() == match[2].lower()]


def resource_providers(subscription: Subscription) -> list[dict[str, Any]]:
    return [resource_provider(subscription, namespace) for namespace in (*ALWAYS_REGISTERED, *TYPES)]


# Registered or not decides whether a type can be listed at all; the product tells "not registered" apart from
# "nothing there".
def resource_provider(subscription: Subscription, namespace: str) -> dict[str, Any]:
    state = "Registered" if namespace in ALWAYS_REGISTERED else subscription.providers.get(namespace)
    if state is None:
        text = f"The resource namespace '{namespace}' is invalid."
        raise ArmError("InvalidResourceNamespace", text, 404)
    types = [
        {
            "resourceType": name,
            "locations": [label for _, label, _ in LOCATIONS[subscription.tenant.cloud]],
            "apiVersions": OLDER.get(version, [f"{version}-preview", version, "2020-01-01"]),
            "defaultApiVersion": version,
            "capabilities": "None",
        }
        for name, version in TYPES.get(namespace, {}).items()
    ]
    return {
        "id": f"{subscription.scope}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": state,
        "registrationPolicy": "RegistrationRequired" if namespace in TYPES else "RegistrationFree",
    }


def authorization(query: Query, subscription: Subscription, app: App, rest: list[str]) -> Sequence[Any]:
    base = f"{subscription.scope}/providers/Microsoft.Authorization"
    if rest == ["permissions"]:
        return [role.entry() for role in access.roles_of(subscription, app)]
    if rest == ["denyassignments"]:
        # The product must not rely on what the page does not say: that this filter names what is denied to everybody.
        own = re.search(r"assignedto\('([^']*)'\)", query.parameters.get("$filter", "").lower())
        return [
            {
                "id": f"{base}/denyAssignments/{index}",
                "name": str(index),
                "type": "Microsoft.Authorization/denyAssignments",
                "properties": denial,
            }
            for index, denial in enumerate(subscription.denials)
            if own is None or access.is_assigned(subscription, denial, own[1], everyone=False)
        ]
    if rest == ["roleassignments"]:
        # `atScope()` leaves out assignments below the scope, on groups and resources. Inherited ones stay, as in
        # Azure: https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
        at_scope = "atscope()" in query.parameters.get("$filter", "").lower()
        return [
            _role_assignment(subscription, assignment)
            for assignment in subscription.assignments
            if not at_scope or not assignment.scope.lower().startswith(f"{subscription.scope}/")
        ]
    if rest == ["roledefinitions"]:
        roles = {
            role.id: role for role in (*access.BUILT_IN, *(assignment.role for assignment in subscription.assignments))
        }
        return [_role_definition(subscription, role) for role in roles.values()]
    # The four lists above are all that the product asks of Microsoft.Authorization.
    raise LookupError(query.path)


def _role_assignment(subscription: Subscription, assignment: Any) -> dict[str, Any]:
    base = "" if assignment.scope == "/" else assignment.scope
    definitions = f"{subscription.scope}/providers/Microsoft.Authorization/roleDefinitions"
    return {
        "id": f"{base}/providers/Microsoft.Authorization/roleAssignments/{assignment.id}",
        "name": assignment.id,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"{definitions}/{assignment.role.id}",
            "principalId": assignment.principal_id,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            # Azure writes null for what is not set, where other types leave the field out: readers have to stand
            # both.
            "condition": None,
            "conditionVersion": None,
            "createdOn": "2024-05-02T09:14:31.2340000Z",
            "updatedOn": "2024-05-02T09:14:31.2340000Z",
            "createdBy": None,
            "updatedBy": None,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
    }


def _role_definition(subscription: Subscription, role: Any) -> dict[str, Any]:
    return {
        "id": f"{subscription.scope}/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "CustomRole" if role.custom else "BuiltInRole",
            "description": role.description,
            "assignableScopes": [subscription.scope if role.custom else "/"],
            "permissions": [role.entry()],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2024-01-12T16:04:00.0000000Z",
        },
    }
