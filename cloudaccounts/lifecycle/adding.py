"""Connecting a proven account: its credential sealed, its row written, its first scan requested by the row's signal."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.details import AccountDetails, clean_details
from cloudaccounts.accounts.queries import check_account_exists
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.credentials import vault
from cloudaccounts.dates import moment
from cloudaccounts.errors import (
    AccountDeletedError,
    DuplicateAccountError,
    ValidationRefusedError,
)
from cloudaccounts.events import account_deleted
from cloudaccounts.health.transitions import proven_fields
from cloudaccounts.models import AuditEvent, CloudAccount
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.work.databases import SECURITY


def add_cloud_account(
    *,
    owner: str,
    actor: Actor,
    details: AccountDetails,
    credentials: Credentials,
    report: CloudValidationResult,
    account_uuid: UUID | None = None,
    connection: CloudAccount | None = None,
) -> CloudAccount:
    """Connects a proven account: seals the credential, then writes the account, whose signal requests the first scan.

    With a ``connection`` nothing is sealed: the account is opened with that account's credential from then on, and
    ``credentials`` are what was made of it.

    Repeating it with the same ``account_uuid`` (a draft's) answers with the account that is there already.
    Raises `InputError`, `DuplicateAccountError`, `ValidationRefusedError`, `CredentialsUnreadableError`.
    """
    if not (report.finished and report.ok):
        raise ValidationRefusedError(report)
    details = clean_details(details)
    if account_uuid and (existing := _own(owner, account_uuid)):
        return existing
    if check_account_exists(owner, details.provider, details.account_id):
        if account_uuid and (existing := _own(owner, account_uuid)):
            return existing  # written by a parallel call for the same draft since the look above
        raise DuplicateAccountError(details.provider, details.account_id)
    if wrong_key := confirm_key():
        raise vault.unreadable(wrong_key)  # sealing beside data that this key does not open would split the store
    account = _build(owner, details, credentials, report, account_uuid or uuid4())
    facts = registry.get(details.provider).describe(credentials)
    how = "credentials sealed"
    if connection is not None:
        account.connection, how = connection.id, f"opened with the credential of {connection.name}"
        account.credential_secretless, account.credential_expires_at = True, None  # both are the connection's
    try:
        with transaction.atomic(using=SECURITY):
            # Credential first: should the process be killed where there are no transactions (MongoDB), an account
            # without a credential never exists; a credential without an account is swept up (services.sweeping).
            if connection is None:
                vault.store(
                    account=account, credentials=credentials, facts=facts, since=account.credential_since, actor=actor
                )
            account.save(force_insert=True)
            if account_uuid and AuditEvent.objects.filter(account=account_uuid, action="account.deleted").exists():
                raise AccountDeletedError  # a parallel finish had written it, and its owner deleted it, since our look
            record_event(
                actor=actor,
                owner=owner,
                action="account.created",
                text=f"Account connected by {actor.label}; {how}",
                account=account.id,
                label=account.name,
                provider=account.provider,
                account_id=account.account_id,
                auth_method=account.auth_method,
            )
    except AccountDeletedError:
        # Where nothing is rolled back (MongoDB): the account, its credential, and the scan that its signal asked for.
        vault.discard(account.id)
        CloudAccount.objects.filter(pk=account.id).delete()
        account_deleted.send(sender=CloudAccount, account=account, actor=actor)
        raise
    except IntegrityError:
        if account_uuid and (existing := _own(owner, account_uuid)):
            return existing
        vault.discard(account.id)
        raise DuplicateAccountError(details.provider, details.account_id) from None
    return account


def _own(owner: str, account_uuid: UUID) -> CloudAccount | None:
    return CloudAccount.objects.of(owner).filter(pk=account_uuid).first()


def _build(
    owner: str, details: AccountDetails, credentials: Credentials, report: CloudValidationResult, key: UUID
) -> CloudAccount:
    now = timezone.now()
    facts = registry.get(details.provider).describe(credentials)
    since = moment(report.credential_created_at) or facts.created_at or now
    return CloudAccount(
        id=key,
        owner=owner,
        provider=details.provider,
        account_id=details.account_id,
        name=details.name,
        environment=details.environment,
        regions=list(details.regions),
        partition=details.partition,
        tenant=facts.tenant,
        auth_method=credentials.method,
        credential_since=since,
        credential_expires_at=moment(report.credential_expires_at) or facts.expires_at,
        credential_secretless=facts.secretless,
        **proven_fields(report, now=now),
    )
