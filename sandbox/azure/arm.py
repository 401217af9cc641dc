"""Azure Resource Manager's part: subscriptions, resources, providers, access control; read-only.

Shapes: the models of azure-mgmt-resource and azure-mgmt-resource-subscriptions, and Microsoft's REST specifications
(https://github.com/Azure/azure-rest-api-specs) for Microsoft.Authorization and the types' own properties.
"""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.azure import access, activity, management
from sandbox.azure.clouds import ALWAYS_REGISTERED, LOCATIONS, OLDER, TYPES, Endpoint
from sandbox.azure.directory import App, Directory, Subscription
from sandbox.azure.errors import ArmError, is_uuid
from sandbox.azure.tokens import Tokens

PAGE = 20  # items; Azure's own pages hold up to 1,000, and small ones let paging be seen
_VERSIONS = {  # of what is no resource type of `clouds.TYPES`
    "subscriptions": ("2016-06-01", "2020-01-01", "2022-12-01"),
    "resources": ("2021-04-01", "2022-09-01", "2025-04-01"),
    "authorization": ("2018-07-01", "2022-04-01", "2022-05-01-preview"),
    "activity": ("2015-04-01",),
}


@dataclass(frozen=True)
class Query:
    """One request. `parts` is the path in its own spelling; `action` what Azure calls it."""

    endpoint: Endpoint
    path: str
    parameters: dict[str, str]

    @property
    def parts(self) -> list[str]:
        return [part for part in self.path.split("/") if part]

    @property
    def subscription_id(self) -> str:
        parts = self.parts
        return parts[1].lower() if len(parts) > 1 and parts[0].lower() == "subscriptions" else ""


def action_of(query: Query) -> str:
    """The action that Azure checks; for faults and the journal as well. Empty for what is not simulated."""
    parts = [part.lower() for part in query.parts]
    if parts in (["tenants"], ["subscriptions"]):
        return f"Microsoft.Resources/{parts[0]}/read"
    if parts[:1] == ["providers"]:
        return management.action_of(parts)
    if parts[:1] != ["subscriptions"]:
        return ""
    rest = query.parts[2:]
    if not rest:
        return "Microsoft.Resources/subscriptions/read"
    if len(rest) == 1:
        names = {"locations": "locations", "resourcegroups": "resourceGroups"}
        names |= {"resources": "resources", "providers": "providers"}
        found = names.get(rest[0].lower())
        return f"Microsoft.Resources/subscriptions/{found}/read" if found else ""
    places = [at for at, part in enumerate(rest) if part.lower() == "providers"]
    if not places:
        return "Microsoft.Resources/subscriptions/resourceGroups/read"
    tail = rest[places[-1] + 1 :]
    if len(tail) == 1:
        return "Microsoft.Resources/subscriptions/providers/read"
    return f"{_namespace(tail[0])}/{'/'.join(tail[1::2])}/read"


def _namespace(raw: str) -> str:
    known = [*TYPES, *ALWAYS_REGISTERED]
    return next((one for one in known if one.lower() == raw.lower()), raw)


class ResourceManager:
    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens

    def caller(self, query: Query, authorization: str) -> App:
        """Raises ArmError where the token is not good."""
        claims = self._tokens.accept(authorization, query.endpoint.cloud)
        app = self._directory.apps.get((claims["tid"], claims["appid"]))
        if app is None or not app.enabled:
            raise ArmError("InvalidAuthenticationToken", "The access token is invalid.", 401)
        return app

    def answer(self, query: Query, app: App) -> dict[str, Any]:
        """Raises ArmError; LookupError for what is not simulated."""
        parts = [part.lower() for part in query.parts]
        if parts == ["tenants"]:
            _check_version(query, _VERSIONS["subscriptions"])
            return self._page(query, [_tenant(app)])
        if parts == ["subscriptions"]:
            _check_version(query, _VERSIONS["subscriptions"])
            return self._page(query, [_subscription(one) for one in self._visible(query, app)])
        if management.action_of(parts):
            return self._management(query, app, parts)
        if parts[:1] != ["subscriptions"]:
            raise LookupError(query.path)
        subscription = self._subscription(query, app)
        action = action_of(query)
        if not action:
            raise LookupError(query.path)
        own_permissions = parts[2:] == ["providers", "microsoft.authorization", "permissions"]
        if not (own_permissions and access.roles_of(subscription, app)):  # everybody with a role may ask for their own
            access.authorize(subscription, app, action, query.path)
        return self._inside(query, subscription, app, parts[2:])

    def _management(self, query: Query, app: App, parts: list[str]) -> dict[str, Any]:
        management.check_version(query.parameters.get("api-version", ""))
        group = management.find(self._directory.tree, parts, app, query.path)
        if len(parts) == 4:
            return management.show(group)
        return self._page(query, management.descendants(self._directory.tree, self._directory, group))

    def _subscription(self, query: Query, app: App) -> Subscription:
        if not is_uuid(query.subscription_id):
            text = f"The provided subscription identifier '{query.subscription_id}' is malformed or invalid."
            raise ArmError("InvalidSubscriptionId", text, 400)
        found = self._directory.subscriptions.get(query.subscription_id)
        if found is None or found.tenant.cloud != query.endpoint.cloud:
            text = f"The subscription '{query.subscription_id}' could not be found."
            raise ArmError("SubscriptionNotFound", text, 404)
        if found.tenant.id != app.tenant.id:
            text = (
                f"The access token is from the wrong issuer 'https://sts.windows.net/{app.tenant.id}/'. It must match "
                f"the tenant 'https://sts.windows.net/{found.tenant.id}/' associated with this subscription."
            )
            raise ArmError("InvalidAuthenticationTokenTenant", text, 401)
        return found

    def _visible(self, query: Query, app: App) -> list[Subscription]:
        return [
            one
            for one in self._directory.subscriptions.values()
            if one.tenant.id == app.tenant.id
            and any(
                access.covers(role.entry(), "Microsoft.Resources/subscriptions/read")
                for role in access.roles_of(one, app)
            )
        ]

    def _inside(self, query: Query, subscription: Subscription, app: App, rest: list[str]) -> dict[str, Any]:
        if rest in ([], ["locations"]):
            _check_version(query, _VERSIONS["subscriptions"])
            return _subscription(subscription) if not rest else {"value": _locations(subscription)}
        listed: dict[str, Callable[[], Sequence[Any]]] = {
            "resourcegroups": lambda: list(subscription.groups.values()),
            "resources": lambda: _filtered(query, _listed(query, subscription)),
            "providers": lambda: _providers(subscription),
        }
        if len(rest) == 1 and rest[0] in listed:
            _check_version(query, _VERSIONS["resources"])
            return self._page(query, listed[rest[0]]())
        if rest[:2] == ["providers", "microsoft.authorization"]:
            _check_version(query, _VERSIONS["authorization"])
            return self._page(query, _authorization(query, subscription, app, rest[2:]))
        if rest[:1] == ["providers"] and len(rest) == 2:
            _check_version(query, _VERSIONS["resources"])
            return _provider(subscription, _namespace(rest[1]))
        if rest == ["providers", "microsoft.insights", "eventtypes", "management", "values"]:
            _check_version(query, _VERSIONS["activity"])
            return self._page(query, activity.selected(subscription, query.parameters))
        return self._resource(query, subscription)

    def _resource(self, query: Query, subscription: Subscription) -> dict[str, Any]:
        kind = action_of(query).removesuffix("/read")
        namespace, _, rest = kind.partition("/")
        if subscription.providers.get(namespace) != "Registered" and namespace in TYPES:
            text = f"The subscription is not registered to use namespace '{namespace}'."
            raise ArmError("MissingSubscriptionRegistration", text, 409)
        known = next(
            (version for name, version in TYPES.get(namespace, {}).items() if name.lower() == rest.lower()), ""
        )
        asked = query.parameters.get("api-version", "")
        if asked not in (known, f"{known}-preview") or not known:
            text = f"No registered resource provider found for location '' and API version '{asked}' for type '{rest}'."
            raise ArmError("NoRegisteredProviderFound", text, 400)
        path = query.path.rstrip("/").lower()
        if path in subscription.resources:
            return subscription.resources[path]
        listed = len(query.parts) % 2 == 1
        if listed and kind == "Microsoft.Insights/activityLogAlerts":  # by subscription, whatever their groups
            items = [one for one in subscription.resources.values() if one["type"].lower() == kind.lower()]
            return self._page(query, items)
        children = [
            item
            for key, item in subscription.resources.items()
            if key.startswith(f"{path}/") and "/" not in key[len(path) + 1 :]
        ]
        # Below a resource, or (an extension, such as diagnostic settings) beside it or the subscription.
        owner = path.rsplit("/", 1)[0]
        extended = owner.rsplit("/providers/", 1)[0]
        if listed and (children or owner in subscription.resources or extended in (
            *subscription.resources, subscription.scope)):  # fmt: skip
            return {"value": children} if kind == "Microsoft.Security/pricings" else self._page(query, children)
        text = f"The Resource '{rest}' under resource group was not found."
        raise ArmError("ResourceNotFound", text, 404)

    def _page(self, query: Query, items: Sequence[Any]) -> dict[str, Any]:
        """A page, and an absolute link to the next one with a token in it, as Azure's lists have it."""
        size = int(query.parameters.get("$top") or PAGE)
        start = _position(query.parameters.get("$skiptoken", ""))
        page: dict[str, Any] = {"value": list(items[start : start + size])}
        if start + size < len(items):
            token = base64.urlsafe_b64encode(f"at:{start + size}".encode()).decode()
            parameters = {**query.parameters, "$skiptoken": token}
            page["nextLink"] = f"https://{query.endpoint.host}{query.path}?{urlencode(parameters)}"
        return page


def _position(token: str) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
        return int(text.removeprefix("at:"))
    except ValueError:
        raise ArmError("InvalidSkipToken", "The specified skip token is invalid.", 400) from None


def _check_version(query: Query, known: Sequence[str]) -> None:
    asked = query.parameters.get("api-version")
    if not asked:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError("MissingApiVersionParameter", text, 400)
    if asked not in known:
        text = f"The api-version '{asked}' is invalid. The supported versions are '{','.join(known)}'."
        raise ArmError("InvalidApiVersionParameter", text, 400)


def _tenant(app: App) -> dict[str, Any]:
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


def _subscription(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "tags": dict(one.tags),
        "subscriptionId": one.id,
        "tenantId": one.tenant.id,
        "displayName": one.name,
        "state": one.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _locations(subscription: Subscription) -> list[dict[str, Any]]:
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


def _listed(query: Query, subscription: Subscription) -> list[dict[str, Any]]:
    """Tracked resources as the list shows them: without properties, and without most children."""
    shown = []
    expand = {one.strip() for one in query.parameters.get("$expand", "").split(",")}
    for resource in subscription.resources.values():
        if "location" not in resource:
            continue
        item = {
            key: value for key, value in resource.items() if key not in ("properties", "createdTime", "changedTime")
        }
        item |= {key: resource[key] for key in ("createdTime", "changedTime") if key in expand and key in resource}
        if "provisioningState" in expand:
            item["provisioningState"] = resource.get("properties", {}).get("provisioningState", "Succeeded")
        shown.append(item)
    return shown


def _filtered(query: Query, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The two simplest filters of many."""
    asked = query.parameters.get("$filter", "")
    match = re.fullmatch(r"(resourceType|location) eq '([^']*)'", asked)
    if not asked:
        return items
    if match is None:
        raise ArmError("InvalidFilterInQueryString", f"Invalid $filter '{asked}' specified in the query string.", 400)
    key = "type" if match[1] == "resourceType" else "location"
    return [item for item in items if item[key].lower() == match[2].lower()]


def _providers(subscription: Subscription) -> list[dict[str, Any]]:
    return [_provider(subscription, namespace) for namespace in (*ALWAYS_REGISTERED, *TYPES)]


def _provider(subscription: Subscription, namespace: str) -> dict[str, Any]:
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


def _authorization(query: Query, subscription: Subscription, app: App, rest: list[str]) -> Sequence[Any]:
    base = f"{subscription.scope}/providers/Microsoft.Authorization"
    if rest == ["permissions"]:
        return [role.entry() for role in access.roles_of(subscription, app)]
    if rest == ["denyassignments"]:
        return [
            {
                "id": f"{base}/denyAssignments/{index}",
                "name": str(index),
                "type": "Microsoft.Authorization/denyAssignments",
                "properties": denial,
            }
            for index, denial in enumerate(subscription.denials)
        ]
    if rest == ["roleassignments"]:
        at_scope = "atscope()" in query.parameters.get("$filter", "").lower()
        return [
            _assignment(subscription, one)
            for one in subscription.assignments
            if not at_scope or not one.scope.lower().startswith(f"{subscription.scope}/")
        ]
    if rest == ["roledefinitions"]:
        roles = {role.id: role for role in (*access.BUILT_IN, *(one.role for one in subscription.assignments))}
        return [_definition(subscription, role) for role in roles.values()]
    raise LookupError(query.path)


def _assignment(subscription: Subscription, one: Any) -> dict[str, Any]:
    base = "" if one.scope == "/" else one.scope
    return {
        "id": f"{base}/providers/Microsoft.Authorization/roleAssignments/{one.id}",
        "name": one.id,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"{subscription.scope}/providers/Microsoft.Authorization/roleDefinitions/{one.role.id}",
            "principalId": one.principal_id,
            "principalType": one.principal_type,
            "scope": one.scope,
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


def _definition(subscription: Subscription, role: Any) -> dict[str, Any]:
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
