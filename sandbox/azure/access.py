"""Role-based access control as Azure decides it.

Written independently of the product's own reading of the same rules, so that one mistake is not in both.

https://learn.microsoft.com/azure/role-based-access-control/overview#how-azure-rbac-determines-if-a-user-has-access-to-a-resource
"""

from fnmatch import fnmatchcase
from typing import Any

from sandbox.azure.directory import EVERYONE, App, Role, Subscription
from sandbox.azure.errors import denied

# Built-in roles have the same id in every tenant, so the product names them by id:
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
OWNER = Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",))
CONTRIBUTOR = Role(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    ("*",),
    (
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/elevateAccess/Action",
    ),
)
READER = Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",))
# Set-up asks for Reader alone (docs/decisions/0016-azure-reader-and-an-optional-grant.md). It is here because
# Azure lists it among the built-in roles of every subscription.
SECURITY_READER = Role(
    "39bc4728-0917-49c7-9d2c-d95423bc2eb4",
    "Security Reader",
    (
        "Microsoft.Authorization/*/read",
        "Microsoft.Insights/alertRules/read",
        "Microsoft.operationalInsights/workspaces/*/read",
        "Microsoft.Resources/deployments/*/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Security/*/read",
        "Microsoft.Support/*/read",
        "Microsoft.Management/managementGroups/read",
    ),
)
BUILT_IN = (OWNER, CONTRIBUTOR, READER, SECURITY_READER)


def covers(entry: dict[str, Any], action: str) -> bool:
    # Each entry is read with its own notActions: what one role leaves out another may give, so they must not be
    # pooled.
    lowered = action.lower()
    allowed = any(fnmatchcase(lowered, _shell(pattern)) for pattern in entry.get("actions", ()))
    return allowed and not any(fnmatchcase(lowered, _shell(pattern)) for pattern in entry.get("notActions", ()))


def _shell(pattern: str) -> str:
    """The pattern as fnmatch reads it: Azure knows the star alone, and fnmatch's other signs occur in no action."""
    return pattern.lower()


def roles_of(subscription: Subscription, app: App) -> list[Role]:
    """The app's roles by assignments at the subscription or above it. Those on a part of it reach nothing here."""
    management_groups = "/providers/microsoft.management/"
    principals = {app.object_id, *subscription.tenant.groups_of(app.object_id)}
    return [
        assignment.role
        for assignment in subscription.assignments
        if assignment.principal_id in principals
        and (
            # Roles are inherited downwards, so the root, management groups and the subscription count; a resource
            # group lies below.
            assignment.scope.lower() == subscription.scope
            or assignment.scope == "/"
            or assignment.scope.lower().startswith(management_groups)
        )
    ]


def is_assigned(subscription: Subscription, denial: dict[str, Any], object_id: str, *, everyone: bool) -> bool:
    """Whether a deny assignment names the principal, or a group that it is in; ``everyone``: or everybody."""
    principals = {object_id, *subscription.tenant.groups_of(object_id), *([EVERYONE] if everyone else [])}
    return any(principal["id"] in principals for principal in denial["principals"])


def authorize(subscription: Subscription, app: App, action: str, scope: str) -> None:
    """Raises ArmError. A deny assignment goes before all roles."""
    # First of all, because a deny assignment holds whatever roles there are, Owner included:
    # https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
    for denial in subscription.denials:
        spared = {principal["id"] for principal in denial["excludePrincipals"]}
        # Exclusions win over principals, which is how a deployment stack spares the app that deploys.
        concerned = is_assigned(subscription, denial, app.object_id, everyone=True) and app.object_id not in spared
        if concerned and any(covers(entry, action) for entry in denial["permissions"]):
            raise denied(app.client_id, app.object_id, action, scope, by_assignment=denial["denyAssignmentName"])
    if not any(covers(role.entry(), action) for role in roles_of(subscription, app)):
        raise denied(app.client_id, app.object_id, action, scope)
