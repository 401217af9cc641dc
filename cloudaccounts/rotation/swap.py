"""The swap and what follows from it, each step repeatable: whoever comes after a kill goes on from the rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.credentials import staging
from cloudaccounts.dates import parse_aware
from cloudaccounts.health.state_machine import Observation
from cloudaccounts.health.transitions import FinishedCheck, apply_check
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation, RotationSetting
from cloudaccounts.models.health import CheckKind
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.models.rotation import RotationPurpose, RotationStage
from cloudaccounts.notifications.notify import notify
from cloudaccounts.rotation.losses import CODE, as_json, cause_of, unaccepted_losses
from cloudaccounts.rotation.results import record, was_swapped
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim


def conclude(account: CloudAccount, rotation: CredentialRotation, claim: Claim, report: CloudValidationResult) -> bool:
    """Swaps after a good report, and writes the outcome. False where the claim was lost: then nothing was changed.

    In this order, because a kill may come between any two where there are no transactions (MongoDB): the report, the
    swap, the account, the end. Whoever repeats it finds out from the credential's row that the swap is done.
    """
    actor = Actor.from_dict(rotation.actor)
    outcome: dict[str, Any] = {"ok": report.ok, "code": report.code, "cause": report.cause[:500]}
    with transaction.atomic(using=SECURITY):
        # First of all, and conditional: whoever lost the claim changes nothing.
        if not claim.write(report=report.to_dict(), duration_ms=report.duration_ms, **outcome):
            return False
        # Not asked again after the swap: what is in use cannot be refused any more, only finished.
        losses = () if was_swapped(rotation) or not report.ok else unaccepted_losses(account, rotation, report)
        if losses:
            record(account, actor, "credential.refused", f"Not replaced: {cause_of(losses)}", code=CODE)
            return claim.end(
                state=RotationStage.FINISHED, ok=False, code=CODE, cause=cause_of(losses)[:500], losses=as_json(losses)
            )
        if report.ok and not was_swapped(rotation) and not _swap(account, rotation, report, actor):
            return claim.end(
                state=RotationStage.ABANDONED, ok=False, code="nothing_staged",
                cause="The new credential was taken back before its test had ended. The one in use stays.",
            )  # fmt: skip
        if report.ok:
            update_swapped_account(account.pk, report)
        # A cloud that was out of reach has refused nothing, so the audit does not say so.
        elif rotation.purpose == RotationPurpose.ROLLBACK or report.permanent:
            text = f"New credential refused: {report.cause} The one in use stays."
            record(account, actor, "credential.refused", text, code=report.code)
        claim.end(state=RotationStage.FINISHED, swapped=report.ok)
    return True


def update_swapped_account(account_id: UUID, report: CloudValidationResult) -> None:
    """Copies what is shown of the credential in use to its account. Repeating it, or coming late, changes nothing."""
    row = staging.credential_row(account_id)
    if row is None:
        return
    # Only an account of an older generation: a late call must not undo what a later rotation wrote.
    behind = CloudAccount.objects.filter(pk=account_id, credential_generation__lt=row.generation)
    facts: dict[str, Any] = {
        "auth_method": row.kind,
        "credential_since": row.created_at,
        "credential_expires_at": row.expires_at,
        "credential_secretless": registry.get(CloudAccount.objects.only("provider").get(pk=account_id).provider)
        .method(row.kind)
        .secretless,
        "updated_at": timezone.now(),
    }
    # By whatever way it was replaced: when its turn for automatic rotation comes is another date now.
    RotationSetting.objects.filter(account=account_id).update(look_at=timezone.now())
    if behind.update(**facts, credential_generation=row.generation):
        account = CloudAccount.objects.get(pk=account_id)
        # Proven, so active; but one that was suspended meanwhile stays so.
        apply_check(FinishedCheck(account, Observation(), CheckKind.FULL, report.duration_ms, report))


def catch_up_with_swap(account: CloudAccount) -> bool:
    """Finishes a swap whose worker was killed before it wrote the account. Whether the account was behind."""
    row = staging.credential_row(account.pk)
    if row is None or row.generation <= account.credential_generation:
        return False
    rotation = CredentialRotation.objects.filter(pk=row.replaced_by).first() if row.replaced_by else None
    update_swapped_account(account.pk, CloudValidationResult.from_dict(rotation.report if rotation else {}))
    account.refresh_from_db()
    return True


def notify_retired(account: CloudAccount, row: CloudCredential) -> None:
    """The reminder that what is destroyed here still works at the provider. ``row`` is as before it was destroyed."""
    if row.previous_secretless:
        text = f"{row.previous_name}: not used for {account.name} any more, and not kept here any more."
        remedy = "Remove the trust or the role at the provider where nothing else uses it."
    else:
        text = f"{row.previous_name}: replaced for {account.name} and destroyed here. At the provider it may work."
        remedy = "Delete it at the provider."
    notify(
        NoticeKind.CREDENTIAL_RETIRED, key=f"{account.pk}:{row.generation}", text=text, remedy=remedy, account=account
    )


def _swap(account: CloudAccount, rotation: CredentialRotation, report: CloudValidationResult, actor: Actor) -> bool:
    row = staging.credential_row(account.pk, staged_id=rotation.pk)
    if row is None:
        return False
    now = timezone.now()
    before = staging.swap(
        account=account,
        rotation_id=rotation.pk,
        # The cloud's own date, else the day it was given.
        since=parse_aware(report.credential_created_at) or row.staged_created_at or now,
        expires_at=parse_aware(report.credential_expires_at) or row.staged_expires_at,
        keep_until=now + timedelta(days=settings.CREDENTIAL_ROLLBACK_DAYS),
        actor=actor,
    )
    if before is None:
        return False
    if before.previous_kind and rotation.purpose != RotationPurpose.ROLLBACK:
        notify_retired(account, before)  # the place of the previous one is taken: there is one, not a row of them
    return True
