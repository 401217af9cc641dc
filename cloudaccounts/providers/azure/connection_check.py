"""The light check: a token and one look at the subscription, its state and the owner's mark. No Django."""

from __future__ import annotations

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.providers.azure.signin import require_open, sign_in, subscription


def check_connection(credentials: Credentials, target: Target) -> None:
    """Raises `ProviderError`."""
    access = sign_in(credentials, target)
    try:
        require_open(credentials, target, subscription(access))
    finally:
        access.connection.close()
