"""Connecting a validated account: credential encrypted, row written, first scan requested by the row's signal."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.accounts.coverage import Readings, assess, enabled_names
from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.enabled_checks import unneeded_permissions
from cloudaccounts.accounts.resolution import ResolvedAccount, resolve_account
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.credentials import vault
from cloudaccounts.credentials.sharing import recognize_member
from cloudaccounts.dates import parse_aware
from cloudaccounts.errors import (
    AccountDeletedError,
    DuplicateAccountError,
    OwnerGoneError,
    ValidationRefusedError,
)
from cloudaccounts.events import account_deleted
from cloudaccounts.health.transitions import proven_fields
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import AuditEvent, CloudAccount
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.users.existence import still_exists
from cloudaccounts.work.databases import SECURITY


def add_cloud_account(
    *,
    owner: str,
    actor: Actor,
    details: AccountDetails,
    credentials: Credentials,
    report: CloudValidationResult,
    account_uuid: UUID | None = None,
) -> CloudAccount:
    """Connects a validated account, for callers that have its details as they were entered; see `connect_account`.

    Raises `InputError` as well.
    """
    account = resolve_account(owner, details)
    return connect_account(account, actor=actor, credentials=credentials, report=report, account_uuid=account_uuid)


def connect_account(
    account: ResolvedAccount,
    *,
    actor: Actor,
    credentials: Credentials,
    report: CloudValidationResult,
    account_uuid: UUID | None = None,
    connection: CloudAccount | None = None,
) -> CloudAccount:
    """Seals the credential of a proven account, then writes the account, whose signal requests the first scan.

    With a ``connection`` nothing is sealed: the account is opened with that account's credential from then on, and
    ``credentials`` are what was made of it.

    Repeating it with the same ``account_uuid`` (a draft's) answers with the account that is there already.
    Raises `DuplicateAccountError`, `ValidationRefusedError`, `CredentialsUnreadableError`, and `OwnerGoneError` where
    the owner was deleted meanwhile: then nothing stays.
    """
    # Whoever calls: no path leads to a stored account that no report vouches for.
    if not (report.finished and report.ok):
        raise ValidationRefusedError(report)
    # Looked for before anything is sealed: its credential may have been rotated since, and would be written over.
    if account_uuid and (existing := _own(account.owner, account_uuid)):
        return existing
    if account.is_connected:
        raise DuplicateAccountError(account.provider.key, account.account_id)
    if wrong_key := confirm_key():
        raise vault.unreadable(wrong_key)  # sealing beside data that this key does not open would split the store
    facts = account.provider.describe(credentials)
    row = _build(account, credentials.method, facts, report, account_uuid or uuid4())
    how = "credentials encrypted"
    if connection is not None:
        row.connection, how = connection.id, f"opened with the credential of {connection.name}"
        row.credential_secretless, row.credential_expires_at = True, None  # both are the connection's
    try:
        with transaction.atomic(using=SECURITY):
            # Credential first: should the process be killed where there are no transactions (MongoDB), an account
            # without a credential never exists; a credential without an account is deleted by `credentials.orphans`.
            if connection is None:
                vault.store(account=row, credentials=credentials, facts=facts, since=row.credential_since, actor=actor)
            row.save(force_insert=True)  # an insert, or IntegrityError: save() alone would write over another's row
            if account_uuid and AuditEvent.objects.filter(account=account_uuid, action="account.deleted").exists():
                raise AccountDeletedError  # a parallel finish had written it, and its owner deleted it, since our look
            record_event(
                actor=actor,
                owner=row.owner,
                action="account.created",
                text=f"Account connected by {actor.label}; {how}",
                account=row.id,
                label=row.name,
                provider=row.provider,
                account_id=row.account_id,
                auth_method=row.auth_method,
            )
            if connection is None:
                recognize_member(row)  # the next sync would see it too, and that may be a day off
    except AccountDeletedError:
        # Where nothing is rolled back (MongoDB): the account, its credential, and the scan that its signal asked for.
        vault.discard(row.id)
        CloudAccount.objects.filter(pk=row.id).delete()
        account_deleted.send(sender=CloudAccount, account=row, actor=actor)
        raise
    except IntegrityError:
        # A parallel call was first: the constraint has the last word, however long ago the account was looked up.
        if account_uuid and (existing := _own(account.owner, account_uuid)):
            return existing
        vault.discard(row.id)
        raise DuplicateAccountError(account.provider.key, account.account_id) from None
    # After the commit: from here on a deletion of the user finds the account and is refused.
    # A write to the user's row, which waits for a deletion that is under way: see `users.existence`.
    if not still_exists(row.owner):
        delete_account(row, actor=actor)
        raise OwnerGoneError
    return row


def _own(owner: str, account_uuid: UUID) -> CloudAccount | None:
    return CloudAccount.objects.of(owner).filter(pk=account_uuid).first()


def _regions(account: ResolvedAccount, report: CloudValidationResult) -> dict[str, Any]:
    """The columns. All regions are those that the report says are enabled; the first scan asks again."""
    details, provider = account.details, account.provider
    enabled = enabled_names(report)
    chosen = details.regions
    if details.all_regions:
        # Regions that this version does not know yet are left out here and show as unscanned: no reading could be
        # planned for them.
        known = {region.name for region in provider.regions(details.partition)}
        names = provider.default_regions(details.partition) if enabled is None else enabled
        chosen = tuple(name for name in names if name in known)
    return {"all_regions": details.all_regions, "regions": list(chosen), "enabled_regions": enabled}


def _build(
    account: ResolvedAccount, method: str, facts: CredentialFacts, report: CloudValidationResult, key: UUID
) -> CloudAccount:
    now, details = timezone.now(), account.details
    row = CloudAccount(
        id=key,
        owner=account.owner,
        provider=account.provider.key,
        account_id=details.account_id,
        name=details.name,
        environment=details.environment,
        **_regions(account, report),
        partition=details.partition,
        tenant=facts.tenant,
        auth_method=method,
        # The cloud's date first, then the credential's own, then today.
        credential_since=parse_aware(report.credential_created_at) or facts.created_at or now,
        credential_expires_at=parse_aware(report.credential_expires_at) or facts.expires_at,
        credential_secretless=facts.secretless,
        **proven_fields(report, now=now),
    )
    # Nothing is read yet, so the percentage is not known; permissions that the report calls denied are gaps from the
    # beginning.
    for name, value in assess(row, Readings(), now=now, unneeded=unneeded_permissions(row)).columns().items():
        setattr(row, name, value)
    return row
