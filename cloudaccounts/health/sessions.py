"""Sessions with a stored account's cloud, for scans."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.accounts.details import details_of
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.sessions import Session
from cloudaccounts.credentials import vault
from cloudaccounts.health.validation import target_for
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.deadlines import within


def account_session(*, account: CloudAccount, actor: Actor, purpose: str) -> Session:
    """Opens the credential and signs in, within two minutes. Raises `ProviderError`. Asks the network."""
    credentials = vault.open_credentials(account=account, actor=actor, purpose=purpose)
    provider, target = registry.get(account.provider), target_for(account.owner, details_of(account))
    # Within a deadline of our own: no SDK can be told to stop, and a scan's worker must not wait for ever
    # (docs/decisions/0015).
    return within(target.deadline, provider.short_label, lambda: provider.open_session(credentials, target))
