"""What the control API can ask of the simulated Azure: its administrator's side."""

import threading
import time
from typing import Any

from sandbox.azure import activity, fleet, seed
from sandbox.azure.access import READER
from sandbox.azure.clouds import TYPES
from sandbox.azure.directory import EVERYONE, Assignment, Directory, Federation, Role, Subscription
from sandbox.azure.resources import Item
from sandbox.azure.state import State
from sandbox.azure.tokens import AUDIENCE, ISSUER, SUBJECT, Tokens
from sandbox.emulator import Command


class Commands:
    """Arguments and answers are JSON. What a person makes is remembered and made again at the next start."""

    def __init__(self, directory: Directory, state: State, tokens: Tokens) -> None:
        self._directory = directory
        self._state = state
        self._tokens = tokens
        # The server answers from several threads, and a command changes what others read.
        self._lock = threading.Lock()

    def by_name(self) -> dict[str, Command]:
        return {
            "subscriptions": self.subscriptions,
            "put_tag": self.put_tag,
            "put_app": self.put_app,
            "set_app": self.set_app,
            "app_keys": self.app_keys,
            "set_subscription": self.set_subscription,
            "put_denial": self.put_denial,
            "put_group": self.put_group,
            "seed_resources": self.seed_resources,
            "set_resource": self.set_resource,
            "delete_resource": self.delete_resource,
            "put_event": self.put_event,
            "server_token": self.server_token,
            "take_role": self.take_role,
            "put_fleet": self.put_fleet,
        }

    def restore(self) -> None:
        # A copy: repeating a command remembers it once more.
        for name, arguments in list(self._state.made):
            self.by_name()[name](**arguments)

    def put_fleet(self, count: int) -> list[dict[str, Any]]:
        """Makes Azure's part of a fleet of ``count`` accounts; returns what connects each."""
        with self._lock:
            rows = fleet.put_fleet(self._directory, self._state, count=count)
        self._state.remember("put_fleet", {"count": count})
        return rows

    def subscriptions(self) -> list[dict[str, Any]]:
        return [
            {
                "id": subscription.id,
                "name": subscription.name,
                "tenant_id": subscription.tenant.id,
                "cloud": subscription.tenant.cloud,
                "state": subscription.state,
            }
            for subscription in self._directory.subscriptions.values()
        ]

    def put_tag(self, subscription_id: str, name: str, value: str | None) -> None:
        """Sets a tag of the subscription; None removes it."""
        tags = self._directory.subscription(subscription_id).tags
        with self._lock:
            if value is None:
                tags.pop(name, None)
            else:
                tags[name] = value
            # Only the newest value of a tag is worth repeating at the next start.
            self._state.made = [
                write
                for write in self._state.made
                if write[0] != "put_tag"
                or write[1].get("name") != name
                or write[1].get("subscription_id") != subscription_id
            ]
            arguments = {"subscription_id": subscription_id, "name": name, "value": value}
            self._state.remember("put_tag", arguments)
        subscription = self._directory.subscription(subscription_id)
        tag_id = f"{subscription.scope}/providers/Microsoft.Resources/tags/default"
        activity.record(subscription, "Microsoft.Resources/tags/write", tag_id)

    def put_app(
        self,
        subscription_id: str,
        name: str,
        *,
        actions: list[str] | None = None,
        not_actions: list[str] | None = None,
        secret_days: float = 180,
        certificate_pem: str = "",
        federated: dict[str, str] | None = None,
        graph: list[str] | None = None,
        owns_itself: bool = False,
    ) -> dict[str, str]:
        """Makes an app with a secret and a role in the subscription (by default Reader); ``graph`` are app roles."""
        subscription = self._directory.subscription(subscription_id)
        with self._lock:
            app = seed.put_app(self._directory, self._state, subscription.tenant, name)
            # The same app called twice keeps its secret: a test that narrows its role goes on with the credential
            # that it stored.
            if not app.secrets:
                seed.put_secret(app, self._state, secret_days)
            app.graph_roles |= set(graph or ())
            app.owns_itself = owns_itself or app.owns_itself
            app.secrets[0].expires = time.time() + secret_days * 86_400
            if certificate_pem:
                app.certificates.clear()
                seed.put_certificate(app, certificate_pem)
            if federated is not None:
                usual = {"issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE[subscription.tenant.cloud]}
                app.federations = [Federation(**{**usual, **federated})]
            # In place of what it had, as a test that takes a permission away means it.
            others = [assignment for assignment in subscription.assignments if assignment.principal_id != app.object_id]
            subscription.assignments[:] = others
            roles = (READER,)
            if actions is not None:
                identifier = self._state.uuid("role", subscription.id, name)
                own = Role(identifier, f"Role of {name}", tuple(actions), tuple(not_actions or ()), custom=True)
                roles = (own,) if actions else ()  # type: ignore[assignment] # of another length
            seed.assign(subscription, self._state, app, *roles)
        new = [assignment for assignment in subscription.assignments if assignment.principal_id == app.object_id]
        # A role that changes what the app may read has to be seen in the log, or an incremental scan would keep what
        # it had.
        for assignment in new:
            path = f"{subscription.scope}/providers/Microsoft.Authorization/roleAssignments/{assignment.id}"
            activity.record(subscription, "Microsoft.Authorization/roleAssignments/write", path)
        return {"tenant_id": app.tenant.id, "client_id": app.client_id, "client_secret": app.secrets[0].value}

    def set_app(self, client_id: str, enabled: bool = True, graph: list[str] | None = None) -> None:
        """``graph``: its app roles from now on, in place of those that it had."""
        app = self._directory.app_of(client_id)
        app.enabled = enabled
        if graph is not None:
            app.graph_roles = set(graph)

    def app_keys(self, client_id: str) -> list[dict[str, Any]]:
        """As the portal lists them: secrets and certificates with their key ids."""
        app = self._directory.app_of(client_id)
        secrets = [{"kind": "secret", "key_id": secret.key_id, "name": secret.name} for secret in app.secrets]
        return [
            *secrets,
            *({"kind": "certificate", "key_id": certificate.key_id, "name": ""} for certificate in app.certificates),
        ]

    def set_subscription(
        self, subscription_id: str, *, state: str | None = None, providers: dict[str, str] | None = None
    ) -> None:
        """``providers`` maps namespaces to Registered or NotRegistered."""
        subscription = self._directory.subscription(subscription_id)
        # Refused rather than kept: a misspelt namespace would make a test pass that tests nothing.
        if unknown := set(providers or ()) - set(TYPES):
            raise ValueError(f"no such resource provider: {', '.join(sorted(unknown))}")
        subscription.state = state or subscription.state
        subscription.providers |= providers or {}

    def put_denial(
        self,
        subscription_id: str,
        actions: list[str] | None,
        *,
        not_actions: list[str] | None = None,
        principal: str = EVERYONE,
        principal_type: str = "SystemDefined",
        excluded: list[str] | None = None,
        name: str = "Deployment stack",
    ) -> None:
        """Makes a deny assignment at the subscription; without actions, removes all. Principals are client ids."""
        subscription = self._directory.subscription(subscription_id)
        if actions is None:
            subscription.denials.clear()
            return
        # Data actions are left empty: the product reads no data, so nothing that it does is decided by them.
        entry = {"actions": actions, "notActions": not_actions or [], "dataActions": [], "notDataActions": []}
        subscription.denials.append(
            {
                "denyAssignmentName": name,
                "description": "",
                "permissions": [entry],
                "scope": subscription.scope,
                "doNotApplyToChildScopes": False,
                "principals": [{"id": self._object_id(principal), "type": principal_type}],
                "excludePrincipals": [
                    {"id": self._object_id(service_principal), "type": "ServicePrincipal"}
                    for service_principal in excluded or ()
                ],
                "isSystemProtected": True,
            }
        )

    def put_group(self, subscription_id: str, group: str, members: list[str], *, role: bool = False) -> None:
        """A group of the directory by its id, with these members alone: client ids of apps, and ids of other groups.

        With ``role`` it has Reader in the subscription.
        """
        subscription = self._directory.subscription(subscription_id)
        with self._lock:
            subscription.tenant.groups[group] = {self._object_id(member) for member in members}
            others = [assignment for assignment in subscription.assignments if assignment.principal_id != group]
            own = [Assignment(self._state.uuid("assignment", group), READER, group, "Group", subscription.scope)]
            subscription.assignments[:] = others + (own if role else [])

    def seed_resources(self, subscription_id: str, n: int, kind: str = "Microsoft.Network/networkInterfaces") -> None:
        """Adds n small resources, for lists of several pages."""
        subscription = self._directory.subscription(subscription_id)
        for number in range(n):
            item = Item(kind, f"seeded-{number:05d}", {}, group="seeded")
            activity.record(subscription, f"{kind}/write", seed.add_item(subscription, item, self._state))

    def set_resource(self, subscription_id: str, name: str, **properties: Any) -> str:
        """Changes properties of a resource (or of a child: ``server/firewallRules/all``) and returns its id."""
        subscription = self._directory.subscription(subscription_id)
        resource = _named(subscription, name)
        with self._lock:
            resource["properties"] = {**(resource["properties"] or {}), **properties}
        activity.record(subscription, f"{resource['type']}/write", resource["id"])
        return str(resource["id"])

    def delete_resource(self, subscription_id: str, name: str) -> None:
        subscription = self._directory.subscription(subscription_id)
        resource = _named(subscription, name)
        own = str(resource["id"]).lower()
        with self._lock:
            # Children go with their parent, and extensions with what they extend.
            for key in [key for key in subscription.resources if key == own or key.startswith(f"{own}/")]:
                del subscription.resources[key]
        activity.record(subscription, f"{resource['type']}/delete", resource["id"])

    def put_event(
        self,
        subscription_id: str,
        operation: str,
        resource_id: str,
        status: str = "Succeeded",
        minutes_ago: float = 0,
    ) -> None:
        """An entry of the Activity Log as such."""
        subscription = self._directory.subscription(subscription_id)
        activity.record(subscription, operation, resource_id, status=status, minutes_ago=minutes_ago)

    def take_role(self, subscription_id: str, name: str) -> None:
        """Takes an app's roles in one subscription away, inherited ones included."""
        subscription = self._directory.subscription(subscription_id)
        app = seed.put_app(self._directory, self._state, subscription.tenant, name)
        others = [assignment for assignment in subscription.assignments if assignment.principal_id != app.object_id]
        subscription.assignments[:] = others

    def server_token(self, seconds: int = 3600, **claims: str) -> str:
        """A token such as the product's platform gives it; `iss`, `sub` and `aud` can be changed."""
        return self._tokens.server_token(seconds, **claims)

    def _object_id(self, principal: str) -> str:
        # A person or a group has no app; its object id is then given as it is.
        try:
            return self._directory.app_of(principal).object_id
        except LookupError:
            return principal


def _named(subscription: Subscription, name: str) -> dict[str, Any]:
    """By the end of its id; raises LookupError."""
    for key, resource in subscription.resources.items():
        if key.endswith(f"/{name.lower()}"):
            return resource
    raise LookupError(f"no resource {name}")
