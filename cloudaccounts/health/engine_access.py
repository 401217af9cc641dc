"""The way into a stored account's cloud for a second engine."""

from __future__ import annotations

from collections.abc import Sequence

from cloudaccounts import registry
from cloudaccounts.accounts.external_id_change import record_proven
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.engines import EngineAccess
from cloudaccounts.credentials import vault
from cloudaccounts.health.former_external_id import ask_both, target_of
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.deadlines import within


def engine_access(*, account: CloudAccount, engine: str, regions: Sequence[str], actor: Actor) -> EngineAccess:
    """Opens the credential, signs in and says how the engine does. Raises `ProviderError`. Asks the network."""
    credentials = vault.open_credentials(account=account, actor=actor, purpose=f"second engine ({engine})")
    provider, target = registry.get(account.provider), target_of(account)
    access, used_former = ask_both(
        target,
        lambda target: within(
            target.deadline, provider.short_label, lambda: provider.engine_access(engine, credentials, target, regions)
        ),
    )
    if account.former_external_id and not used_former:
        record_proven(account)
    return access
