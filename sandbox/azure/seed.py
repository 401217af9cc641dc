"""Builds the company, with the same ids at every start."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from sandbox.azure import company, compute_resources, graph
from sandbox.azure.access import OWNER, READER
from sandbox.azure.clouds import TYPES
from sandbox.azure.company import SubscriptionSpec
from sandbox.azure.directory import (
    App,
    Assignment,
    Certificate,
    Directory,
    Federation,
    Role,
    Secret,
    Subscription,
    Tenant,
)
from sandbox.azure.management import SCOPE, Group, Tree
from sandbox.azure.resources import Item
from sandbox.azure.state import State
from sandbox.azure.tokens import AUDIENCE, ISSUER, SUBJECT

READER_APP = "cloud-accounts-reader"
CERTIFICATE_APP = "cloud-accounts-certificate"
FEDERATED_APP = "cloud-accounts-federated"
PARTIAL_APP = "partial-auditor"
NOBODY_APP = "nobody"
EXPIRED_APP = "former-contractor"
ORGANIZATION_APP = "cloud-accounts-organization"
# More than one page of the sandbox's lists, so that discovery is seen to read on.
MEMBERS = 24
CERTIFICATE_PASSWORD = "open-the-certificate"

PARTIAL = Role(
    "5c1e0f7a-90a1-4b3e-8f55-0d6a3c1f2b10",
    "Inventory without secrets",
    ("*/read",),
    (
        "Microsoft.KeyVault/*",
        "Microsoft.Sql/servers/firewallRules/read",
        "Microsoft.Authorization/roleDefinitions/read",
    ),
    custom=True,
    description="Reads all but vaults, database firewalls and roles.",
)


def build(directory: Directory, state: State) -> None:
    for name, (cloud, domain) in company.TENANTS.items():
        tenant = Tenant(state.uuid("tenant", name), name, domain, cloud, **company.DIRECTORIES.get(name, {}))
        directory.tenants[tenant.id] = tenant
    for spec in company.SUBSCRIPTIONS:
        build_subscription(directory, state, spec)
    _build_apps(directory, state)
    _build_tree(directory, state)


def by_name(directory: Directory, name: str) -> Subscription:
    return next(subscription for subscription in directory.subscriptions.values() if subscription.name == name)


def tenant_named(directory: Directory, name: str) -> Tenant:
    return next(tenant for tenant in directory.tenants.values() if tenant.name == name)


def put_app(directory: Directory, state: State, tenant: Tenant, name: str) -> App:
    """Makes an app, or gives the one of this name."""
    client_id = state.uuid("app", tenant.name, name)
    if (tenant.id, client_id) not in directory.apps:
        object_id = state.uuid("principal", tenant.name, name)
        directory.apps[tenant.id, client_id] = App(tenant, name, client_id, object_id)
    return directory.apps[tenant.id, client_id]


def put_secret(app: App, state: State, days: float = 180) -> str:
    value = state.secret(app.tenant.name, app.name, str(len(app.secrets)))
    key_id = state.uuid("secret", app.tenant.name, app.name, str(len(app.secrets)))
    app.secrets.append(Secret(value, time.time() + days * 86_400, key_id, "set-up", time.time()))
    return value


def put_certificate(app: App, pem: str) -> None:
    """Registers a certificate's public part."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    app.certificates.append(
        Certificate(
            certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - a name, as Azure uses it
            certificate.fingerprint(hashes.SHA256()),
            certificate.public_key(),
            certificate.not_valid_after_utc.timestamp(),
            str(uuid.uuid5(uuid.NAMESPACE_OID, certificate.fingerprint(hashes.SHA256()).hex())),
        )
    )


def assign(subscription: Subscription, state: State, app: App, *roles: Role) -> None:
    for role in roles:
        identifier = state.uuid("assignment", subscription.id, app.object_id, role.id)
        subscription.assignments.append(
            Assignment(identifier, role, app.object_id, "ServicePrincipal", subscription.scope)
        )


def certificate_for(state: State, name: str, *, days: int = 365, password: str = "") -> tuple[str, str]:
    """A certificate, and the same with its private key (encrypted, where a password is given). Kept for restarts."""
    if f"{name}.crt" not in state.texts:
        state.texts[f"{name}.crt"] = _issue(state, name, days)
        state.texts[f"{name}.password"] = password
        key = state.key(f"{name}.key")
        encryption: Any = serialization.NoEncryption()
        if password:
            encryption = serialization.BestAvailableEncryption(password.encode())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        state.texts[f"{name}.pem"] = pem.decode() + state.texts[f"{name}.crt"]
        state.save()
    return state.texts[f"{name}.crt"], state.texts[f"{name}.pem"]


def _issue(state: State, name: str, days: int) -> str:
    key = state.key(f"{name}.key")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def build_subscription(directory: Directory, state: State, spec: SubscriptionSpec) -> None:
    tenant = tenant_named(directory, spec.tenant)
    subscription = Subscription(
        state.uuid("subscription", spec.name),
        spec.name,
        tenant,
        spec.locations,
        spec.state,
        dict(spec.tags),
        {name: "NotRegistered" if name in spec.unregistered else "Registered" for name in TYPES},
    )
    directory.subscriptions[subscription.id] = subscription
    for item in spec.items:
        add_item(subscription, item, state)
    for below, properties in spec.extensions:
        identifier = f"{subscription.scope}/providers/{below}"
        kind, _, name = below.rpartition("/")
        extension = {"id": identifier, "name": name, "type": kind, "properties": properties}
        subscription.resources[identifier.lower()] = extension
    for alert in spec.alerts:
        health = alert == "ServiceHealth"
        scope = subscription.scope
        add_item(
            subscription,
            compute_resources.service_health_alert(scope) if health else compute_resources.activity_alert(alert, scope),
            state,
        )
    # Two owners in every subscription, one of them at the root: as many as the rule about owners asks for at least.
    for person, role, scope in (
        ("ana.lopez", OWNER, subscription.scope),
        ("tom.berg", READER, subscription.scope),
        ("ines.costa", OWNER, "/"),
        *((name, OWNER, subscription.scope) for name in spec.owners),
    ):
        identifier = state.uuid("assignment", subscription.id, person)
        principal = state.uuid("person", tenant.name, person)
        subscription.assignments.append(Assignment(identifier, role, principal, "User", scope))


def add_item(subscription: Subscription, item: Item, state: State) -> str:
    """Returns its id."""
    group = item.group or "default"
    if group not in subscription.groups:
        subscription.groups[group] = {
            "id": f"{subscription.scope}/resourceGroups/{group}",
            "name": group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": item.location if item.location != "global" else "westeurope",
            "tags": {},
            "properties": {"provisioningState": "Succeeded"},
        }
    namespace, *kinds = item.kind.split("/")
    # Types and names alternate in an ARM id, also of children: servers/S/databases/D.
    path = "/".join(f"{kind}/{name}" for kind, name in zip(kinds, item.name.split("/"), strict=True))
    identifier = f"{subscription.scope}/resourceGroups/{group}/providers/{namespace}/{path}"
    resource: dict[str, Any] = {
        "id": identifier,
        "name": item.name,
        "type": item.kind,
        "location": item.location,
        "tags": dict(item.tags),
        "properties": _placed(item.properties, subscription.scope),
        "createdTime": (state.born - timedelta(days=400)).isoformat(),
        "changedTime": (state.born - timedelta(days=3)).isoformat(),
        **dict(item.more),
    }
    if item.sku:
        resource["sku"] = {"name": item.sku}
    # By lower case, since Azure finds a resource in whatever spelling it is asked for.
    subscription.resources[identifier.lower()] = resource
    for below, name, properties in item.children:
        child = f"{identifier}/{below}/{name}"
        # An extension has the type of its own provider, a child that of its parent with its own behind it.
        kind = below.rsplit("providers/", 1)[1] if "providers/" in below else f"{item.kind}/{below}"
        child_resource = {"id": child, "name": name, "type": kind, "properties": properties}
        subscription.resources[child.lower()] = child_resource
    return identifier


def _placed(value: Any, scope: str) -> Any:
    """With ``{scope}`` in ids replaced by the subscription's."""
    if isinstance(value, dict):
        return {key: _placed(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [_placed(item, scope) for item in value]
    return value.replace("{scope}", scope) if isinstance(value, str) else value


def _build_tree(directory: Directory, state: State) -> None:
    """Larkfield's management groups, with small subscriptions of its teams; one app reads them all."""
    main = tenant_named(directory, company.MAIN)
    app = put_app(directory, state, main, ORGANIZATION_APP)
    put_secret(app, state)
    directory.tree = tree = Tree()
    for key, name, parent in (
        (main.id, "Tenant Root Group", ""),
        ("lark-platform", "Platform", main.id),
        ("lark-workloads", "Workloads", main.id),
        ("lark-prod", "Production", "lark-workloads"),
        ("lark-dev", "Development", "lark-workloads"),
    ):
        tree.groups[key] = Group(key, name, parent)
    tree.grants = [(main.id, app.object_id, READER)]
    # A copy of the list: the loop below adds to the dictionary.
    for subscription in [
        subscription for subscription in directory.subscriptions.values() if subscription.tenant is main
    ]:
        tree.places[subscription.id] = "lark-platform" if subscription.name == company.MANAGEMENT else "lark-prod"
    for number in range(1, MEMBERS + 1):
        state_of = "Disabled" if number == MEMBERS else "Enabled"
        name = f"team-{number:02}-{'prod' if number % 2 else 'dev'}"
        subscription = Subscription(
            state.uuid("subscription", name), name, main, ("westeurope", "northeurope"), state_of,
            providers=dict.fromkeys(TYPES, "Registered"),
        )  # fmt: skip
        directory.subscriptions[subscription.id] = subscription
        tree.places[subscription.id] = "lark-prod" if number % 2 else "lark-dev"
    for key in tree.places:
        scope = f"{SCOPE}/{main.id}"
        identifier = state.uuid("assignment", scope, app.object_id, READER.id)
        assignment = Assignment(identifier, READER, app.object_id, "ServicePrincipal", scope)
        directory.subscriptions[key].assignments.append(assignment)


def _build_apps(directory: Directory, state: State) -> None:
    main = tenant_named(directory, company.MAIN)
    reader = put_app(directory, state, main, READER_APP)
    put_secret(reader, state)
    # The optional grant (docs/decisions/0016-azure-reader-and-an-optional-grant.md).
    reader.graph_roles |= set(graph.ROLES.values())
    for name in (company.DATA_PLATFORM, company.PAYMENTS, company.EXPERIMENTS):
        assign(by_name(directory, name), state, reader, READER)
    partner = by_name(directory, company.PARTNER)
    certified = put_app(directory, state, partner.tenant, CERTIFICATE_APP)
    certified.graph_roles |= set(graph.ROLES.values())
    put_certificate(certified, certificate_for(state, CERTIFICATE_APP, password=CERTIFICATE_PASSWORD)[0])
    assign(partner, state, certified, READER)
    federated = put_app(directory, state, main, FEDERATED_APP)
    federated.federations.append(Federation(ISSUER, SUBJECT, AUDIENCE["public"]))
    for name in (company.LEGACY, company.DATA_PLATFORM):
        assign(by_name(directory, name), state, federated, READER)
    partial = put_app(directory, state, main, PARTIAL_APP)
    put_secret(partial, state)
    assign(by_name(directory, company.PAYMENTS), state, partial, PARTIAL)
    put_secret(put_app(directory, state, main, NOBODY_APP), state)
    expired = put_app(directory, state, main, EXPIRED_APP)
    put_secret(expired, state, days=-20)
    assign(by_name(directory, company.LEGACY), state, expired, READER)
    for name in (company.PARTNER, company.GOVERNMENT, company.CHINA):
        subscription = by_name(directory, name)
        app = put_app(directory, state, subscription.tenant, READER_APP)
        app.graph_roles |= set(graph.ROLES.values())
        put_secret(app, state)
        assign(subscription, state, app, READER)
