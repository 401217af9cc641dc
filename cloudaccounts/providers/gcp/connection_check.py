"""The connection check: a token, and one read of the project with its state and its label. No Django."""

from __future__ import annotations

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.providers.gcp.identity import sign_in
from cloudaccounts.providers.gcp.project import require_usable


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    identity = sign_in(credentials, target)
    try:
        require_usable(credentials, target, identity)
    finally:
        identity.connection.close()
