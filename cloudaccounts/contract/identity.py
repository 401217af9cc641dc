"""Who and where: regions, ways to sign in, credentials, what a connection is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.storable import clean_record

if TYPE_CHECKING:
    from django import forms


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Region:
    """One region of a partition; ``geography`` is the heading under which a person looks for it."""

    name: str
    label: str
    geography: str


# Without the generated representation: one line of a log or a traceback that prints it would hold the secret.
@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A decrypted credential. Kept in memory for the length of one call; its representation shows no value."""

    method: str
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Credentials {self.method}: {len(self.values)} values not shown>"

    def __getitem__(self, key: str) -> str:
        return self.values[key]

    def get(self, key: str) -> str:
        """The value, or an empty string: an optional part that was left out and one left empty are the same."""
        return self.values.get(key, "")


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What may be shown of a credential. Never enough to use it, or to guess it."""

    kind: str  # "Access key", "Cross-account role"
    hint: str = ""  # "AKIA…7Q2M", a role ARN
    secretless: bool = False  # nothing to rotate: a role, federation
    # The directory that the account is in, where the cloud has such (Azure). No secret: links to the console need it.
    tenant: str = ""
    # Without one, the day on which it was given to us counts (`CloudAccount.credential_since`).
    created_at: datetime | None = None  # the cloud's own date, where it is known
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        clean_record(self)


@dataclass(frozen=True, slots=True)
class Target:
    """The account that a connection is to. ``account_id`` is canonical.

    ``regions`` are those to be read. ``external_id`` is the owner's own, never from a form: whoever could choose it
    could open another owner's account. ``former_external_id`` is the one that the same owner had before, where this
    account may still trust it: whoever asks tries it after a refusal, so a refusal need not be tried again here.

    ``listed_external_ids`` are all of the owner's that are valid, for walks: what bears one of them is the owner's to
    list, whichever the account itself trusts. Opening takes ``external_id`` alone.
    """

    account_id: str
    partition: str
    regions: tuple[str, ...]
    external_id: str
    all_regions: bool = False  # every region that the account has enabled; ``regions`` may then be empty
    timeout: float = 15.0  # seconds for each request
    deadline: float = 120.0  # seconds for a whole validation: a few requests that each time out must not add up
    former_external_id: str = ""
    listed_external_ids: frozenset[str] = frozenset()

    def is_owners(self, external_id: str) -> bool:
        """Whether what bears this external ID may be listed. An empty one never is: it would fit an empty mark."""
        return bool(external_id) and external_id in (self.listed_external_ids | {self.external_id})


@dataclass(frozen=True, slots=True)
class AuthMethod:
    """One way to sign in. ``form`` checks syntax only; its cleaned values are the credential."""

    key: str
    label: str
    summary: str
    badge: str
    badge_tone: str  # "ok" or "warn"
    # The same form for wizard, page, API and import: what one of them refuses, no other can store.
    form: type[forms.Form]
    # Never rendered again, and marked as passwords in the API's description.
    secret_fields: frozenset[str]
    secretless: bool = False
    # This server's own identity opens the account, whoever asks. So the account itself must prove its owner: a trust
    # policy, a tag or a label that holds the owner's external ID.
    uses_server_identity: bool = False


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """This server's own identity at a provider: ``principal`` in that provider's words, or why there is none.

    ``issuer`` is a URL: who issued the identity, where that is not the provider itself (federation).
    """

    principal: str = ""
    account_id: str = ""
    issuer: str = ""
    error_code: str = ""
    error: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        clean_record(self)

    @classmethod
    def missing(cls, error: ProviderError) -> ServerIdentity:
        """There is none, for this reason: pages show it in place of the set-up guides."""
        return cls(error_code=error.code, error=error.cause, remedy=error.remedy)


@dataclass(frozen=True, slots=True)
class VisibleAccount:
    """Another account that a credential can see; it could be connected with the same one."""

    account_id: str  # canonical
    name: str
    enabled: bool = True

    def __post_init__(self) -> None:
        clean_record(self)
