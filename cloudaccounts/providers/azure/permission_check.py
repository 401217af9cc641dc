"""Which of the needed permissions an app has: by Azure's own list of its roles' actions, minus deny assignments.

Every caller may read the list about itself, so that this works for an app without any role:
https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource (version 2022-04-01). No Django.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import BeyondNeed, PermissionResult, PermissionStatus
from cloudaccounts.provider_kit.deadlines import start
from cloudaccounts.providers.azure.client import Connection
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.permissions import PERMISSIONS, Permission
from cloudaccounts.providers.azure.rbac import DenyAssignment, Entry, Reach, beyond_reading, granted

API_VERSION = "2022-04-01"


@dataclass(frozen=True, slots=True)
class PermissionCheck:
    """``denials_unread`` is why deny assignments could not be read; None where they were."""

    results: tuple[PermissionResult, ...]
    beyond: tuple[BeyondNeed, ...]
    denials_unread: ProviderError | None = None


def check_permissions(connection: Connection, principal_id: str) -> PermissionCheck:
    """One result for each needed permission. Raises `ProviderError` where Azure does not list the app's actions."""
    # Beside the permissions, which need no answer of it.
    denials = start(lambda: deny_assignments(connection, principal_id))
    try:
        entries = role_entries(connection)
    except (AzureError, ProviderError) as error:
        raise explain(error, "Microsoft.Authorization/permissions/read") from None
    # Deny assignments are rare: not being allowed to read them must not spoil what is known of the roles.
    unread: ProviderError | None = None
    denied: Sequence[DenyAssignment] = ()
    try:
        denied = denials.result()
    except (AzureError, ProviderError) as error:
        unread = explain(error, "Microsoft.Authorization/denyAssignments/read")
    results = tuple(evaluate(permission, entries, denied, principal_id) for permission in PERMISSIONS)
    return PermissionCheck(results, beyond_reading(entries), unread)


def role_entries(connection: Connection) -> list[Entry]:
    """The actions of all roles that the app has in the subscription. Raises the SDK's errors."""
    path = f"/subscriptions/{connection.subscription_id}/providers/Microsoft.Authorization/permissions"
    return [Entry.of(item) for item in connection.pages(path, API_VERSION)]


def evaluate(
    permission: Permission, entries: Sequence[Entry], denials: Sequence[DenyAssignment], principal_id: str
) -> PermissionResult:
    status, reason = PermissionStatus.GRANTED, ""
    if not granted(entries, permission.action):
        status, reason = PermissionStatus.DENIED, "no role of the app allows it"
    else:
        reached = {denial.reaches(permission.action, principal_id): denial.name for denial in denials}
        # A sure denial goes before one that may concern the app.
        if Reach.YES in reached:
            status, reason = PermissionStatus.DENIED, f"denied by the deny assignment {_quoted(reached[Reach.YES])}"
        elif Reach.MAYBE in reached:
            status = PermissionStatus.UNVERIFIABLE
            reason = f"the deny assignment {_quoted(reached[Reach.MAYBE])} may concern the app"
    return PermissionResult(permission.service, permission.action, status, reason)


def deny_assignments(connection: Connection, principal_id: str) -> list[DenyAssignment]:
    """Of the subscription and of what lies above; whether one for a group reaches the app, a second list tells.

    https://learn.microsoft.com/azure/role-based-access-control/deny-assignments-rest: ``assignedTo`` knows groups, and
    groups in groups. It is not asked alone, because nothing there says that it names what is denied to everybody.
    Raises the SDK's errors, of the first list.
    """
    path = f"/subscriptions/{connection.subscription_id}/providers/Microsoft.Authorization/denyAssignments"
    # atScope() includes what is assigned above the subscription.
    items = connection.pages(path, API_VERSION, **{"$filter": "atScope()"})
    denials = [denial for item in items if (denial := DenyAssignment.of(item, connection.subscription_id)) is not None]
    if not principal_id or not any(denial.is_for_groups for denial in denials):
        return denials
    try:
        own = {"$filter": f"atScope() and assignedTo('{principal_id}')"}
        assigned = {str(item.get("id", "")).lower() for item in connection.pages(path, API_VERSION, **own)}
    except (AzureError, ProviderError):
        return denials  # they may concern the app, as far as is known
    return [denial.among_groups(principal_id, assigned) for denial in denials]


def _quoted(name: str) -> str:
    return f"“{name[:100]}”" if name else "without a name"
