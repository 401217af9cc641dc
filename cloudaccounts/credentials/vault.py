"""The one way in and the one way out for credentials. Each opening and each change leaves an audit event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import count_openings, record_event
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.new_keys import refuse_new_key
from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, CloudCredential, Organization


def unreadable(error: KeyringError) -> CredentialsUnreadableError:
    return CredentialsUnreadableError(error.code, error.cause, error.remedy)


def store(
    *, account: CloudAccount, credentials: Credentials, facts: CredentialFacts, since: datetime | None, actor: Actor
) -> CloudCredential:
    """Writes the account's credential, before the account's own row (see `connect_account`); repeatable.

    Raises `CredentialsUnreadableError` where there is no key to seal with, and `KeysForbiddenError`.
    """
    refuse_new_key(account.owner, secretless=facts.secretless)
    try:
        # The method lies inside the encrypted text: whoever writes to the database cannot turn one kind of credential
        # into another.
        values = {"method": credentials.method, **credentials.values}
        sealed = Sealed.seal(values, bound_to=account.id, column="payload", generation=0)
        fingerprint = sealed.key_fingerprint()
    except KeyringError as error:
        raise unreadable(error) from None
    # The row's key is the account's, so a repetition after a kill writes the same row and no second one.
    row, _ = CloudCredential.objects.update_or_create(
        account_id=account.id,
        defaults={
            "kind": credentials.method,
            "label": facts.kind,
            "hint": facts.hint[:200],
            "payload": sealed,
            "key_fingerprint": fingerprint,
            "generation": 0,
            "created_at": since or timezone.now(),
            "expires_at": facts.expires_at,
        },
    )
    _audit(account, actor, "credential.sealed", f"{facts.kind} encrypted")
    return row


def open_credentials(*, account: CloudAccount, actor: Actor, purpose: str) -> Credentials:
    """The account's credential in clear, for one use. ``purpose`` stands in the audit event: "scan".

    An account without a credential of its own (a member of an organization) is opened with its connection's.

    Raises `CredentialsUnreadableError`.
    """
    if account.connection is not None:
        return _through_connection(account, account.connection, actor, purpose)
    row = CloudCredential.objects.filter(account_id=account.id).first()
    if row is None or row.payload is None:
        raise _missing()
    try:
        values = row.payload.open(
            bound_to=account.id, column="payload", generation=row.generation, under=row.key_fingerprint
        )
    except KeyringError as error:
        _audit(
            account, actor, "credential.unreadable", f"{row.label} could not be opened for {purpose}", code=error.code
        )
        raise unreadable(error) from None
    # Written once it has opened: a failure has an event of its own above.
    _audit(account, actor, "credential.opened", f"{row.label} opened for {purpose}")
    method = values.pop("method")
    return Credentials(method=method, values=values)


@dataclass(frozen=True, slots=True)
class Opener:
    """A credential still sealed: for rounds of many, which open each at the moment that it is used."""

    holder: UUID  # the account whose credential it is: its own, or its connection's
    sealed: Sealed | None
    generation: int = 0
    member: tuple[Organization, CloudAccount] | None = None
    refusal: CredentialsUnreadableError | None = None
    under: str = ""  # the fingerprint of the key that sealed it

    def open(self) -> Credentials:
        """In clear, for one use. Asks no database. Raises `ProviderError`."""
        if self.refusal is not None:
            raise self.refusal
        if self.sealed is None:
            raise _missing()
        try:
            values = self.sealed.open(
                bound_to=self.holder, column="payload", generation=self.generation, under=self.under
            )
        except KeyringError as error:
            raise unreadable(error) from None
        opened = Credentials(method=values.pop("method"), values=values)
        if self.member is None:
            return opened
        organization, account = self.member
        return _of_member(organization, opened, account.account_id, account.partition)


def openers(accounts: Sequence[CloudAccount]) -> dict[UUID, Opener]:
    """The credentials of many accounts for one heartbeat each. The audit counts them by account and day.

    Counted before they are opened: a kill in between leaves one opening too many in the audit, never one too few.
    """
    # A fixed number of queries, however many accounts. Nothing is decrypted here: the threads that do ask no database.
    holders = {account.pk: account.connection or account.pk for account in accounts}
    rows = {row.pk: row for row in CloudCredential.objects.filter(account_id__in=set(holders.values()))}
    borrowed = {account.connection for account in accounts if account.connection}
    connections = {row.pk: row for row in CloudAccount.objects.filter(pk__in=borrowed).defer("last_check")}
    through = {row.connection: row for row in Organization.objects.filter(connection__in=borrowed)}
    count_openings({a: rows[holders[a.pk]].label for a in accounts if holders[a.pk] in rows})
    openers_by_account = {}
    for account in accounts:
        row, connecting = rows.get(holders[account.pk]), account.connection
        sealed, generation, under = (row.payload, row.generation, row.key_fingerprint) if row else (None, 0, "")
        if connecting is None:
            openers_by_account[account.pk] = Opener(account.pk, sealed, generation, under=under)
            continue
        organization = through.get(connecting)
        refusal = _refusal(connections.get(connecting), account.owner)
        # A transfer that was killed in the middle must not lend one owner's credential to another (0008).
        if organization is not None and organization.owner != account.owner:
            organization = None
        refusal = refusal or (None if organization else _organization_gone())
        member = (organization, account) if organization else None
        openers_by_account[account.pk] = Opener(connecting, sealed, generation, member, refusal, under)
    return openers_by_account


def opener_if_replaced(account: CloudAccount, used: Opener) -> Opener | None:
    """The present credential where it was replaced since ``used`` was read; None where it is still the same."""
    row = CloudCredential.objects.filter(account_id=used.holder).first()
    # Encrypted texts are compared, so nothing is opened and no event is counted for the question.
    if row is None or row.payload is None or row.payload.is_same_as(used.sealed):
        return None
    return openers([account])[account.pk]


def open_member(
    *, organization: Organization, account_id: str, label: str, actor: Actor, purpose: str
) -> tuple[CloudAccount, Credentials]:
    """What opens a member that is not onboarded yet, and the connecting account whose credential was opened for it.

    Raises `ProviderError`.
    """
    connection = connection_of(organization)
    opened = open_credentials(account=connection, actor=actor, purpose=f"{purpose} of {label}")
    return connection, _of_member(organization, opened, account_id, connection.partition)


def connection_of(organization: Organization) -> CloudAccount:
    """The account whose credential an organization uses. Raises `CredentialsUnreadableError` where it may not be used:
    it is gone, suspended, or belongs to somebody else by now.
    """
    return _connection(organization.connection, organization.owner)


def _through_connection(account: CloudAccount, connecting: UUID, actor: Actor, purpose: str) -> Credentials:
    connection = _connection(connecting, account.owner)
    organization = Organization.objects.filter(connection=connecting, owner=account.owner).first()
    if organization is None:
        raise _organization_gone()
    # This writes to the connection's audit, the line after it to the member's: both tell of each opening
    # (docs/decisions/0008).
    opened = open_credentials(account=connection, actor=actor, purpose=f"{purpose} of {account.name}")
    _audit(account, actor, "credential.opened", f"Credential of {connection.name} opened for {purpose}")
    return _of_member(organization, opened, account.account_id, account.partition)


def _connection(connecting: UUID, owner: str) -> CloudAccount:
    connection = CloudAccount.objects.filter(pk=connecting).first()
    if refusal := _refusal(connection, owner):
        raise refusal
    assert connection is not None
    return connection


def _refusal(connection: CloudAccount | None, owner: str) -> CredentialsUnreadableError | None:
    """``owner`` is whose account or organization it is: nobody's credential opens what is somebody else's."""
    if connection is None:
        return CredentialsUnreadableError(
            "connection_missing", "the account whose credential is used for this one is gone.",
            "Connect the organization again, or this account on its own.", permanent=True,
        )  # fmt: skip
    if connection.owner != owner:
        return CredentialsUnreadableError(
            "connection_elsewhere", "the account whose credential was used for this one belongs to somebody else now.",
            "Connect the organization again, or this account on its own.", permanent=True,
        )  # fmt: skip
    # Not permanent, unlike the two above: resuming the connection is enough, and nobody's account fails meanwhile.
    if connection.status == CloudAccountStatus.SUSPENDED:
        return CredentialsUnreadableError(
            "connection_suspended", "the account whose credential is used for this one is suspended.",
            f"Resume {connection.name}.",
        )  # fmt: skip
    return None


def _organization_gone() -> CredentialsUnreadableError:
    return CredentialsUnreadableError(
        "connection_missing", "the organization through which this account was connected is gone.",
        "Connect the organization again, or this account on its own.", permanent=True,
    )  # fmt: skip


def _missing() -> CredentialsUnreadableError:
    return CredentialsUnreadableError(
        "credential_missing", "this account has no stored credential.", "Connect the account again.", permanent=True
    )


def _of_member(organization: Organization, opened: Credentials, account_id: str, partition: str) -> Credentials:
    return registry.get_with_organizations(organization.provider).member_credentials(
        opened, account_id=account_id, partition=partition, options=organization.options
    )


def discard(account_id: UUID) -> None:
    """Removes a credential whose account was never written (a duplicate, or a kill between the two writes)."""
    CloudCredential.objects.filter(account_id=account_id).delete()


def _audit(account: CloudAccount, actor: Actor, action: str, text: str, **detail: str) -> None:
    record_event(
        actor=actor, owner=account.owner, action=action, text=text, account=account.id, label=account.name, **detail
    )
