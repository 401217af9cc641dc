"""The believable small company: projects, service accounts and resources, well and badly configured.

Ages are in days at the sandbox's first start; they grow from then on.
"""

from datetime import timedelta
from typing import Any

from sandbox.gcp import compute_resources as compute
from sandbox.gcp import log_resources, resources
from sandbox.gcp.directory import Directory, Place, Pool, Project
from sandbox.gcp.roles import READER

ORGANIZATION = "organizations/481516234200"
CUSTOMER = "C01meadow"


def person(name: str, *, second_factor: bool = True, super_admin: bool = False, suspended: bool = False) -> Any:
    """As the Directory API tells a user."""
    return {
        "kind": "admin#directory#user", "id": name, "primaryEmail": f"{name}@meadowlark.example",
        "isAdmin": super_admin, "isEnrolledIn2Sv": second_factor, "isEnforcedIn2Sv": second_factor,
        "suspended": suspended, "archived": False,
    }  # fmt: skip


PEOPLE = (
    person("first.admin", super_admin=True),
    person("second.admin", super_admin=True, second_factor=False),
    person("ida"),
    person("jon", second_factor=False),
    person("gone.admin", super_admin=True, second_factor=False, suspended=True),
)
OWN = "cloud-accounts-own"
DATA = "meadowlark-data-prod"
SHOP = "meadowlark-shop-prod"
LEGACY = "meadowlark-legacy"
PARKED = "meadowlark-parked"
HUB = "meadowlark-hub"
RESEARCH = "meadowlark-research"
MEDIA = "meadowlark-media"

SERVER = f"cloud-accounts@{OWN}.iam.gserviceaccount.com"
READER_NAME = "cloud-accounts-reader"
ORGANIZATION_NAME = "cloud-accounts-organization"
MEMBERS = 24
APIS = frozenset(
    {
        *("cloudresourcemanager.googleapis.com", "cloudasset.googleapis.com", "serviceusage.googleapis.com"),
        *("iam.googleapis.com", "iamcredentials.googleapis.com", "sts.googleapis.com"),
        *("compute.googleapis.com", "storage.googleapis.com", "logging.googleapis.com"),
        # Without it contacts.compute answers SERVICE_DISABLED, which is a gap and not an empty list of contacts.
        "essentialcontacts.googleapis.com",
        "monitoring.googleapis.com",
    }
)
ISSUER = "https://oidc.cloud-accounts.example"
SUBJECT = "cloud-accounts"
# Flags as CIS GCP asks for them on PostgreSQL.
AUDITED_POSTGRES = {
    "log_connections": "on",
    "log_disconnections": "on",
    "log_statement": "ddl",
    "cloudsql.enable_pgaudit": "on",
    "cloudsql.iam_authentication": "on",
}
AUDIENCE = "https://cloud-accounts.example/gcp"
POOL_NAME = "cloud-accounts"


def build(directory: Directory) -> None:
    _own(directory)
    _data(directory)
    _shop(directory)
    _legacy(directory)
    add_project(directory, PARKED, "Parked", state="DELETE_REQUESTED")
    directory.grant(directory.project(PARKED), f"serviceAccount:{READER_NAME}@{DATA}.iam.gserviceaccount.com", READER)
    _organization(directory)
    _research(directory)
    _media(directory)


def _organization(directory: Directory) -> None:
    """Folders with small projects of the teams; one service account reads them all, by roles on the organization."""
    for name, label, parent in (
        (ORGANIZATION, "meadowlark.example", ""),
        ("folders/733001200100", "Production", ORGANIZATION),
        ("folders/733001200200", "Teams", ORGANIZATION),
        ("folders/733001200201", "Experiments", "folders/733001200200"),
    ):
        directory.places[name] = Place(name, label, parent)
    directory.places[ORGANIZATION].customer = CUSTOMER
    directory.places[ORGANIZATION].people = [dict(person) for person in PEOPLE]
    for number in range(1, MEMBERS + 1):
        folder = "folders/733001200100" if number % 2 else "folders/733001200201"
        add_project(directory, f"meadowlark-team-{number:02}", f"Team {number:02}", parent=folder)
    add_project(directory, HUB, "Organization hub")
    email = directory.add_account(HUB, ORGANIZATION_NAME, (), "Cloud Accounts organization reader").email
    directory.add_key(email, 12)
    for role in READER:
        directory.places[ORGANIZATION].bindings[role] = {f"serviceAccount:{email}"}


def add_project(
    directory: Directory,
    project_id: str,
    name: str,
    *,
    state: str = "ACTIVE",
    parent: str = ORGANIZATION,
    age: int = 400,
) -> Project:
    project = Project(
        project_id,
        directory.digits(12, "project", project_id),
        name,
        parent,
        directory.state.born - timedelta(days=age),
        state=state,
        apis=set(APIS),
    )
    directory.projects[project_id] = project
    return project


def pool_audience(project: Project) -> str:
    return (
        f"//iam.googleapis.com/projects/{project.number}/locations/global/workloadIdentityPools/{POOL_NAME}/providers/"
        f"{POOL_NAME}"
    )


def add_pool(directory: Directory, project: Project) -> Pool:
    """A provider that believes this server's own token."""
    pool = Pool(pool_audience(project), ISSUER, (AUDIENCE,), (SUBJECT,))
    directory.pools[pool.audience] = pool
    return pool


def _own(directory: Directory) -> None:
    """The product's own project: this server's identity lives here."""
    add_project(directory, OWN, "Cloud Accounts")
    directory.add_account(OWN, SERVER.split("@")[0])
    directory.add_key(SERVER, 30)


def _data(directory: Directory) -> None:
    project = add_project(directory, DATA, "Data platform", parent="folders/733001200100")
    project.labels = {"team": "data", "env": "prod"}
    reader = directory.add_account(DATA, READER_NAME, READER, "Cloud Accounts reader")
    directory.add_key(reader.email, 20)
    reader.bindings["roles/iam.serviceAccountTokenCreator"] = {f"serviceAccount:{SERVER}"}
    directory.grant(project, "user:ana.lopez@meadowlark.example", ["roles/owner"])
    directory.grant(project, "group:engineers@meadowlark.example", ["roles/viewer"])
    loader = directory.add_account(DATA, "airflow-loader", ["roles/editor"])
    directory.add_key(loader.email, 512)
    directory.add_account(DATA, "nobody")
    directory.add_key(f"nobody@{DATA}.iam.gserviceaccount.com", 5)
    former = directory.add_account(DATA, "former-contractor", READER)
    directory.add_key(former.email, 300).disabled = True
    key_name = f"projects/{DATA}/locations/europe-west1/keyRings/main/cryptoKeys/disks"
    project.firewall_policies = [
        compute.policy(
            "meadowlark-baseline",
            "HIERARCHY",
            compute.policy_rule(100, "deny", "0.0.0.0/0", "tcp", "3389"),
            # The number of a policy's default rule, the last one, which hands on to the rules of the VPC.
            compute.policy_rule(2_147_483_647, "goto_next", "0.0.0.0/0", "all"),
        )
    ]
    project.contacts = [log_resources.contact(ORGANIZATION, 1, "ALL"), log_resources.contact(ORGANIZATION, 2, "LEGAL")]
    project.assets = [
        compute.network(project, "default"),
        compute.firewall(project, "allow-ssh-from-anywhere", "22", "0.0.0.0/0"),
        # Denies a part of what the rule before allows: the internet still reaches the port.
        compute.firewall(project, "deny-ssh-of-scanners", "22", "192.88.99.0/24", denies=True),
        compute.firewall(project, "allow-internal", "5432", "10.20.0.0/16"),
        compute.instance(project, "europe-west1-b", "airflow-1", machine="n2-standard-4", labels={"team": "data"}),
        compute.instance(
            project,
            "europe-west1-c",
            "bastion",
            public=True,
            secure=False,
            scopes=["https://www.googleapis.com/auth/cloud-platform"],
            metadata={"startup-script": "export TOKEN=do-not-keep-me", "serial-port-enable": "TRUE"},
        ),
        compute.instance(project, "us-central1-a", "exporter", labels={"team": "data"}),
        compute.disk(project, "europe-west1-b", "airflow-scratch", kms=True, gigabytes=200),
        compute.disk(project, "us-central1-a", "forgotten-restore", kms=False, gigabytes=500),
        resources.bucket(project, "meadowlark-raw-events", "europe-west1", labels={"team": "data"}),
        resources.bucket(project, "meadowlark-curated", "eu"),
        resources.bucket(project, "meadowlark-public-docs", "us", closed=False),
        resources.bucket(
            project,
            "meadowlark-audit-logs",
            "eu",
            retentionPolicy={"retentionPeriod": "31536000", "isLocked": True, "effectiveTime": "2025-01-02T03:04:05Z"},
        ),
        resources.database(project, "europe-west1", "warehouse-meta", open_to_all=False, flags=AUDITED_POSTGRES),
        resources.secret(project, "warehouse-password"),
        resources.function(project, "europe-west1", "nightly-export"),
        compute.compute_project(project, enable_oslogin="TRUE", block_project_ssh_keys="TRUE"),
        compute.subnetwork(project, "europe-west1", "default", logged=False),
        compute.subnetwork(project, "europe-west1", "pipelines", logged=True),
        resources.key(project, "europe-west1", "main", "disks", days=90),
        resources.key(project, "europe-west1", "main", "archive", days=0),
        # Its only version is destroyed: nothing is left that could rotate, so the rule must not fail it.
        resources.key(project, "europe-west1", "main", "retired", days=0, state="DESTROYED"),
        resources.key_version(project, "europe-west1", "main", "retired", 1, "DESTROYED"),
        resources.key_version(project, "europe-west1", "main", "archive", 1, "ENABLED"),
        resources.zone(project, "meadowlark", signed=True),
        resources.zone(project, "inside", signed=False, visibility="private"),
        resources.dataset(project, "events", public=False, key_name=key_name),
        resources.table(project, "events", "clicks", key_name=key_name),
        # A view keeps no data, so it needs no key of its own.
        resources.table(project, "events", "clicks_daily", kind="VIEW"),
        resources.table(project, "open_data", "stations"),
        resources.dataproc(project, "europe-west1", "nightly", key_name=key_name),
        compute.backend_service(project, "dashboards", logged=True),
        compute.ssl_policy(project, "modern"),
        compute.https_proxy(project, "dashboards", "modern"),
        log_resources.dns_policy(project, "logged", "default", logging=True),
        log_resources.sink(project, "everything", "storage.googleapis.com/meadowlark-audit-logs"),
        *log_resources.own_sinks(project),
        *log_resources.watches(project),
        resources.dataset(project, "open_data", public=True),
        resources.cluster(project, "europe-west1", "pipelines", closed=True),
        resources.api_key(project, "5f0c2b7e-1a2b-4c3d-8e4f-0a1b2c3d4e5f", restricted=True),
    ]
    kinds = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    project.audit_configs = [{"service": "allServices", "types": kinds}]


def _shop(directory: Directory) -> None:
    project = add_project(directory, SHOP, "Web shop", parent="folders/733001200100")
    project.labels = {"team": "shop", "env": "prod"}
    reader = directory.add_account(SHOP, READER_NAME, READER, "Cloud Accounts reader")
    pool = add_pool(directory, project)
    reader.bindings["roles/iam.workloadIdentityUser"] = {pool.principal + SUBJECT}
    reader.bindings["roles/iam.serviceAccountTokenCreator"] = {f"serviceAccount:{SERVER}"}
    project.assets = [
        compute.instance(project, "us-east1-b", "web-1", public=True),
        resources.database(project, "us-east1", "orders", open_to_all=True),
        resources.bucket(project, "meadowlark-shop-images", "us-east1"),
        compute.compute_project(project, serial_port_enable="TRUE"),
        compute.firewall(project, "allow-everything", "", "0.0.0.0/0", "all"),
        resources.zone(project, "shop", signed=False),
        resources.zone(project, "shop-mail", signed=True, algorithm="rsasha1"),
        resources.database(
            project, "us-east1", "reports", open_to_all=False, version="MYSQL_8_0", flags={"local_infile": "on"}
        ),
        resources.database(
            project,
            "us-east1",
            "accounting",
            open_to_all=False,
            version="SQLSERVER_2022_STANDARD",
            flags={
                "cross db ownership chaining": "on",
                "user connections": "50",
                "contained database authentication": "on",
            },
        ),
        # Functions of the first generation are another type in Cloud Asset: they would be in no answer about the
        # second.
        resources.function_v1(project, "us-east1", "receipts"),
        resources.dataset(project, "orders", public=False),
        resources.table(project, "orders", "lines"),
        resources.dataproc(project, "us-east1", "stock"),
        resources.bucket(project, "meadowlark-shop-logs", "us"),
        compute.network(project, "default"),
        compute.backend_service(project, "web", logged=False),
        compute.https_proxy(project, "web"),
        log_resources.sink(project, "errors", "storage.googleapis.com/meadowlark-shop-logs", "severity>=ERROR"),
        *log_resources.own_sinks(project),
        log_resources.metric(project, "owners", log_resources.WATCHED["owners"]),
        resources.cluster(project, "us-east1", "shop", closed=False),
        resources.api_key(project, "0b1c2d3e-4f5a-4b6c-9d7e-8f9a0b1c2d3e", restricted=False),
    ]
    project.firewall_policies = [
        compute.policy("shop-edge", "NETWORK", compute.policy_rule(1000, "allow", "0.0.0.0/0", "tcp", "3389"))
    ]
    project.contacts = [log_resources.contact(f"projects/{project.number}", 1, "BILLING", "TECHNICAL")]
    tom = ["roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser"]
    directory.grant(project, "user:tom.berg@meadowlark.example", tom)
    # Google keeps a deleted member in the policy. It must not be counted as an owner.
    directory.grant(project, "deleted:user:old.owner@meadowlark.example?uid=123456789012345678901", ["roles/owner"])


def _research(directory: Directory) -> None:
    """Without an organization above it; this server's own identity may act as its reader."""
    project = add_project(directory, RESEARCH, "Research", parent="")
    project.labels = {"team": "research", "env": "dev"}
    reader = directory.add_account(RESEARCH, READER_NAME, READER, "Cloud Accounts reader")
    reader.bindings["roles/iam.serviceAccountTokenCreator"] = {f"serviceAccount:{SERVER}"}
    project.assets = [
        resources.bucket(project, "meadowlark-research-notebooks", "europe-west1"),
        compute.instance(project, "europe-west1-b", "notebook-1"),
        compute.compute_project(project, enable_oslogin="TRUE"),
    ]


def _media(directory: Directory) -> None:
    """Without an organization above it; its auditor may list resources, but not read who may do what."""
    project = add_project(directory, MEDIA, "Media", parent="")
    project.labels = {"team": "media", "env": "prod"}
    role = f"projects/{MEDIA}/roles/partialAuditor"
    project.custom_roles[role] = frozenset(
        {"resourcemanager.projects.get", "cloudasset.assets.listResource", "serviceusage.services.get"}
    )
    partial = directory.add_account(MEDIA, "partial-auditor", [role])
    directory.add_key(partial.email, 75)
    project.assets = [
        resources.bucket(project, "meadowlark-media-originals", "us-east1"),
        compute.instance(project, "us-east1-b", "transcoder", public=True),
        compute.compute_project(project, serial_port_enable="TRUE"),
    ]


def _legacy(directory: Directory) -> None:
    """Nobody looks after it: Cloud Asset was never enabled, a key is four years old, a bucket is open."""
    project = add_project(directory, LEGACY, "Legacy reports", age=1800)
    # Cloud Asset is missing: a validation meets SERVICE_DISABLED and has to name the API.
    project.apis = {"cloudresourcemanager.googleapis.com", "iam.googleapis.com", "serviceusage.googleapis.com"}
    project.apis |= {"logging.googleapis.com"}
    reader = directory.add_account(LEGACY, READER_NAME, READER)
    directory.add_key(reader.email, 1460)
    project.assets = [resources.bucket(project, "meadowlark-legacy-dumps", "us", closed=False)]
