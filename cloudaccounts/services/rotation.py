"""Replacing an account's credential without downtime: staged, tested with the full report, swapped in one step.

The new credential waits sealed in the account's credential row; a worker tests it while checks and scans go on with the
old one. Only a good report swaps the two. Each step may be repeated: a worker that is killed anywhere leaves a row from
which the next one goes on.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import audit, dispatch, registry, staging, vault
from cloudaccounts.actors import Actor
from cloudaccounts.contract import CloudValidationResult, Credentials, ProviderError, ValidationProgress
from cloudaccounts.errors import (
    AccountSuspendedError,
    CredentialBorrowedError,
    NothingStagedError,
    RotationUnderWayError,
    defect,
)
from cloudaccounts.leases import Claim, LeaseKeeper
from cloudaccounts.models import CloudAccount, CloudAccountStatus, CloudCredential, CredentialRotation
from cloudaccounts.models.health import CheckKind
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.models.rotation import RotationPurpose, RotationStage
from cloudaccounts.moments import moment
from cloudaccounts.services.health import Checked, settle
from cloudaccounts.services.notices import tell
from cloudaccounts.services.opening import details_of
from cloudaccounts.services.server import confirm_key
from cloudaccounts.services.validation import refused, validate_cloud_account
from cloudaccounts.states import Seen

TASK = "cloudaccounts.run_rotation"
ATTEMPTS = 3
NUDGE_AGAIN = timedelta(seconds=20)
SHOW_EVERY = 0.2  # seconds between writes of a growing report

logger = logging.getLogger(__name__)


def stage_credential(account: CloudAccount, *, actor: Actor, credentials: Credentials) -> CredentialRotation:
    """Seals a new credential beside the one in use. Nothing is tested yet: `start_rotation` asks for that.

    What was staged before is destroyed. Raises `RotationUnderWayError`, `AccountSuspendedError`,
    `CredentialBorrowedError`, `vault.CredentialsUnreadableError`, and `CloudAccount.DoesNotExist` where the account was
    deleted meanwhile.
    """
    if wrong_key := confirm_key():
        raise vault.unreadable(wrong_key)
    _refuse_what_cannot(account)
    facts = registry.get(account.provider).describe(credentials)
    rotation = _new(account, actor, method=credentials.method)
    with transaction.atomic(using=dispatch.SECURITY):
        if CredentialRotation.objects.filter(active_account=account.pk).exists():
            raise RotationUnderWayError
        _supersede(account)
        rotation.save(force_insert=True)
        staging.stage(account=account, credentials=credentials, facts=facts, rotation_id=rotation.pk, actor=actor)
    return rotation


def rollback_credential(account: CloudAccount, *, actor: Actor) -> CredentialRotation:
    """Asks for the previous credential back: it is tested like a new one, and only then put into use.

    Raises as `stage_credential`; `vault.CredentialsUnreadableError` where the previous one is not kept any more.
    """
    _refuse_what_cannot(account)
    rotation = _new(account, actor, purpose=RotationPurpose.ROLLBACK)
    with transaction.atomic(using=dispatch.SECURITY):
        if CredentialRotation.objects.filter(active_account=account.pk).exists():
            raise RotationUnderWayError
        _supersede(account)
        rotation.method = staging.stage_previous(account=account, rotation_id=rotation.pk, actor=actor)
        rotation.save(force_insert=True)
    return start_rotation(account, actor=actor)


def start_rotation(account: CloudAccount, *, actor: Actor) -> CredentialRotation:
    """Asks a worker to test what is staged and, where it passes, to put it into use. Asking again changes nothing.

    Raises `NothingStagedError`, `AccountSuspendedError`.
    """
    _refuse_what_cannot(account)
    if under_way := CredentialRotation.objects.filter(active_account=account.pk).first():
        return under_way
    row = staging.kept(account.pk, staged__isnull=False)
    found = CredentialRotation.objects.filter(pk=row.staged_id) if row and row.staged_id else None
    if found is None:
        raise NothingStagedError
    now = timezone.now()
    waiting = found.exclude(state__in=[RotationStage.QUEUED, RotationStage.RUNNING, RotationStage.DISCARDED])
    try:
        with transaction.atomic(using=dispatch.SECURITY):
            asked = waiting.update(
                state=RotationStage.QUEUED, active_account=account.pk, actor=actor.to_dict(), attempts=0,
                requested_at=now, nudged_at=now, finished_at=None, ok=None, code="", cause="", report={},
            )  # fmt: skip
            if asked:
                dispatch.send_on_commit(TASK, str(row.staged_id if row else ""), using=dispatch.SECURITY)
                _record(account, actor, "credential.test_requested", f"Test of a new credential begun by {actor.label}")
    except IntegrityError:  # another is under way since the look above
        pass
    rotation = found.first() or CredentialRotation.objects.filter(active_account=account.pk).first()
    if rotation is None:
        raise NothingStagedError
    return rotation


def discard_staged(account: CloudAccount, *, actor: Actor) -> bool:
    """Destroys what is staged, and ends its test. The credential in use stays. Whether there was something."""
    with transaction.atomic(using=dispatch.SECURITY):
        # First what is staged: a worker that has tested it then finds nothing to put into use.
        found = staging.discard_staged(account=account, actor=actor)
        ended = CredentialRotation.objects.filter(account=account.pk).filter(
            state__in=[RotationStage.STAGED, RotationStage.QUEUED, RotationStage.RUNNING]
        )
        ended.update(
            state=RotationStage.DISCARDED, active_account=None, claim=None, lease_until=None, finished_at=timezone.now()
        )
    return found


def run_rotation(rotation_id: UUID) -> CloudValidationResult | None:
    """Does a queued rotation. None where it is not queued any more, or was taken away meanwhile."""
    row = CredentialRotation.objects.filter(pk=rotation_id)
    claim = Claim.take(
        row.filter(state=RotationStage.QUEUED), row.filter(state=RotationStage.RUNNING), state=RotationStage.RUNNING
    )
    if claim is None:
        return None
    rotation = row.get()
    account = CloudAccount.objects.filter(pk=rotation.account).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        claim.end(state=RotationStage.ABANDONED, cause="The account was suspended or deleted meanwhile.")
        return None
    if _was_swapped(rotation):  # by a worker that was killed before it could say so
        report = CloudValidationResult.from_dict(rotation.report)
    else:
        with LeaseKeeper(claim.renew):
            report = _test(account, rotation, claim)
    return report if conclude(account, rotation, claim, report) else None


def replace_credentials(
    account: CloudAccount, *, actor: Actor, credentials: Credentials, deadline: float = 25.0
) -> CloudValidationResult:
    """Tests within ``deadline`` seconds and swaps, in this process; a refused credential is stored nowhere.

    For the HTTP API; the report says which it was. Asks the network. Raises `RotationUnderWayError`,
    `AccountSuspendedError`, `vault.CredentialsUnreadableError`.
    """
    if wrong_key := confirm_key():
        raise vault.unreadable(wrong_key)
    _refuse_what_cannot(account)
    facts = registry.get(account.provider).describe(credentials)
    rotation = _new(account, actor, method=credentials.method, state=RotationStage.QUEUED, active_account=account.pk)
    try:
        with transaction.atomic(using=dispatch.SECURITY):
            rotation.save(force_insert=True)
    except IntegrityError:
        raise RotationUnderWayError from None
    row = CredentialRotation.objects.filter(pk=rotation.pk)
    claim = Claim.take(
        row.filter(state=RotationStage.QUEUED), row.filter(state=RotationStage.RUNNING), state=RotationStage.RUNNING
    )
    if claim is None:  # a worker has it, and finds nothing staged: as if this process had been killed
        raise RotationUnderWayError
    with LeaseKeeper(claim.renew):
        report = _validated(account, credentials, deadline=deadline)
    if report.ok:
        with transaction.atomic(using=dispatch.SECURITY):
            staging.stage(account=account, credentials=credentials, facts=facts, rotation_id=rotation.pk, actor=actor)
            if not conclude(account, rotation, claim, report):
                raise RotationUnderWayError  # this process was frozen past its lease; what it staged goes as well
    else:
        conclude(account, rotation, claim, report)
    return report


def conclude(account: CloudAccount, rotation: CredentialRotation, claim: Claim, report: CloudValidationResult) -> bool:
    """Swaps after a good report, and writes the outcome. False where the claim was lost: then nothing was changed.

    In this order, because a kill may come between any two where there are no transactions (MongoDB): the report, the
    swap, the account, the end. Whoever repeats it finds out from the credential's row that the swap is done.
    """
    actor = Actor.from_dict(rotation.actor)
    outcome: dict[str, Any] = {"ok": report.ok, "code": report.code, "cause": report.cause[:500]}
    with transaction.atomic(using=dispatch.SECURITY):
        if not claim.write(report=report.to_dict(), duration_ms=report.duration_ms, **outcome):
            return False
        if report.ok and not _was_swapped(rotation) and not _swap(account, rotation, report, actor):
            return claim.end(
                state=RotationStage.ABANDONED, ok=False, code="nothing_staged",
                cause="The new credential was taken back before its test had ended. The one in use stays.",
            )  # fmt: skip
        if report.ok:
            settle_account(account.pk, report)
        elif rotation.purpose == RotationPurpose.ROLLBACK or report.permanent:
            text = f"New credential refused: {report.cause} The one in use stays."
            _record(account, actor, "credential.refused", text, code=report.code)
        claim.end(state=RotationStage.FINISHED, swapped=report.ok)
    return True


def settle_account(account_id: UUID, report: CloudValidationResult) -> None:
    """What the account tells of its credential, after a swap. Repeating it, or coming late, changes nothing."""
    row = staging.kept(account_id)
    if row is None:
        return
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
    if behind.update(**facts, credential_generation=row.generation):
        account = CloudAccount.objects.get(pk=account_id)
        # Proven, so active; but one that was suspended meanwhile stays so.
        settle(Checked(account, Seen(), CheckKind.FULL, report.duration_ms, report))


def tell_retired(account: CloudAccount, row: CloudCredential) -> None:
    """The reminder that what is destroyed here still works at the provider. ``row`` is as before it was destroyed."""
    if row.previous_secretless:
        text = f"{row.previous_name}: not used for {account.name} any more, and not kept here any more."
        remedy = "Remove the trust or the role at the provider where nothing else uses it."
    else:
        text = f"{row.previous_name}: replaced for {account.name} and destroyed here. At the provider it may work."
        remedy = "Delete it at the provider."
    tell(NoticeKind.CREDENTIAL_RETIRED, key=f"{account.pk}:{row.generation}", text=text, remedy=remedy, account=account)


def requeue_rotations() -> int:
    """Nudges queued rotations again, gives those of dead workers another try, and ends them after three."""
    now = timezone.now()
    mended = 0
    for rotation in CredentialRotation.objects.filter(state=RotationStage.RUNNING, lease_until__lt=now)[:500]:
        lost = CredentialRotation.objects.filter(pk=rotation.pk, claim=rotation.claim, lease_until__lt=now)
        if rotation.attempts < ATTEMPTS or _was_swapped(rotation):
            mended += lost.update(state=RotationStage.QUEUED, claim=None, lease_until=None, nudged_at=None)
        else:
            mended += Claim(lost).end(
                state=RotationStage.ABANDONED,
                ok=False,
                code="worker_died",
                cause=f"Our own worker died {ATTEMPTS} times during this test. The credential in use stays.",
            )
    waiting = CredentialRotation.objects.filter(state=RotationStage.QUEUED).exclude(nudged_at__gt=now - NUDGE_AGAIN)
    for key in list(waiting.values_list("pk", flat=True)[:500]):
        CredentialRotation.objects.filter(pk=key).update(nudged_at=now)
        mended += dispatch.send(TASK, str(key))
    return mended


def _test(account: CloudAccount, rotation: CredentialRotation, claim: Claim) -> CloudValidationResult:
    last_shown = float("-inf")

    def show(report: CloudValidationResult) -> None:
        nonlocal last_shown
        if time.monotonic() - last_shown < SHOW_EVERY:
            return
        last_shown = time.monotonic()
        try:
            claim.write(report=report.to_dict())
        except DatabaseError:
            # Only the display misses a step: what counts is the report at the end.
            logger.warning("rotation.progress_not_written", exc_info=True)

    try:
        credentials = staging.open_staged(
            account=account, rotation_id=rotation.pk, actor=Actor.from_dict(rotation.actor)
        )
    except ProviderError as error:
        return refused(ValidationProgress(), error)
    return _validated(account, credentials, listen=show)


def _validated(account: CloudAccount, credentials: Credentials, **options: Any) -> CloudValidationResult:
    try:
        return validate_cloud_account(
            owner=account.owner, details=details_of(account), credentials=credentials, **options
        )
    except Exception:
        # Whatever a provider's code may meet: told as ours, instead of as a worker that died.
        logger.exception("rotation.defect", extra={"account": str(account.pk)})
        return refused(ValidationProgress(), defect("test"))


def _swap(account: CloudAccount, rotation: CredentialRotation, report: CloudValidationResult, actor: Actor) -> bool:
    row = staging.kept(account.pk, staged_id=rotation.pk)
    if row is None:
        return False
    now = timezone.now()
    before = staging.swap(
        account=account,
        rotation_id=rotation.pk,
        # The cloud's own date, else the day it was given.
        since=moment(report.credential_created_at) or row.staged_created_at or now,
        expires_at=moment(report.credential_expires_at) or row.staged_expires_at,
        keep_until=now + timedelta(days=settings.CREDENTIAL_ROLLBACK_DAYS),
        actor=actor,
    )
    if before is None:
        return False
    if before.previous_kind and rotation.purpose != RotationPurpose.ROLLBACK:
        tell_retired(account, before)  # the place of the previous one is taken: there is one, not a row of them
    return True


def _was_swapped(rotation: CredentialRotation) -> bool:
    return CloudCredential.objects.filter(account_id=rotation.account, replaced_by=rotation.pk).exists()


def _new(account: CloudAccount, actor: Actor, **fields: Any) -> CredentialRotation:
    now = timezone.now()
    return CredentialRotation(
        id=uuid4(), account=account.pk, owner=account.owner, actor=actor.to_dict(), requested_at=now, nudged_at=now,
        **fields,
    )  # fmt: skip


def _supersede(account: CloudAccount) -> None:
    """What was staged before and never put into use gives way to what is staged now."""
    CredentialRotation.objects.filter(account=account.pk, state=RotationStage.STAGED).update(
        state=RotationStage.DISCARDED, finished_at=timezone.now()
    )


def _refuse_what_cannot(account: CloudAccount) -> None:
    if account.connection is not None:
        raise CredentialBorrowedError
    if CloudAccount.objects.only("status").get(pk=account.pk).status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError


def _record(account: CloudAccount, actor: Actor, action: str, text: str, **detail: str) -> None:
    audit.record(
        actor=actor, owner=account.owner, action=action, text=text, account=account.pk, label=account.name, **detail
    )
