"""What a scan needs, permission by permission. The inventory makes no other calls. No Django, no SDK.

All are in the roles of `ROLES`; a test holds both against the calls that are made. ``about`` completes "Findings about
… will be missing". Permissions of each method:
https://cloud.google.com/asset-inventory/docs/access-control and
https://cloud.google.com/resource-manager/docs/access-control-proj
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from cloudaccounts.contract.report import PermissionResult, PermissionStatus
from cloudaccounts.provider_kit.check_results import join_names


@dataclass(frozen=True, slots=True)
class Permission:
    name: str  # "cloudasset.assets.listResource"
    service: str  # the heading under which it is shown
    about: str
    role: str  # the smallest of `ROLES` that has it
    inventory: bool = False  # the scan reads resources with it
    readings: tuple[str, ...] = ()  # as checks name their service; none: whatever is read


PERMISSIONS: tuple[Permission, ...] = (
    Permission("resourcemanager.projects.get", "Resource Manager", "the project itself", "roles/browser"),
    Permission(
        "cloudasset.assets.listResource", "Cloud Asset", "resources of all services", "roles/cloudasset.viewer", True
    ),
    Permission(
        "cloudasset.assets.searchAllIamPolicies", "Cloud Asset", "who may do what", "roles/cloudasset.viewer", True
    ),
    Permission(
        "resourcemanager.projects.getIamPolicy",
        "Resource Manager",
        "audit logs",
        "roles/browser",
        readings=("cloudresourcemanager",),
    ),
    Permission(
        "compute.networks.getEffectiveFirewalls",
        "Compute Engine",
        "what the internet reaches",
        "roles/compute.networkViewer",
        readings=("compute",),
    ),
    Permission(
        "essentialcontacts.contacts.list",
        "Essential Contacts",
        "whom Google tells of attacks and failures",
        "roles/essentialcontacts.viewer",
        readings=("cloudresourcemanager",),
    ),
    Permission("logging.logEntries.list", "Logging", "what changed since the last scan", "roles/logging.viewer"),
)
BY_NAME = {permission.name: permission for permission in PERMISSIONS}
# Nothing is found by these, so that no report names them. Counting calls against this project's quota, and which APIs
# are on: needed where the service account belongs to it.
SUPPORTING = tuple(
    Permission(f"serviceusage.services.{name}", "Service Usage", "", "roles/serviceusage.serviceUsageConsumer")
    for name in ("get", "list", "use")
)
# How old the key is that this server signs in with. Of accounts with a key only.
OF_A_KEY = (Permission("iam.serviceAccountKeys.list", "IAM", "", "roles/iam.serviceAccountViewer"),)

# Granted by the set-up, on the project: role to the name that the console shows. No basic role, and no role that lists
# everything: Viewer holds storage.legacyObjectReader on buckets by their projectViewer entry, so it reads objects
# (https://cloud.google.com/storage/docs/access-control/iam-roles#basic-roles-modifiable), and Security Reviewer reads
# the Data Access logs. What each role contains: https://cloud.google.com/iam/docs/roles-permissions. The last one is
# needed where the service account belongs to this project: its calls count against the project's quota, and Service
# Usage says which APIs are on.
ROLE_TITLES = MappingProxyType(
    {
        "roles/browser": "Browser",
        "roles/cloudasset.viewer": "Cloud Asset Viewer",
        "roles/compute.networkViewer": "Compute Network Viewer",
        "roles/essentialcontacts.viewer": "Essential Contacts Viewer",
        "roles/logging.viewer": "Logs Viewer",
        "roles/serviceusage.serviceUsageConsumer": "Service Usage Consumer",
    }
)
ROLES = tuple(ROLE_TITLES)
# With a key as well, so that the key's age is known. It reads which service accounts and keys there are.
KEY_ROLE_TITLES = MappingProxyType({**ROLE_TITLES, "roles/iam.serviceAccountViewer": "View Service Accounts"})
KEY_ROLES = tuple(KEY_ROLE_TITLES)

CLOUD_ASSET = "cloudasset.googleapis.com"
RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"
LOGGING = "logging.googleapis.com"
ORG_POLICY = "orgpolicy.googleapis.com"
CONTACTS = "essentialcontacts.googleapis.com"
# The optional ones add facts (which APIs are on, how old the key is, what changed): a scan works without them.
APIS = (RESOURCE_MANAGER, CLOUD_ASSET, "serviceusage.googleapis.com", "iam.googleapis.com", LOGGING, CONTACTS)
OPTIONAL_APIS = frozenset(APIS[2:])
# Of the optional step that reads people (`inventory.cloud_identity`): the API, and the role on the organization that
# tells the customer's ID. https://cloud.google.com/resource-manager/docs/access-control-org
PEOPLE_API, PEOPLE_ROLE = "admin.googleapis.com", "roles/resourcemanager.organizationViewer"
# What overrides buckets and metadata as they are; see `inventory.policies_above`.
PUBLIC_ACCESS, SERIAL_PORT = "storage.publicAccessPrevention", "compute.disableSerialPortAccess"
# Both names of what forbids new keys: the older one, and the managed one that newer organizations use.
KEY_CONSTRAINTS = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")


def enabling_command(apis: Iterable[str], host_project: str) -> str:
    return f"gcloud services enable {' '.join(apis)} --project={shlex.quote(host_project)}"


def granting_commands(results: Iterable[PermissionResult], project: str, email: str) -> str:
    """The commands that grant what is denied; empty where nothing is."""
    denied = {result.permission for result in results if result.status == PermissionStatus.DENIED}
    # Each role once, however many of its permissions are missing.
    roles = dict.fromkeys(permission.role for permission in PERMISSIONS if permission.name in denied)
    member = shlex.quote(f"serviceAccount:{email}")
    return "\n".join(
        f"gcloud projects add-iam-policy-binding {shlex.quote(project)} --member={member} --role={role}"
        " --condition=None"
        for role in roles
    )


def topic(permission: str) -> str:
    """What findings are about that need this permission; empty for one that is not known."""
    needed = BY_NAME.get(permission)
    return needed.about if needed else ""


def blind_topics(results: Iterable[PermissionResult]) -> str:
    """What a scan will find nothing about: "resources of all services and who may do what"; may be empty."""
    denied = {result.permission for result in results if result.status == PermissionStatus.DENIED}
    return join_names([permission.about for permission in PERMISSIONS if permission.name in denied])


def can_scan(results: Iterable[PermissionResult]) -> bool:
    granted = {result.permission for result in results if result.status == PermissionStatus.GRANTED}
    return any(permission.inventory for permission in PERMISSIONS if permission.name in granted)
