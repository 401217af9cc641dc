"""The connection check: a token, and one read of the subscription with its state and its tag. No Django."""

from __future__ import annotations

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.providers.azure.signin import get_subscription, require_readable, sign_in


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    access = sign_in(credentials, target)
    try:
        require_readable(credentials, target, get_subscription(access))
    finally:
        access.connection.close()
