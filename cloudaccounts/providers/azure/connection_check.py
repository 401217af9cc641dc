"""The connection check: a token, and one read of the subscription with its state and its tag. No Django."""

from __future__ import annotations

from azure.core.exceptions import AzureError

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import PermissionStatus
from cloudaccounts.providers.azure.permission_check import check_permissions, deny_assignments, reached, role_entries
from cloudaccounts.providers.azure.permissions import BY_ACTION
from cloudaccounts.providers.azure.rbac import granted
from cloudaccounts.providers.azure.signin import Access, get_subscription, require_readable, sign_in


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    probe_access(credentials, target, KnownPermissions())


def probe_access(credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
    """And one list: the actions of the app's roles; every other time also the deny assignments, which take some away.

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
    entries = role_entries(access.connection)
    by_roles = frozenset(action for action in asked if granted(entries, action))
    changed = known.changed(granted=by_roles, denied=asked - by_roles)
    if not changed and known.turn % 2:
        denials = deny_assignments(access.connection)
        taken = (action for action in asked if reached(denials, action, access.principal_id))
        return known.changed(denied=frozenset(taken))
    if not changed & known.lost:
        return changed
    # A deny assignment may be what took it, which the roles do not show: asked for only where one may have ended.
    results = check_permissions(access.connection, access.principal_id).results
    now = frozenset(result.permission for result in results if result.status == PermissionStatus.GRANTED)
    return (changed - known.lost) | known.changed(granted=now)
