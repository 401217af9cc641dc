"""Which account is meant: looked up once, where a request or a row of a file comes in, and passed on from there."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts import registry
from cloudaccounts.accounts.details import AccountDetails, clean_details_for, details_of, find_provider
from cloudaccounts.accounts.queries import check_account_exists
from cloudaccounts.contract.provider import Provider
from cloudaccounts.models import CloudAccount


@dataclass(frozen=True, slots=True)
class ResolvedAccount:
    """An owner's account, connected or to be: its provider, its canonical details, and whether it is connected.

    ``is_connected`` is true of the moment of the look. What is stored later does not rely on it: the unique
    constraint of the table refuses a second one.
    """

    owner: str
    provider: Provider
    details: AccountDetails
    is_connected: bool

    @classmethod
    def of(cls, account: CloudAccount) -> ResolvedAccount:
        """A stored account; asks no database. Raises `registry.UnknownProviderError`."""
        return cls(account.owner, registry.get(account.provider), details_of(account), is_connected=True)

    @property
    def account_id(self) -> str:
        return self.details.account_id


def resolve_account(owner: str, details: AccountDetails) -> ResolvedAccount:
    """Cleans the details and looks the account up. Raises `InputError` with a message a field."""
    provider = find_provider(details.provider)
    return look_up(owner, provider, clean_details_for(provider, details))


def look_up(owner: str, provider: Provider, details: AccountDetails) -> ResolvedAccount:
    """``details`` are clean, by this provider. One query."""
    # Once for each request or row of a file: one POST used to ask four times whether the account exists.
    connected = check_account_exists(owner, provider.key, details.account_id)
    return ResolvedAccount(owner, provider, details, is_connected=connected)
