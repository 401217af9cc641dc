from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.sessions import Session
from cloudaccounts.credentials import vault
from cloudaccounts.health.validation import target_for
from cloudaccounts.models import CloudAccount


def details_of(account: CloudAccount) -> AccountDetails:
    return AccountDetails(
        provider=account.provider,
        account_id=account.account_id,
        partition=account.partition,
        name=account.name,
        environment=account.environment,
        regions=tuple(account.regions),
        auth_method=account.auth_method,
    )


def account_session(*, account: CloudAccount, actor: Actor, purpose: str) -> Session:
    """Opens the credential and signs in. Raises `ProviderError`. Asks the network."""
    credentials = vault.open_credentials(account=account, actor=actor, purpose=purpose)
    return registry.get(account.provider).open_session(credentials, target_for(account.owner, details_of(account)))
