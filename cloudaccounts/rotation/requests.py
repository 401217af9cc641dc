"""What a person asks for: a new credential staged, tested, taken back, or the previous one brought back."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import staging, vault
from cloudaccounts.credentials.new_keys import refuse_new_key
from cloudaccounts.errors import NothingStagedError, RotationUnderWayError
from cloudaccounts.models import CloudAccount, CredentialRotation
from cloudaccounts.models.rotation import RotationPurpose, RotationStage
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.rotation.results import TASK, new_request, record, refuse_unrotatable
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY


def stage_credential(
    account: CloudAccount,
    *,
    actor: Actor,
    credentials: Credentials,
    purpose: RotationPurpose = RotationPurpose.REPLACE,
    rotation_id: UUID | None = None,
) -> CredentialRotation:
    """Seals a new credential beside the one in use. Nothing is tested yet: `start_rotation` asks for that.

    What was staged before is destroyed. Raises `RotationUnderWayError`, `AccountSuspendedError`,
    `CredentialBorrowedError`, `CredentialsUnreadableError`, and `CloudAccount.DoesNotExist` where the account was
    deleted meanwhile.
    """
    # Encrypted under a key that does not open the rest, it would be lost once the right key is back.
    if wrong_key := confirm_key():
        raise vault.unreadable(wrong_key)
    refuse_unrotatable(account)
    facts = registry.get(account.provider).describe(credentials)
    rotation = new_request(account, actor, method=credentials.method, purpose=purpose)
    if rotation_id is not None:  # automatic rotation writes it down before there is a key (`rotation.automatic`)
        rotation.pk = rotation_id
    with transaction.atomic(using=SECURITY):
        if CredentialRotation.objects.filter(active_account=account.pk).exists():
            raise RotationUnderWayError
        _discard_untested(account)
        # The row first: a kill before the second write leaves a rotation with nothing staged, which the next one
        # discards; the other way round a credential would be staged that no row names.
        rotation.save(force_insert=True)
        staging.stage(account=account, credentials=credentials, facts=facts, rotation_id=rotation.pk, actor=actor)
    return rotation


def rollback_credential(account: CloudAccount, *, actor: Actor) -> CredentialRotation:
    """Asks for the previous credential back: it is tested like a new one, and only then put into use.

    Raises as `stage_credential`; `CredentialsUnreadableError` where the previous one is not kept any more.
    """
    refuse_unrotatable(account)
    rotation = new_request(account, actor, purpose=RotationPurpose.ROLLBACK)
    with transaction.atomic(using=SECURITY):
        if CredentialRotation.objects.filter(active_account=account.pk).exists():
            raise RotationUnderWayError
        _discard_untested(account)
        # Here the row comes second, since staging says which method it is. A kill in between leaves a staged credential
        # without a row: nothing is tested, and it is destroyed after a day.
        rotation.method = staging.stage_previous(account=account, rotation_id=rotation.pk, actor=actor)
        rotation.save(force_insert=True)
    return start_rotation(account, actor=actor)


def start_rotation(account: CloudAccount, *, actor: Actor, accept_losses: bool = False) -> CredentialRotation:
    """Asks a worker to test what is staged and, where it passes, to put it into use. Asking again changes nothing.

    With ``accept_losses`` it is put into use although it reads less, as the last test of it has said; where this test
    finds more that would be lost, it asks again.

    Raises `NothingStagedError`, `AccountSuspendedError`, and `KeysForbiddenError` where it is a key in a role's place.
    """
    refuse_unrotatable(account)
    if under_way := CredentialRotation.objects.filter(active_account=account.pk).first():
        return under_way
    row = staging.credential_row(account.pk, staged__isnull=False)
    rotations = CredentialRotation.objects.filter(pk=row.staged_id) if row and row.staged_id else None
    if rotations is None:
        raise NothingStagedError
    now = timezone.now()
    last = rotations.first()
    # Again, as the policy may be younger than what is staged. What was in use before may always come back.
    if last is None or last.purpose != RotationPurpose.ROLLBACK:
        replaces_key = not account.credential_secretless
        refuse_new_key(account.owner, secretless=bool(row and row.staged_secretless), replaces_key=replaces_key)
    # By name, from what the last test said: whatever else this test finds is asked about again.
    accepted = [gap["what"] for gap in last.losses] if accept_losses and last is not None else []
    waiting = rotations.exclude(state__in=[RotationStage.QUEUED, RotationStage.RUNNING, RotationStage.DISCARDED])
    try:
        with transaction.atomic(using=SECURITY):
            asked = waiting.update(
                state=RotationStage.QUEUED, active_account=account.pk, actor=actor.to_dict(), attempts=0,
                requested_at=now, nudged_at=now, finished_at=None, ok=None, code="", cause="", report={},
                losses=[], accepted_losses=accepted,
            )  # fmt: skip
            if asked:
                messages.send_on_commit(TASK, str(row.staged_id if row else ""), using=SECURITY)
                record(account, actor, "credential.test_requested", f"Test of a new credential begun by {actor.label}")
    except IntegrityError:
        pass  # ``active_account`` is unique: another was queued since the question above, and is returned below
    rotation = rotations.first() or CredentialRotation.objects.filter(active_account=account.pk).first()
    if rotation is None:
        raise NothingStagedError
    return rotation


def discard_staged(account: CloudAccount, *, actor: Actor) -> bool:
    """Destroys what is staged, and ends its test. The credential in use stays. False where nothing was staged."""
    with transaction.atomic(using=SECURITY):
        # First what is staged: a worker that has just tested it finds nothing to put into use.
        was_staged = staging.discard_staged(account=account, actor=actor)
        unfinished = CredentialRotation.objects.filter(account=account.pk).filter(
            state__in=[RotationStage.STAGED, RotationStage.QUEUED, RotationStage.RUNNING]
        )
        unfinished.update(
            state=RotationStage.DISCARDED, active_account=None, claim=None, lease_until=None, finished_at=timezone.now()
        )
    return was_staged


def _discard_untested(account: CloudAccount) -> None:
    """Ends the rotation of what was staged before: the credential's row holds one staged value, and it is replaced."""
    CredentialRotation.objects.filter(account=account.pk, state=RotationStage.STAGED).update(
        state=RotationStage.DISCARDED, finished_at=timezone.now()
    )
