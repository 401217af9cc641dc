"""Who may do everything: owners of the subscription, and the customer's own roles."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    known,
    list_of_texts,
    mappings,
    not_applicable,
    posture_check,
    text,
    texts,
    unknown,
)
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import is_one_of
from cloudaccounts.providers.azure.rbac import Entry, granted

LEAST_OWNERS = 2  # when the only one is ill or leaves, nobody can act
MOST_OWNERS = 3  # https://learn.microsoft.com/azure/role-based-access-control/best-practices
# https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope#principaltype
_PEOPLE = ("User", "Group", "ForeignGroup", "Device")
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"  # a built-in role, the same id everywhere
_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"  # User Access Administrator, the same id everywhere
# Every action ends in its kind, and a wildcard stands for any text, slashes too:
# https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions-format
_KINDS = ("read", "write", "delete", "action")
_ANY_RESOURCE = "Microsoft.AnyService/anyResources/anyOperation"  # of no service, so that only wildcards cover it
_EVERYTHING = "It allows every action"


@posture_check(
    "azure_subscription_owners",
    "Too many owners of the subscription, or one alone",
    Severity.HIGH,
    "authorization",
    "azure.resources.subscription",
    why="An owner may do everything, including giving others access. Each owner more is one more account whose loss "
    "is the loss of the subscription; Microsoft advises three at most. With one alone nobody can act in their absence.",
    console="Open the subscription, Access control (IAM), Role assignments, filter by the role Owner, and remove those "
    "who do not need it; give them a narrower role, or make them eligible in Privileged Identity Management.",
    command="az role assignment delete --assignee <principal-id> --role Owner --scope /subscriptions/<subscription-id>",
    references=cite("role-based-access-control/best-practices#limit-the-number-of-subscription-owners"),
)
def owners(asset: Asset) -> Evaluation:
    known(asset, "owners")
    groups = set(texts(asset, "owner_groups"))
    count = sum(owner not in groups for owner in texts(asset, "owners"))
    reason = f"{count} principal{'' if count == 1 else 's'} hold the role Owner here or above."
    # Before the groups: too many are too many, however many people a group has on top.
    if count > MOST_OWNERS:
        return failed(reason)
    if groups:
        return unknown(f"{reason} How many people a group among the owners has is not read.")
    return expect(count >= LEAST_OWNERS, reason, reason)


@posture_check(
    "azure_custom_owner_role",
    "Custom role that may do everything",
    Severity.HIGH,
    "authorization",
    "azure.authorization.role_definition",
    why="A role of one's own with all actions is an Owner by another name: reviews that look for Owner miss it.",
    console="Open the subscription, Access control (IAM), Roles, filter by Type CustomRole; move its assignments to a "
    "narrower role, then delete it.",
    command="az role definition delete --name <role-name> --scope /subscriptions/<subscription-id>",
    references=cite("role-based-access-control/custom-roles"),
)
def custom_owner(asset: Asset) -> Evaluation:
    known(asset, "permissions")
    entries = [
        Entry(*(tuple(list_of_texts(entry.get(name), name)) for name in ("actions", "not_actions")))
        for entry in mappings(asset, "permissions")
    ]
    # By what the patterns cover: "*" is also written "*/*", or kind by kind. What notActions leave out of one service
    # makes it no narrow role, and what one entry leaves out, another may grant.
    wide = all(granted(entries, f"{_ANY_RESOURCE}/{kind}") for kind in _KINDS)
    exceptions = any(entry.not_actions for entry in entries)
    places = texts(asset, "assignable_scopes")
    # /subscriptions/ID has two slashes; a resource group or resource has more.
    at_subscription = any(
        place.count("/") <= 2 or place.startswith("/providers/microsoft.management/") for place in places
    )
    if wide and not at_subscription:
        return not_applicable("It may do everything, but only in parts of a subscription.")
    what = "It allows actions of every kind on all resources, but for some exceptions" if exceptions else _EVERYTHING
    return expect(not wide, f"{what}, at the subscription or above.", "It allows a part of the actions only.")


@posture_check(
    "azure_access_administrator_at_root",
    "User Access Administrator over the whole tenant",
    Severity.CRITICAL,
    "authorization",
    "azure.authorization.role_assignment",
    why="This is what an elevated Global Administrator gets: the right to give anybody any role in every subscription "
    "of the tenant. It is meant for minutes, and often forgotten.",
    console="In Microsoft Entra ID, Properties, set Access management for Azure resources to No as the person who "
    "elevated the access.",
    command='az role assignment delete --assignee <principal-id> --role "User Access Administrator" --scope /',
    references=cite("role-based-access-control/elevate-access-global-admin"),
)
def administrator_at_root(asset: Asset) -> Evaluation:
    role = text(asset, "role_id")
    if not role:
        raise UnknownFactError("The assignment's role was not told.")
    if role != _ADMINISTRATOR:
        return not_applicable("This assignment is of another role.")
    at_root = known(asset, "scope") == "/"
    # Of this role a condition narrows who may be given what, and of no other thing it allows:
    # https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-portal
    if at_root and text(asset, "condition").strip():
        return unknown("It is assigned at the root of the tenant, under a condition that is not evaluated here.")
    return expect(not at_root, "It is assigned at the root of the tenant.", "It is not assigned at the root.")


@posture_check(
    "azure_owner_is_application",
    "Application with the role Owner",
    Severity.MEDIUM,
    "authorization",
    "azure.authorization.role_assignment",
    why="An application signs in with a secret that lies in files and pipelines, without a second factor. As an owner "
    "it can give itself and others any access.",
    console="Open the subscription, Access control (IAM), Role assignments; replace Owner by Contributor or by the "
    "roles that the application needs.",
    command="az role assignment delete --ids <assignment-id>",
    references=cite("role-based-access-control/best-practices"),
)
def application_owner(asset: Asset) -> Evaluation:
    if known(asset, "role_id") != _OWNER:
        return not_applicable("This assignment is of another role.")
    # A condition narrows which roles an owner may give away; all else stays allowed, so it does not matter here.
    of_people = is_one_of(asset, "principal_type", good=_PEOPLE, bad=("ServicePrincipal",))
    kind = text(asset, "principal_type")
    return expect(of_people, "An application holds the role Owner.", f"It is of a {kind}.")


CHECKS = (owners, custom_owner, administrator_at_root, application_owner)
