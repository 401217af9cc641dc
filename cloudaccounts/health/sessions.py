"""Sessions with a stored account's cloud, for scans."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.accounts.details import details_of
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.sessions import Session
from cloudaccounts.credentials import vault
from cloudaccounts.health.validation import target_for
from cloudaccounts.models import CloudAccount


def account_session(*, account: CloudAccount, actor: Actor, purpose: str) -> Session:
    """Opens the credential and signs in. Raises `ProviderError`. Asks the network."""
    credentials = vault.open_credentials(account=account, actor=actor, purpose=purpose)
    return registry.get(account.provider).open_session(credentials, target_for(account.owner, details_of(account)))
