"""Who and what there is: tenants, apps with their credentials, subscriptions with their roles and resources."""

import uuid
from dataclasses import dataclass, field
from typing import Any

EVERYONE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Person:
    """A user of a tenant, as the report on registered methods has them."""

    name: str
    second_factor: bool = True
    administrator: bool = False
    guest: bool = False


@dataclass
class Tenant:
    """With what Microsoft Graph tells of it; ``conditional_access`` are the states of its policies."""

    id: str
    name: str
    domain: str
    cloud: str
    security_defaults: bool = False
    conditional_access: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    premium: bool = True  # has licenses of Microsoft Entra ID P1
    # As `authorizationPolicy` tells it; what a new tenant begins with.
    guest_role: str = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
    invitations_from: str = "everyone"
    consent_policies: tuple[str, ...] = ("ManagePermissionGrantsForSelf.microsoft-user-default-legacy",)
    people_register_apps: bool = True
    people_create_tenants: bool = True
    # What every other tenant's people bring, and whether direct connect lets them in; a new tenant's is neither.
    trusts_others: bool = False
    direct_connect: bool = False
    # Ids of groups, with the object ids of their members: of apps, and of other groups.
    groups: dict[str, set[str]] = field(default_factory=dict)

    def groups_of(self, object_id: str) -> set[str]:
        """With those that these groups are in, and so on."""
        found: set[str] = set()
        pending = [object_id]
        while pending:
            member = pending.pop()
            above = {group for group, members in self.groups.items() if member in members} - found
            found |= above
            pending += above
        return found


@dataclass
class Secret:
    value: str
    expires: float  # seconds since 1970
    key_id: str = ""
    name: str = ""
    starts: float = 0.0
    known_from: float = 0.0  # `time.monotonic`: a new secret is not known everywhere at once


@dataclass
class Certificate:
    thumbprint: bytes  # SHA-1
    thumbprint_256: bytes
    public_key: Any
    expires: float
    key_id: str = ""
    known_from: float = 0.0


@dataclass(frozen=True)
class Federation:
    issuer: str
    subject: str
    audience: str


@dataclass
class App:
    """An app registration and its service principal in one tenant."""

    tenant: Tenant
    name: str
    client_id: str
    object_id: str
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    federations: list[Federation] = field(default_factory=list)
    graph_roles: set[str] = field(default_factory=set)  # app roles of Microsoft Graph
    enabled: bool = True
    owns_itself: bool = False

    @property
    def application_id(self) -> str:
        """The object id of the registration, which is another than that of its service principal."""
        return str(uuid.uuid5(uuid.UUID(self.object_id), "application"))


@dataclass(frozen=True)
class Role:
    """A role definition; `entry` as the permissions API shows it: actions, notActions …"""

    id: str
    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    custom: bool = False
    description: str = ""

    def entry(self) -> dict[str, list[str]]:
        return {
            "actions": list(self.actions),
            "notActions": list(self.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }


@dataclass(frozen=True)
class Assignment:
    id: str
    role: Role
    principal_id: str
    principal_type: str
    scope: str


@dataclass
class Subscription:
    id: str
    name: str
    tenant: Tenant
    locations: tuple[str, ...]
    state: str = "Enabled"
    tags: dict[str, str] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)  # namespace to registration state
    assignments: list[Assignment] = field(default_factory=list)
    denials: list[dict[str, Any]] = field(default_factory=list)  # properties, as the API shows them
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)  # by ARM id in lower case, children included
    events: list[dict[str, Any]] = field(default_factory=list)  # the Activity Log, as the API shows it

    @property
    def scope(self) -> str:
        return f"/subscriptions/{self.id}"


class Directory:
    """Everything, by the names under which requests ask for it."""

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[tuple[str, str], App] = {}  # by tenant and client id
        self.subscriptions: dict[str, Subscription] = {}
        self.tree: Any = None  # sandbox.azure.management.Tree

    def app_of(self, client_id: str) -> App:
        for app in self.apps.values():
            if app.client_id == client_id:
                return app
        raise LookupError(f"no app {client_id}")

    def subscription(self, subscription_id: str) -> Subscription:
        subscription = self.subscriptions.get(subscription_id.lower())
        if subscription is None:
            raise LookupError(f"no subscription {subscription_id}")
        return subscription
