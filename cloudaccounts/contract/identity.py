"""Who and where: regions, ways to sign in, credentials, what a connection is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

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


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """An opened credential. Lives in memory for the length of one call and shows nothing of itself."""

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
    """What may be shown of a credential: never enough to use it, or to guess it."""

    kind: str  # "Access key", "Cross-account role"
    hint: str = ""  # "AKIA…7Q2M", a role ARN
    secretless: bool = False  # nothing to rotate: a role, federation
    tenant: str = (
        ""  # the directory that the account lies in, where the cloud has such (Azure): no secret, part of links
    )
    created_at: datetime | None = None  # the cloud's own date, where it tells
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a connection is about. ``account_id`` is canonical; ``external_id`` is the owner's, never from a form."""

    account_id: str
    partition: str
    regions: tuple[str, ...]
    external_id: str
    timeout: float = 15.0  # seconds for each request; whole tests are bounded as well (see `deadline`)
    deadline: float = 120.0  # seconds for a whole validation


@dataclass(frozen=True, slots=True)
class AuthMethod:
    """One way to sign in. ``form`` checks syntax only; its cleaned values are the credential."""

    key: str
    label: str
    summary: str
    badge: str
    badge_tone: str  # "ok" or "warn"
    form: type[forms.Form]
    secret_fields: frozenset[str]
    secretless: bool = False
    uses_server_identity: bool = False  # this server's own identity enters the customer's cloud


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """This server's own identity at a provider: `principal` in that provider's words, or why there is none.

    ``issuer`` is who vouches for the principal where that is not the provider itself (federation): a URL.
    """

    principal: str = ""
    account_id: str = ""
    issuer: str = ""
    error_code: str = ""
    error: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class VisibleAccount:
    """Another account that a credential can see; it could be connected with the same one."""

    account_id: str  # canonical
    name: str
    enabled: bool = True
