"""The connection check: a token, and one read of the project with its state and its label. No Django."""

from __future__ import annotations

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.providers.gcp.identity import sign_in
from cloudaccounts.providers.gcp.permission_check import granted_permissions
from cloudaccounts.providers.gcp.permissions import BY_NAME
from cloudaccounts.providers.gcp.project import require_usable


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    probe_access(credentials, target, KnownPermissions())


def probe_access(credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
    """And testIamPermissions, which tells all in one call. Raises `ProviderError` for the connection alone."""
    identity = sign_in(credentials, target)
    try:
        require_usable(credentials, target, identity)
        asked = (known.granted | known.lost) & BY_NAME.keys()
        if not asked:
            return frozenset()
        try:
            granted = granted_permissions(identity, target, sorted(asked))
        except ProviderError:
            # Unknown is not lost. The project has just answered, so the connection is proven all the same.
            return frozenset()
        return known.changed(granted=granted, denied=asked - granted)
    finally:
        identity.connection.close()
