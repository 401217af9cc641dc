"""The one way in and the one way out for credentials. Each opening and each change leaves an audit event."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from cloudaccounts import audit, registry
from cloudaccounts.actors import Actor
from cloudaccounts.contract import CredentialFacts, Credentials, ProviderError
from cloudaccounts.fields import KeyringError, Sealed, newest_key_fingerprint
from cloudaccounts.models import CloudAccount, CloudAccountStatus, CloudCredential, Organization


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

    An account without a credential of its own (a member of an organization) is opened with its connection's.

    Raises `CredentialsUnreadableError`.
    """
    if account.connection is not None:
        return _through_connection(account, account.connection, actor, purpose)
    row = CloudCredential.objects.filter(account_id=account.id).first()
    if row is None or row.payload is None:
        raise CredentialsUnreadableError(
            "credential_missing", "this account has no stored credential.", "Connect the account again.", permanent=True
        )
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


def open_member(
    *, organization: Organization, account_id: str, label: str, actor: Actor, purpose: str
) -> tuple[CloudAccount, Credentials]:
    """What opens a member that is not onboarded yet, and the connecting account whose credential was opened for it.

    Raises `ProviderError`.
    """
    connection = _connection(organization.connection)
    opened = open_credentials(account=connection, actor=actor, purpose=f"{purpose} of {label}")
    return connection, _of_member(organization, opened, account_id, connection.partition)


def _through_connection(account: CloudAccount, connecting: UUID, actor: Actor, purpose: str) -> Credentials:
    connection = _connection(connecting)
    organization = Organization.objects.filter(connection=connecting).first()
    if organization is None:
        raise CredentialsUnreadableError(
            "connection_missing", "the organization through which this account was connected is gone.",
            "Connect the organization again, or this account by itself.", permanent=True,
        )  # fmt: skip
    opened = open_credentials(account=connection, actor=actor, purpose=f"{purpose} of {account.name}")
    _audit(account, actor, "credential.opened", f"Credential of {connection.name} opened for {purpose}")
    return _of_member(organization, opened, account.account_id, account.partition)


def _connection(connecting: UUID) -> CloudAccount:
    connection = CloudAccount.objects.filter(pk=connecting).first()
    if connection is None:
        raise CredentialsUnreadableError(
            "connection_missing", "the account whose credential is used for this one is gone.",
            "Connect the organization again, or this account by itself.", permanent=True,
        )  # fmt: skip
    if connection.status == CloudAccountStatus.SUSPENDED:
        raise CredentialsUnreadableError(
            "connection_suspended", "the account whose credential is used for this one is suspended.",
            f"Resume {connection.name}.",
        )  # fmt: skip
    return connection


def _of_member(organization: Organization, opened: Credentials, account_id: str, partition: str) -> Credentials:
    return registry.get(organization.provider).member_credentials(
        opened, account_id=account_id, partition=partition, options=organization.options
    )


def discard(account_id: UUID) -> None:
    """Removes a credential whose account was never written (a duplicate, or a kill between the two writes)."""
    CloudCredential.objects.filter(account_id=account_id).delete()


def _audit(account: CloudAccount, actor: Actor, action: str, text: str, **detail: str) -> None:
    audit.record(
        actor=actor, owner=account.owner, action=action, text=text, account=account.id, label=account.name, **detail
    )
