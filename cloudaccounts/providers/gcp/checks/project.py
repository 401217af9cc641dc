"""What holds for a project as a whole: duties that one person has together, keys, contacts, where its logs go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    expect,
    failed,
    known,
    list_of_texts,
    mapping,
    mappings,
    passed,
    posture_check,
    rows,
    texts,
    unknown,
    value,
)
from cloudaccounts.providers.gcp.checks.members import present
from cloudaccounts.providers.gcp.checks.narrowed import minding_conditions
from cloudaccounts.providers.gcp.checks.references import cite
from cloudaccounts.providers.gcp.log_filter import takes_everything

_PROJECT = "gcp.cloudresourcemanager.project"
_CONTACTS = "resource-manager/docs/managing-notification-contacts"
CATEGORIES = ("LEGAL", "SECURITY", "SUSPENSION", "TECHNICAL")


def _duties(identifier: str, title: str, administrator: str, users: Sequence[str], why: str, page: str) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "duty_roles")
        roles = mapping(asset, "duty_roles")
        administrators = _holders(roles, (administrator,))
        # Sorted, so that the reason is the same at each scan.
        both = sorted(administrators & _holders(roles, users))
        return expect(
            not both,
            f"Both are given to {abridge(both)}.",
            "Nobody holds both on the project.",
            [Fact(f"duty_roles.{administrator}", both, "nobody who also uses them")],
        )

    return posture_check(
        identifier,
        title,
        Severity.MEDIUM,
        "cloudresourcemanager",
        _PROJECT,
        why=why,
        console="IAM & Admin, IAM: take one of the two roles away and give it to somebody else.",
        command="gcloud projects remove-iam-policy-binding <project> --member=<member> --role=<role>",
        references=cite(page),
    )(minding_conditions(evaluate))


def _holders(roles: Mapping[str, object], names: Sequence[str]) -> set[str]:
    return {member for name in names for member in present(list_of_texts(roles.get(name), "duty_roles"))}


service_account_duties = _duties(
    "gcp_project_service_account_duties",
    "One person makes service accounts and acts as them",
    "roles/iam.serviceAccountAdmin",
    ("roles/iam.serviceAccountUser",),
    "Who administers service accounts and may act as them gives himself, alone and unseen, what any of them may do.",
    "iam/docs/service-account-permissions",
)
key_duties = _duties(
    "gcp_project_key_duties",
    "One person administers keys and uses them",
    "roles/cloudkms.admin",
    (
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/cloudkms.cryptoKeyEncrypter",
        "roles/cloudkms.cryptoKeyDecrypter",
    ),
    "Who administers keys and decrypts with them needs nobody else to read what the keys protect.",
    "kms/docs/separation-of-duties",
)


@posture_check(
    "gcp_project_api_keys",
    "Project has API keys",
    Severity.LOW,
    "cloudresourcemanager",
    _PROJECT,
    why="An API key says nothing about who calls, never expires, and is copied with the page or app that it stands in. "
    "Where an API takes an identity instead, use one; keys that nothing needs any more are to go.",
    console="APIs & Services, Credentials: delete the keys that no program needs.",
    command="gcloud services api-keys delete <key>",
    references=cite("docs/authentication/api-keys"),
    expected={"api_keys": []},
)
def api_keys(asset: Asset) -> Evaluation:
    known(asset, "api_keys")
    names = texts(asset, "api_keys")
    return expect(not names, f"It has {len(names)}: {abridge(names)}.", "It has no API key.")


@posture_check(
    "gcp_project_essential_contacts",
    "Nobody is named whom Google should tell",
    Severity.MEDIUM,
    "cloudresourcemanager",
    _PROJECT,
    why="Google writes to these contacts about attacks, legal matters, suspension and failures. Without them it writes "
    "to whoever happens to hold a role, who may have left.",
    console="IAM & Admin, Essential Contacts, for the organization: add contacts for Legal, Security, Suspension and "
    "Technical, or for All.",
    command="gcloud essential-contacts create --organization=<organization> --email=<address> --language=en "
    "--notification-categories=all",
    references=cite(_CONTACTS),
    expected={"essential_contacts": "contacts for all of legal, security, suspension and technical matters"},
)
def essential_contacts(asset: Asset) -> Evaluation:
    # INVALID is an address that does not take mail; one that is not validated yet is left to count.
    contacts = [contact for contact in rows(asset, "essential_contacts") if contact.get("valid") != "INVALID"]
    categories = {
        str(category)
        for contact in contacts
        for category in list_of_texts(contact.get("categories"), "essential_contacts.categories")
    }
    missing = [] if "ALL" in categories else [name.lower() for name in CATEGORIES if name not in categories]
    return expect(
        not missing, f"No contact is named for {abridge(missing)} matters.", "A contact is named for each matter."
    )


@posture_check(
    "gcp_project_asset_inventory",
    "Cloud Asset Inventory is off",
    Severity.LOW,
    "cloudresourcemanager",
    _PROJECT,
    why="It keeps five weeks of what was there and how it was configured: after an incident nothing else tells.",
    console="APIs & Services, Library, Cloud Asset API: Enable.",
    command="gcloud services enable cloudasset.googleapis.com --project=<project>",
    references=cite("asset-inventory/docs/overview"),
    expected={"enabled_services": "with cloudasset.googleapis.com"},
)
def asset_inventory(asset: Asset) -> Evaluation:
    known(asset, "enabled_services")
    services = texts(asset, "enabled_services")
    if not services:  # a project whose services are not listed: this scan itself used some
        return unknown("Which APIs are on was not told.")
    return expect("cloudasset.googleapis.com" in services, "Its API is not enabled here.", "Its API is enabled.")


@posture_check(
    "gcp_project_log_sink",
    "No copy of all logs is kept",
    Severity.MEDIUM,
    "cloudresourcemanager",
    _PROJECT,
    why="Most logs are gone after 30 days, which is before many break-ins are noticed. A sink without a filter keeps "
    "them in a bucket, a dataset or another project.",
    console="Logging, Log Router, Create sink: choose a destination and leave the filter empty. For sinks of folders "
    "and the organization to be read, grant logging.sinks.list there (roles/logging.viewer has it).",
    command="gcloud logging sinks create <sink> <destination>",
    references=cite("logging/docs/export/configure_export_v2"),
    expected={"log_sinks": "one that is on, without a filter and without exclusions"},
)
def log_sink(asset: Asset) -> Evaluation:
    known(asset, "log_sinks")
    whole = [str(sink.get("name")) for sink in rows(asset, "log_sinks") if _takes_all(sink)]
    if whole:
        return passed(f"{abridge(whole)} takes all entries.")
    # Those of folders and the organization take the project's entries before its own, and one that intercepts keeps
    # what it takes: it is a copy all the same. https://cloud.google.com/logging/docs/export/aggregated_sinks
    above = mapping(asset, "log_sinks_above")
    inherited = [sink for sink in mappings(asset, "log_sinks_above.sinks") if _takes_all(sink)]
    if inherited:
        names = [f"{sink.get('name')} of {sink.get('place')}" for sink in inherited]
        return passed(f"{abridge(names)} takes all entries.")
    # An asset that was stored before places above were read tells nothing about them.
    unread = texts(asset, "log_sinks_above.unread") if above else ["what lies above"] * bool(value(asset, "parent"))
    if unread:
        return unknown(f"No sink of the project takes all entries, and those of {abridge(unread)} could not be read.")
    return failed("No sink of the project, or of what lies above it, takes all entries.")


def _takes_all(sink: Mapping[str, object]) -> bool:
    exclusions = sink.get("exclusions")
    active = (
        [item for item in exclusions if not isinstance(item, Mapping) or item.get("disabled") is not True]
        if (isinstance(exclusions, list))
        else []
    )
    return sink.get("disabled") in (None, False) and takes_everything(str(sink.get("filter") or "")) and not active


CHECKS = (
    service_account_duties,
    key_duties,
    api_keys,
    essential_contacts,
    asset_inventory,
    log_sink,
)
