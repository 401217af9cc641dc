"""Set-up instructions for a draft, filled in with what it already knows."""

from __future__ import annotations

from django.conf import settings

from cloudaccounts.contract import AuthMethod, SetupContext, SetupGuide
from cloudaccounts.services import external_id_for, server_identity
from wizard.models import Step
from wizard.services.contents import DraftContent


def setup_guides(content: DraftContent, method: AuthMethod, owner: str) -> tuple[SetupGuide, ...]:
    """Best first. Empty where no provider is chosen. Asks no network: the worker found out who this server is."""
    provider = content.provider
    if provider is None:
        return ()
    details = content.details()
    context = SetupContext(
        account_id=details.account_id,
        partition=content.text(Step.ENVIRONMENT, "partition"),
        regions=details.regions,
        external_id=external_id_for(owner),
        server=server_identity(provider.key),
        template_url=getattr(settings, f"{provider.key.upper()}_TEMPLATE_URL", ""),
    )
    return provider.setup_guides(method.key, context)
