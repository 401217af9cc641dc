"""Instructions for people at the provider, filled in with what is known of the account and of this server."""

from __future__ import annotations

from django.conf import settings

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.contract.identity import AuthMethod
from cloudaccounts.contract.setup import RETIRE, SetupContext, SetupGuide
from cloudaccounts.models import CloudAccount
from cloudaccounts.operations.workers import server_identity


def setup_context(
    *, owner: str, provider: str, account_id: str, partition: str, regions: tuple[str, ...], identity: str = ""
) -> SetupContext:
    """Asks no network: the worker found out who this server is."""
    return SetupContext(
        account_id=account_id,
        partition=partition,
        regions=regions,
        external_id=external_id_for(owner),
        server=server_identity(provider),
        # By name: which clouds there are, this module does not know.
        template_url=getattr(settings, f"{provider.upper()}_TEMPLATE_URL", ""),
        identity=identity,
    )


def rotation_guides(account: CloudAccount, method: AuthMethod) -> tuple[SetupGuide, ...]:
    """How to make a new credential of this method: another of the kind in use, or the first of another kind."""
    again = account.spec.rotation_guide(method.key, _context(account)) if method.key == account.auth_method else ()
    return again or account.spec.setup_guides(method.key, _context(account))


def own_key_guide(account: CloudAccount) -> SetupGuide | None:
    """The optional permission by which the account's credential can replace itself."""
    return account.spec.own_key_guide(account.auth_method, _context(account))


def retiring_guides(account: CloudAccount, method: str) -> tuple[SetupGuide, ...]:
    """How to delete, at the provider, a credential of this method that is not in use here any more."""
    return tuple(guide for guide in account.spec.rotation_guide(method, _context(account)) if guide.key == RETIRE)


def _context(account: CloudAccount) -> SetupContext:
    return setup_context(
        owner=account.owner,
        provider=account.provider,
        account_id=account.account_id,
        partition=account.partition,
        regions=tuple(account.regions),
        # As the last validation met it.
        identity=str(account.last_check.get("identity", "")),
    )
