"""Azure Resource Manager: subscriptions, resources, resource providers, access control; read-only.

Who may ask is decided in `access`, the answers' shapes are in `arm_answers`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.azure import access, activity, management
from sandbox.azure import arm_answers as answers
from sandbox.azure.clouds import AUDIENCES, TYPES
from sandbox.azure.directory import App, Directory, Subscription
from sandbox.azure.errors import ArmError, is_uuid
from sandbox.azure.query import Query, action_of, check_version, namespace_of, page_of
from sandbox.azure.tokens import Tokens

VERSIONS = {  # of what is no resource type of `clouds.TYPES`
    "subscriptions": ("2016-06-01", "2020-01-01", "2022-12-01"),
    "resources": ("2021-04-01", "2022-09-01", "2025-04-01"),
    "authorization": ("2018-07-01", "2022-04-01", "2022-05-01-preview"),
    "activity": ("2015-04-01",),
}


class ResourceManager:
    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens

    def caller(self, query: Query, authorization: str) -> App:
        """Raises ArmError where the token is not good."""
        claims = self._tokens.accept(authorization, AUDIENCES[query.endpoint.cloud])
        app = self._directory.apps.get((claims["tid"], claims["appid"]))
        # An app may be switched off while a token of its is still good for most of an hour.
        if app is None or not app.enabled:
            raise ArmError("InvalidAuthenticationToken", "The access token is invalid.", 401)
        return app

    def answer(self, query: Query, app: App) -> dict[str, Any]:
        """Raises ArmError as Azure would refuse; LookupError for what is not simulated."""
        parts = [part.lower() for part in query.parts]
        if parts == ["tenants"]:
            check_version(query, VERSIONS["subscriptions"])
            return page_of(query, [answers.tenant(app)])
        if parts == ["subscriptions"]:
            check_version(query, VERSIONS["subscriptions"])
            return page_of(query, [answers.subscription(subscription) for subscription in self._visible(query, app)])
        if management.action_of(parts):
            return self._management(query, app, parts)
        # Not simulated is not the same as not there: the layer logs it, so that a new call of the product is noticed.
        if parts[:1] != ["subscriptions"]:
            raise LookupError(query.path)
        subscription = self._subscription(query, app)
        action = action_of(query)
        if not action:
            raise LookupError(query.path)
        own_permissions = parts[2:] == ["providers", "microsoft.authorization", "permissions"]
        # Whoever has a role may ask for their own permissions, whatever that role allows.
        if not (own_permissions and access.roles_of(subscription, app)):
            access.authorize(subscription, app, action, query.path)
        return self._inside(query, subscription, app, parts[2:])

    def _management(self, query: Query, app: App, parts: list[str]) -> dict[str, Any]:
        management.check_version(query.parameters.get("api-version", ""))
        group = management.find(self._directory.tree, parts, app, query.path)
        if len(parts) == 4:
            return management.show(group)
        return page_of(query, management.descendants(self._directory.tree, self._directory, group))

    def _subscription(self, query: Query, app: App) -> Subscription:
        # Malformed, unknown, of another tenant: three refusals with three remedies, which the product has to tell
        # apart.
        if not is_uuid(query.subscription_id):
            text = f"The provided subscription identifier '{query.subscription_id}' is malformed or invalid."
            raise ArmError("InvalidSubscriptionId", text, 400)
        subscription = self._directory.subscriptions.get(query.subscription_id)
        # The clouds know nothing of one another: a subscription of Azure China does not exist at
        # management.azure.com.
        if subscription is None or subscription.tenant.cloud != query.endpoint.cloud:
            text = f"The subscription '{query.subscription_id}' could not be found."
            raise ArmError("SubscriptionNotFound", text, 404)
        if subscription.tenant.id != app.tenant.id:
            text = (
                f"The access token is from the wrong issuer 'https://sts.windows.net/{app.tenant.id}/'. It must match "
                f"the tenant 'https://sts.windows.net/{subscription.tenant.id}/' associated with this subscription."
            )
            raise ArmError("InvalidAuthenticationTokenTenant", text, 401)
        return subscription

    # Without any role the list is empty and no refusal, so an empty list proves nothing about the subscription.
    def _visible(self, query: Query, app: App) -> list[Subscription]:
        return [
            subscription
            for subscription in self._directory.subscriptions.values()
            if subscription.tenant.id == app.tenant.id
            and any(
                access.covers(role.entry(), "Microsoft.Resources/subscriptions/read")
                for role in access.roles_of(subscription, app)
            )
        ]

    def _inside(self, query: Query, subscription: Subscription, app: App, rest: list[str]) -> dict[str, Any]:
        # The order matters from here on: whatever no branch takes is the path of a resource.
        if rest in ([], ["locations"]):
            check_version(query, VERSIONS["subscriptions"])
            return answers.subscription(subscription) if not rest else {"value": answers.locations(subscription)}
        listed: dict[str, Callable[[], Sequence[Any]]] = {
            "resourcegroups": lambda: list(subscription.groups.values()),
            "resources": lambda: answers.filtered(query, answers.tracked_resources(query, subscription)),
            "providers": lambda: answers.resource_providers(subscription),
        }
        if len(rest) == 1 and rest[0] in listed:
            check_version(query, VERSIONS["resources"])
            return page_of(query, listed[rest[0]]())
        if rest[:2] == ["providers", "microsoft.authorization"]:
            check_version(query, VERSIONS["authorization"])
            return page_of(query, answers.authorization(query, subscription, app, rest[2:]))
        if rest[:1] == ["providers"] and len(rest) == 2:
            check_version(query, VERSIONS["resources"])
            return answers.resource_provider(subscription, namespace_of(rest[1]))
        if rest == ["providers", "microsoft.insights", "eventtypes", "management", "values"]:
            check_version(query, VERSIONS["activity"])
            return page_of(query, activity.selected(subscription, query.parameters))
        return self._resource(query, subscription)

    def _resource(self, query: Query, subscription: Subscription) -> dict[str, Any]:
        kind = action_of(query).removesuffix("/read")
        namespace, _, rest = kind.partition("/")
        if subscription.providers.get(namespace) != "Registered" and namespace in TYPES:
            text = f"The subscription is not registered to use namespace '{namespace}'."
            raise ArmError("MissingSubscriptionRegistration", text, 409)
        # By the version of each type: a client that asks in one that its type does not have gets Azure's refusal and
        # not an answer in a shape that it would not have.
        supported = next(
            (newest for name, newest in TYPES.get(namespace, {}).items() if name.lower() == rest.lower()), ""
        )
        version = query.parameters.get("api-version", "")
        # The providers' list names a preview beside each stable version, so both must be answered.
        if version not in (supported, f"{supported}-preview") or not supported:
            text = (
                f"No registered resource provider found for location '' and API version '{version}' for type '{rest}'."
            )
            raise ArmError("NoRegisteredProviderFound", text, 400)
        path = query.path.rstrip("/").lower()
        if path in subscription.resources:
            return subscription.resources[path]
        # ARM ids alternate between type and name, so a path of odd length ends with a type: a list.
        listed = len(query.parts) % 2 == 1
        # Alerts are listed by subscription, though their ids have resource groups in them.
        if listed and kind == "Microsoft.Insights/activityLogAlerts":
            items = [
                resource for resource in subscription.resources.values() if resource["type"].lower() == kind.lower()
            ]
            return page_of(query, items)
        children = [
            item
            for key, item in subscription.resources.items()
            if key.startswith(f"{path}/") and "/" not in key[len(path) + 1 :]
        ]
        # A list is empty rather than missing where its owner exists: the resource that it is below or, for an extension
        # (diagnostic settings), the resource or the subscription that it extends.
        owner = path.rsplit("/", 1)[0]
        extended = owner.rsplit("/providers/", 1)[0]
        if listed and (children or owner in subscription.resources or extended in (
            *subscription.resources, subscription.scope)):  # fmt: skip
            # Azure gives Defender's plans in one piece.
            return {"value": children} if kind == "Microsoft.Security/pricings" else page_of(query, children)
        text = f"The Resource '{rest}' under resource group was not found."
        raise ArmError("ResourceNotFound", text, 404)
