"""The part of the control client that plays an Azure administrator."""

from typing import Any


class AzureControl:
    """Mixed into sandbox.control.Control. Commands raise ControlError with the reason."""

    def ask(self, command: str, **arguments: Any) -> Any:
        raise NotImplementedError

    def subscriptions(self) -> list[dict[str, Any]]:
        """The simulated subscriptions: id, name, tenant_id, cloud, state."""
        return list(self.ask("azure.subscriptions"))

    def put_tag(self, subscription_id: str, name: str, value: str | None) -> None:
        """As `az tag update --operation Merge`; None removes the tag."""
        self.ask("azure.put_tag", subscription_id=subscription_id, name=name, value=value)

    def put_app(self, subscription_id: str, name: str, **more: Any) -> dict[str, str]:
        """Makes an app with a secret and roles in the subscription; returns tenant_id, client_id, client_secret.

        More: `actions` and `not_actions` of a role of its own (an empty list: no role), `secret_days`,
        `certificate_pem` (its public part), `federated` {issuer, subject, audience} ({}: this server's), `graph` (app
        roles of Microsoft Graph).
        """
        return dict(self.ask("azure.put_app", subscription_id=subscription_id, name=name, **more))

    def set_app(self, client_id: str, *, enabled: bool = True, graph: list[str] | None = None) -> None:
        """``graph``: its app roles from now on."""
        self.ask("azure.set_app", client_id=client_id, enabled=enabled, graph=graph)

    def app_keys(self, client_id: str) -> list[dict[str, Any]]:
        """Secrets and certificates as the portal lists them: kind, key_id, name."""
        return list(self.ask("azure.app_keys", client_id=client_id))

    def set_subscription(self, subscription_id: str, **more: Any) -> None:
        """`state` (Enabled, Warned, PastDue, Disabled, Deleted), `providers` {namespace: registration state}."""
        self.ask("azure.set_subscription", subscription_id=subscription_id, **more)

    def put_denial(self, subscription_id: str, actions: list[str] | None, **more: Any) -> None:
        """A deny assignment (no actions: removes all).

        More: `not_actions`, `principal`, `principal_type`, `excluded`, `name`.
        """
        self.ask("azure.put_denial", subscription_id=subscription_id, actions=actions, **more)

    def put_group(self, subscription_id: str, group: str, members: list[str], *, role: bool = False) -> None:
        """A group by its id with these members, client ids and ids of groups; with ``role`` it has Reader there."""
        self.ask("azure.put_group", subscription_id=subscription_id, group=group, members=members, role=role)

    def seed_resources(self, subscription_id: str, n: int, kind: str = "Microsoft.Network/networkInterfaces") -> None:
        self.ask("azure.seed_resources", subscription_id=subscription_id, n=n, kind=kind)

    def take_role(self, subscription_id: str, name: str) -> None:
        """Takes an app's roles in one subscription away, as a deny at the group would."""
        self.ask("azure.take_role", subscription_id=subscription_id, name=name)

    def set_resource(self, subscription_id: str, name: str, **properties: Any) -> str:
        """Changes properties, as an administrator would, with an event in the Activity Log. `name` is its id's end."""
        return str(self.ask("azure.set_resource", subscription_id=subscription_id, name=name, **properties))

    def delete_resource(self, subscription_id: str, name: str) -> None:
        self.ask("azure.delete_resource", subscription_id=subscription_id, name=name)

    def put_event(self, subscription_id: str, operation: str, resource_id: str, **more: Any) -> None:
        """An entry of the Activity Log alone. More: `status`, `minutes_ago`."""
        ids = {"subscription_id": subscription_id, "resource_id": resource_id}
        self.ask("azure.put_event", operation=operation, **ids, **more)

    def server_token(self, seconds: int = 3600, **claims: str) -> str:
        """A token for AZURE_FEDERATED_TOKEN_FILE; `iss`, `sub` and `aud` can be changed."""
        return str(self.ask("azure.server_token", seconds=seconds, **claims))
