"""The one way in and the one way out for credentials. Each opening and each change leaves an audit event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from cloudaccounts import audit
from cloudaccounts.actors import Actor
from cloudaccounts.contract import CredentialFacts, Credentials, ProviderError
from cloudaccounts.fields import KeyringError, Sealed, newest_key_fingerprint
from cloudaccounts.models import CloudAccount, CloudCredential


class CredentialsUnreadableError(ProviderError):
    """What is stored cannot be opened here: our own trouble, never the customer's."""

    def __init__(self, code: str, cause: str, remedy: str, *, permanent: bool = False) -> None:
        # Not permanent: a key that is put back mends it, so the account itself has not failed.
        super().__init__(code, f"Credentials unreadable: {cause}", remedy, permanent=permanent)


def unreadable(error: KeyringError) -> CredentialsUnreadableError:
    return CredentialsUnreadableError(error.code, error.cause, error.remedy)


def store(
    *, account: CloudAccount, credentials: Credentials, facts: CredentialFacts, since: datetime | None, actor: Actor
) -> CloudCredential:
    """Writes the account's credential, before the account's own row; repeating it is the same write.

    Raises `CredentialsUnreadableError` where there is no key to seal with.
    """
    try:
        sealed = Sealed.seal({"method": credentials.method, **credentials.values}, bound_to=account.id)
        fingerprint = newest_key_fingerprint()
    except KeyringError as error:
        raise unreadable(error) from None
    row, _ = CloudCredential.objects.update_or_create(
        account_id=account.id,
        defaults={
            "kind": credentials.method,
            "label": facts.kind,
            "hint": facts.hint[:200],
            "payload": sealed,
            "key_fingerprint": fingerprint,
            "created_at": since or timezone.now(),
            "expires_at": facts.expires_at,
        },
    )
    _audit(account, actor, "credential.sealed", f"{facts.kind} sealed")
    return row


def open_credentials(*, account: CloudAccount, actor: Actor, purpose: str) -> Credentials:
    """The account's credential in clear, for one use. ``purpose`` is told in the audit: "scan", "connection check".

    Raises `CredentialsUnreadableError`.
    """
    row = CloudCredential.objects.filter(account_id=account.id).first()
    if row is None or row.payload is None:
        raise _missing()
    try:
        values = row.payload.open(bound_to=account.id)
    except KeyringError as error:
        _audit(
            account, actor, "credential.unreadable", f"{row.label} could not be opened for {purpose}", code=error.code
        )
        raise unreadable(error) from None
    _audit(account, actor, "credential.opened", f"{row.label} opened for {purpose}")
    method = values.pop("method")
    return Credentials(method=method, values=values)


@dataclass(frozen=True, slots=True)
class Opener:
    """A credential still sealed: for rounds of many, which open each at the moment that it is used."""

    account_id: UUID
    sealed: Sealed | None

    def open(self) -> Credentials:
        """In clear, for one use. Asks no database. Raises `CredentialsUnreadableError`."""
        if self.sealed is None:
            raise _missing()
        try:
            values = self.sealed.open(bound_to=self.account_id)
        except KeyringError as error:
            raise unreadable(error) from None
        return Credentials(method=values.pop("method"), values=values)


def openers(accounts: Sequence[CloudAccount]) -> dict[UUID, Opener]:
    """The credentials of many accounts for one heartbeat each. The audit counts them by account and day.

    Counted before they are opened: a kill in between tells of one opening too many, never of one too few.
    """
    rows = {row.pk: row for row in CloudCredential.objects.filter(account_id__in=[account.pk for account in accounts])}
    audit.count_openings({account: rows[account.pk].label for account in accounts if account.pk in rows})
    return {a.pk: Opener(a.pk, rows[a.pk].payload if a.pk in rows else None) for a in accounts}


def renewed(account: CloudAccount, used: Opener) -> Opener | None:
    """The credential where it was replaced since ``used`` was read; None where it is still the one."""
    row = CloudCredential.objects.filter(account_id=account.pk).first()
    if row is None or row.payload is None or row.payload.is_same_as(used.sealed):
        return None
    return openers([account])[account.pk]


def _missing() -> CredentialsUnreadableError:
    return CredentialsUnreadableError(
        "credential_missing", "this account has no stored credential.", "Connect the account again.", permanent=True
    )


def discard(account_id: UUID) -> None:
    """Removes a credential whose account was never written (a duplicate, or a kill between the two writes)."""
    CloudCredential.objects.filter(account_id=account_id).delete()


def _audit(account: CloudAccount, actor: Actor, action: str, text: str, **detail: str) -> None:
    audit.record(
        actor=actor, owner=account.owner, action=action, text=text, account=account.id, label=account.name, **detail
    )
