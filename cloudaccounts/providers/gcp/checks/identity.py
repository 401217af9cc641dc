"""Who may do what: service accounts and their keys, basic roles, audit logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    days_since,
    expect,
    failed,
    flag,
    known,
    list_of_texts,
    mapping,
    mappings,
    not_applicable,
    posture_check,
    text,
    texts,
    unknown,
    value,
)
from cloudaccounts.providers.gcp.checks.members import people, present
from cloudaccounts.providers.gcp.checks.narrowed import minding_conditions
from cloudaccounts.providers.gcp.checks.references import cite

_PROJECT = "gcp.cloudresourcemanager.project"
_ACCOUNT = "gcp.iam.service_account"
_KEY = "gcp.iam.service_account_key"
AUDITED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


def _not_in_hand(asset: Asset) -> Evaluation | None:
    """Why nobody can use the key; None for one that somebody has."""
    kind = known(asset, "keyType")
    if kind == "SYSTEM_MANAGED":
        return not_applicable("Google keeps this key and rotates it.")
    if kind != "USER_MANAGED":
        return unknown("It is a key of a kind that is not known here.")
    if flag(asset, "disabled"):
        return not_applicable("This key is disabled.")
    # Nobody signs in with it any more, though it stays listed:
    # https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys#key-expiry
    end = text(asset, "validBeforeTime")
    return not_applicable("This key has expired.") if end and days_since(asset, end) >= 0 else None


@posture_check(
    "gcp_service_account_user_key",
    "Service account has a key of its own",
    Severity.MEDIUM,
    "iam",
    _KEY,
    why="A key is a password in a file that works from anywhere and never asks for a second factor: keys end up in "
    "repositories and images. Workload identity and impersonation need none.",
    console="IAM & Admin, Service accounts, choose the account, Keys: disable the key, and delete it when nothing "
    "misses it.",
    command="gcloud iam service-accounts keys disable <key-id> --iam-account=<account>",
    references=cite("iam/docs/best-practices-for-managing-service-account-keys"),
    time_dependent=True,
)
def user_key(asset: Asset) -> Evaluation:
    if (other := _not_in_hand(asset)) is not None:
        return other
    return failed("It is managed by a user and enabled.")


@posture_check(
    "gcp_service_account_key_age",
    "Service account key is older than 90 days",
    Severity.HIGH,
    "iam",
    _KEY,
    why="The longer a key lives, the more copies of it lie about. Changing it every 90 days makes the lost ones "
    "worthless.",
    console="IAM & Admin, Service accounts, choose the account, Keys: add a key, put it where the old one is used, "
    "then disable and delete the old one.",
    command="gcloud iam service-accounts keys create <file> --iam-account=<account>",
    references=cite("iam/docs/key-rotation"),
    time_dependent=True,
)
def key_age(asset: Asset) -> Evaluation:
    if (other := _not_in_hand(asset)) is not None:
        return other
    old = flag(asset, "older_than_90_days", default=None)
    return expect(not old, f"It was made on {text(asset, 'validAfterTime')[:10]}.", "It is younger than 90 days.")


@posture_check(
    "gcp_service_account_admin_roles",
    "Service account may do nearly everything",
    Severity.HIGH,
    "iam",
    _ACCOUNT,
    why="Whoever gets at the code that runs as this account gets at the whole project. Programs need a few named "
    "permissions, never Owner, Editor or an Admin role.",
    console="IAM & Admin, IAM: find the account, replace the role by narrower ones; the recommender beside it shows "
    "what is really used.",
    command="gcloud projects remove-iam-policy-binding <project> --member=serviceAccount:<account> --role=<role>",
    references=cite("iam/docs/best-practices-service-accounts"),
)
@minding_conditions
def admin_roles(asset: Asset) -> Evaluation:
    if flag(asset, "disabled"):
        return not_applicable("This service account is disabled.")
    known(asset, "project_roles")
    wide = [role for role in texts(asset, "project_roles") if _is_admin(role)]
    return expect(
        not wide, f"It holds {abridge(wide)} on the project.", "It holds no administrator's role on the project."
    )


def _is_admin(role: str) -> bool:
    # By the name, as Google names them: roles/storage.admin, roles/compute.instanceAdmin.v1, and custom roles like it.
    return role in ("roles/owner", "roles/editor", "roles/admin", "roles/writer") or "admin" in role.lower()


@posture_check(
    "gcp_project_basic_roles",
    "Owner and Editor are given on the project",
    Severity.MEDIUM,
    "cloudresourcemanager",
    _PROJECT,
    why="The basic roles hold thousands of permissions in all services, also in those that Google will add. Predefined "
    "roles give what the work needs.",
    console="IAM & Admin, IAM: replace Owner and Editor by predefined roles; keep Owner for one or two people.",
    command="gcloud projects remove-iam-policy-binding <project> --member=<member> --role=<role>",
    references=cite("iam/docs/roles-overview#basic"),
)
@minding_conditions
def basic_roles(asset: Asset) -> Evaluation:
    known(asset, "basic_roles")
    roles = {role: list_of_texts(members, "basic_roles") for role, members in mapping(asset, "basic_roles").items()}
    editors = present(roles.get("roles/editor", []))
    owners = present(roles.get("roles/owner", []))
    reason = f"{len(owners)} with Owner and {len(editors)} with Editor."
    return expect(not editors and len(owners) <= 2, reason, reason)  # one, and one in their absence


@posture_check(
    "gcp_project_acting_roles",
    "People may act as every service account of the project",
    Severity.HIGH,
    "cloudresourcemanager",
    _PROJECT,
    why="Service Account User or Token Creator on the project means: all of its service accounts, the mightiest one "
    "included, and those to come. Given on one account, it means that one.",
    console="IAM & Admin, IAM: remove the role from the project and give it on the service accounts that are needed.",
    command="gcloud projects remove-iam-policy-binding <project> --member=<member> --role=<role>",
    references=cite("iam/docs/service-account-permissions"),
)
@minding_conditions
def acting_roles(asset: Asset) -> Evaluation:
    known(asset, "acting_roles")
    holders = [
        member
        for members in mapping(asset, "acting_roles").values()
        for member in people(list_of_texts(members, "acting_roles"))
    ]
    return expect(
        not holders, f"Given to {abridge(holders)}.", "By the project's own policy nobody may act as all of them."
    )


@posture_check(
    "gcp_project_audit_logs",
    "Reads and writes of data are not logged",
    Severity.MEDIUM,
    "cloudresourcemanager",
    _PROJECT,
    why="Google always logs changes to resources, but who read or changed the data itself only where Data Access logs "
    "are switched on. Without them a theft of data leaves no trace.",
    console="IAM & Admin, Audit Logs, Set default configuration: Admin Read, Data Read and Data Write. They may cost. "
    "For what folders and the organization switch on to be read, grant resourcemanager.folders.getIamPolicy and "
    "resourcemanager.organizations.getIamPolicy there, by a custom role.",
    command="gcloud projects get-iam-policy <project> > policy.yaml\n"
    "# add auditConfigs for allServices to policy.yaml, then\n"
    "gcloud projects set-iam-policy <project> policy.yaml",
    references=cite("logging/docs/audit/configure-data-access"),
)
def audit_logs(asset: Asset) -> Evaluation:
    known(asset, "audit_configs")
    own = _for_all_services(mappings(asset, "audit_configs"), "audit_configs")
    above = mapping(asset, "audit_configs_above")
    inherited = _for_all_services(mappings(asset, "audit_configs_above.configs"), "audit_configs_above.configs")
    # An asset that was stored before places above were read tells nothing about them.
    unread = (
        texts(asset, "audit_configs_above.unread")
        if above
        else ["its folders and organization"] * bool(value(asset, "parent"))
    )
    types, exempted = own[0] | inherited[0], sorted(own[1] | inherited[1])
    missing = [kind for kind in AUDITED if kind not in types]
    if missing and unread:
        return unknown(
            f"Off for all services by what could be read: {abridge(missing)}. What is switched on by {abridge(unread)} "
            "could not be read."
        )
    if missing:
        return failed(f"Off for all services, also above the project: {abridge(missing)}.")
    return expect(not exempted, f"Without {abridge(exempted)}, who are exempted.", "On for all services and everybody.")


def _for_all_services(configs: Sequence[Mapping[str, object]], path: str) -> tuple[set[str], set[str]]:
    """Types and who is exempted. A service that is named alone adds to these and takes nothing away."""
    general = [config for config in configs if config.get("service") == "allServices"]
    types = {kind for config in general for kind in list_of_texts(config.get("types"), f"{path}.types")}
    return types, {member for config in general for member in list_of_texts(config.get("exempted"), f"{path}.exempted")}


CHECKS = (user_key, key_age, admin_roles, basic_roles, acting_roles, audit_logs)
