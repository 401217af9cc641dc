"""Sessions with a stored account's cloud, for scans."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.accounts.external_id_change import record_proven
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.sessions import Session
from cloudaccounts.credentials import vault
from cloudaccounts.health.former_external_id import ask_both, target_of
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.deadlines import within


def account_session(*, account: CloudAccount, actor: Actor, purpose: str) -> Session:
    """Opens the credential and signs in, within two minutes, or four. Raises `ProviderError`. Asks the network."""
    credentials = vault.open_credentials(account=account, actor=actor, purpose=purpose)
    provider, target = registry.get(account.provider), target_of(account)
    # Within a deadline of our own: no SDK can be told to stop, and a scan's worker must not wait for ever
    # (docs/decisions/0015).
    session, used_former = ask_both(
        target,
        lambda target: within(
            target.deadline, provider.short_label, lambda: provider.open_session(credentials, target)
        ),
    )
    if account.former_external_id and not used_former:
        record_proven(account)
    return session
