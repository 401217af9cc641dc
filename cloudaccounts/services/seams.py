"""SEAM: stands in for what other parts of the product do, with the names and shapes that they have there.

Each function says by what it is replaced; nothing else here is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cloudaccounts import audit, registry, vault
from cloudaccounts.actors import Actor
from cloudaccounts.contract import CloudValidationResult, Credentials
from cloudaccounts.dispatch import SECURITY
from cloudaccounts.errors import AccountSuspendedError, InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.services.accounts import moment
from cloudaccounts.services.opening import details_of
from cloudaccounts.services.validation import validate_cloud_account

UNKNOWN = "You have no group of this name or id."


def replace_credentials(
    account: CloudAccount, *, actor: Actor, credentials: Credentials, deadline: float = 25.0
) -> CloudValidationResult:
    """SEAM: replaced by `cloudaccounts.services.rotation.replace_credentials`."""
    if account.status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError
    report = validate_cloud_account(
        owner=account.owner, details=details_of(account), credentials=credentials, deadline=deadline
    )
    if not report.ok:
        return report
    facts, now = registry.get(account.provider).describe(credentials), timezone.now()
    since = moment(report.credential_created_at) or facts.created_at or now
    with transaction.atomic(using=SECURITY):
        vault.store(account=account, credentials=credentials, facts=facts, since=since, actor=actor)
        CloudAccount.objects.filter(pk=account.pk).update(
            auth_method=credentials.method, status=CloudAccountStatus.ACTIVE, last_checked_at=now,
            last_check=report.to_dict(), last_check_code="", last_check_cause="", credential_since=since,
            credential_expires_at=moment(report.credential_expires_at) or facts.expires_at,
            credential_secretless=facts.secretless, updated_at=now,
        )  # fmt: skip
        text = f"Credentials replaced by {actor.label}"
        audit.record(
            actor=actor, owner=account.owner, action="credential.replaced", text=text, account=account.pk,
            label=account.name,
        )  # fmt: skip
    return report


def find_groups(owner: str, names: Iterable[str], *, field: str) -> list[UUID]:
    """SEAM: `groups.resolve_group(name, owner)` for each; GroupNotFoundError becomes this `InputError`."""
    if list(names):
        raise InputError({field: UNKNOWN})
    return []


def set_groups(account: CloudAccount, *, actor: Actor, group_ids: Iterable[UUID]) -> None:
    """SEAM: replaced by `cloudaccounts.services.groups.set_groups`."""


def groups_of(accounts: Iterable[CloudAccount]) -> dict[UUID, list[dict[str, str]]]:
    """SEAM: ``{account: [{id, name}]}`` by two queries, one of GroupMember and one of AccountGroup."""
    return {}


def in_group(owner: str, name: str) -> Q:
    """SEAM: ``groups.inside(groups.with_descendants(groups.resolve_group(name, owner)))``."""
    find_groups(owner, [name], field="group")
    return Q()
