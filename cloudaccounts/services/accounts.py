from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import audit, registry, vault
from cloudaccounts.actors import Actor
from cloudaccounts.contract import CloudValidationResult, Credentials, ProviderError
from cloudaccounts.dispatch import SECURITY
from cloudaccounts.errors import AccountDeletedError, DuplicateAccountError, InputError, ValidationRefusedError
from cloudaccounts.models import AuditEvent, CloudAccount, Environment
from cloudaccounts.moments import moment
from cloudaccounts.services.health import proven_fields
from cloudaccounts.services.server import confirm_key
from cloudaccounts.signals_out import account_deleted, account_renamed

NAME_LIMIT = 120
REGION_LIMIT = 40


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """What a person or a script says of an account; `clean_details` makes it canonical."""

    provider: str
    account_id: str
    partition: str
    name: str
    environment: str
    regions: tuple[str, ...]
    auth_method: str = ""


def check_account_exists(owner: str, provider: str, account_id: str) -> bool:
    """Whether this owner has connected this account; ``account_id`` is canonical."""
    return CloudAccount.objects.of(owner).filter(provider=provider, account_id=account_id).exists()


def clean_details(details: AccountDetails) -> AccountDetails:
    """The same, canonical: id, name and regions by allow-list. Raises `InputError` with a message a field."""
    wrong: dict[str, str] = {}
    try:
        provider = registry.get(details.provider)
    except registry.UnknownProviderError:
        raise InputError({"provider": "Choose one of the providers offered."}) from None
    account_id = details.account_id
    try:
        account_id = provider.clean_account_id(details.account_id)
    except ProviderError as error:
        wrong["account_id"] = f"{error.cause} {error.remedy}".strip()
    if details.partition not in {choice.value for choice in provider.partitions()}:
        wrong["partition"] = f"Choose one of the {provider.partition_label.lower()}s offered."
    name = clean_name(details.name)
    if not name:
        wrong["name"] = "Give the account a name: people will look for it in lists."
    elif len(name) > NAME_LIMIT:
        wrong["name"] = f"The name is too long: {NAME_LIMIT} characters at most."
    if details.environment not in Environment.values:
        wrong["environment"] = "Choose production, staging or dev."
    regions = tuple(dict.fromkeys(details.regions))
    if message := _regions_message(regions, {region.name for region in provider.regions(details.partition)}):
        wrong.setdefault("regions", message)
    if details.auth_method and details.auth_method not in {method.key for method in provider.methods}:
        wrong["auth_method"] = "Choose one of the methods offered."
    if wrong:
        raise InputError(wrong)
    return replace(details, account_id=account_id, name=name, regions=regions)


def clean_name(raw: str) -> str:
    """Letters as typed, in one line: control characters and runs of blanks become one blank."""
    text = unicodedata.normalize("NFC", raw)
    text = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else char for char in text)
    return re.sub(r"\s+", " ", text).strip()


def _regions_message(regions: Sequence[str], known: set[str]) -> str:
    if not regions:
        return "Choose at least one region: the first scan looks there."
    if len(regions) > REGION_LIMIT:
        return f"Choose {REGION_LIMIT} regions at most."
    if any(region not in known for region in regions):
        return "One of these regions does not exist in this cloud. Choose from the list."
    return ""


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
    Raises `InputError`, `DuplicateAccountError`, `ValidationRefusedError`, `vault.CredentialsUnreadableError`.
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
            audit.record(
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


def update_account(
    account: CloudAccount, *, actor: Actor, name: str, environment: str, regions: Sequence[str]
) -> CloudAccount:
    """Changes what may change without a new proof. Raises `InputError`, and `DoesNotExist` where it is gone."""
    details = clean_details(
        AccountDetails(
            provider=account.provider,
            account_id=account.account_id,
            partition=account.partition,
            name=name,
            environment=environment,
            regions=tuple(regions),
        )
    )
    own = CloudAccount.objects.of(account.owner).filter(pk=account.pk)
    account.name, account.environment, account.regions = details.name, details.environment, list(details.regions)
    after = _changing(account)
    with transaction.atomic(using=SECURITY):
        before = _changing(own.get())
        if not own.update(**after, updated_at=timezone.now()):
            raise CloudAccount.DoesNotExist
        audit.record(
            actor=actor,
            owner=account.owner,
            action="account.changed",
            text="Name, environment or regions changed",
            account=account.id,
            label=account.name,
            before=before,
            after=after,
        )
        if before["name"] != after["name"]:
            account_renamed.send(sender=CloudAccount, account=account)
    return account


def set_environment(account: CloudAccount, *, actor: Actor, environment: str) -> bool:
    """Only that: what else was changed meanwhile stays. False where it was so already.

    Raises `InputError`, and `DoesNotExist` where the account was deleted or given away.
    """
    if environment not in Environment.values:
        raise InputError({"environment": "Choose production, staging or dev."})
    own = CloudAccount.objects.of(account.owner).filter(pk=account.pk)
    with transaction.atomic(using=SECURITY):
        before = own.values_list("environment", flat=True).get()
        if not own.exclude(environment=environment).update(environment=environment, updated_at=timezone.now()):
            return False
        audit.record(
            actor=actor, owner=account.owner, action="account.changed", text="Environment changed", account=account.id,
            label=account.name, before={"environment": before}, after={"environment": environment},
        )  # fmt: skip
    account.environment = environment
    return True


def _changing(account: CloudAccount) -> dict[str, Any]:
    return {"name": account.name, "environment": account.environment, "regions": list(account.regions)}


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
