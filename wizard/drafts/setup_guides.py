"""Set-up instructions for a draft, filled in with the values that it has already."""

from __future__ import annotations

from cloudaccounts.accounts.setup_guides import setup_context
from cloudaccounts.accounts.smallest_grant import smallest_guide
from cloudaccounts.contract.identity import AuthMethod
from cloudaccounts.contract.setup import SetupGuide
from wizard.drafts.draft_data import DraftContent
from wizard.models import Step


def setup_guides(content: DraftContent, method: AuthMethod, owner: str) -> tuple[SetupGuide, ...]:
    """Best first. Empty where no provider is chosen.

    Asks no network: who this server is at the clouds, a worker has found out and stored.
    """
    provider = content.provider
    if provider is None:
        return ()
    details = content.details()
    context = setup_context(
        owner=owner,
        provider=provider.key,
        account_id=details.account_id,
        partition=content.text(Step.ENVIRONMENT, "partition"),
        regions=details.regions,
    )
    guides = provider.setup_guides(method.key, context)
    # Both optional, and so behind all that is needed: the narrowest grant, and what lets the credential replace itself.
    optional = (
        smallest_guide(provider, owner, details.account_id, method.key),
        provider.own_key_guide(method.key, context),
    )
    return (*guides, *(guide for guide in optional if guide is not None))
