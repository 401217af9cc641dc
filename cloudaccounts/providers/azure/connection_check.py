"""The connection check: a token, and one read of the subscription with its state and its tag. No Django."""

from __future__ import annotations

from azure.core.exceptions import AzureError

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import PermissionStatus
from cloudaccounts.providers.azure.permission_check import deny_assignments, evaluate, role_entries
from cloudaccounts.providers.azure.permissions import BY_ACTION
from cloudaccounts.providers.azure.rbac import granted
from cloudaccounts.providers.azure.signin import Access, get_subscription, require_readable, sign_in


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    probe_access(credentials, target, KnownPermissions())


def probe_access(credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
    """And two lists: the actions of the app's roles, and the deny assignments, which take some away.

    Raises `ProviderError` for the connection alone.
    """
    access = sign_in(credentials, target)
    try:
        require_readable(credentials, target, get_subscription(access))
        try:
            return _changed(access, known)
        except (AzureError, ProviderError):
            # Unknown is not lost. The subscription has just answered, so the connection is proven all the same.
            return frozenset()
    finally:
        access.connection.close()


def _changed(access: Access, known: KnownPermissions) -> frozenset[str]:
    asked = (known.granted | known.lost) & BY_ACTION.keys()
    if not asked:
        return frozenset()
    # One after the other, over the connection that is open: another one would cost a heartbeat more than it waits.
    entries = role_entries(access.connection)
    try:
        denials = deny_assignments(access.connection, access.principal_id)
    except (AzureError, ProviderError):
        # What the roles say counts all the same; whether what was lost has returned is then not known.
        by_roles = frozenset(action for action in asked if granted(entries, action))
        return known.changed(denied=asked - by_roles)
    status = {action: evaluate(BY_ACTION[action], entries, denials, access.principal_id).status for action in asked}
    return known.changed(
        granted=frozenset(action for action in asked if status[action] == PermissionStatus.GRANTED),
        denied=frozenset(action for action in asked if status[action] == PermissionStatus.DENIED),
    )
