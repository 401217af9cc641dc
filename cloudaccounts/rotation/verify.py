"""The test of a new credential, by a worker or in the process that was given it; what passes is swapped at once."""

from __future__ import annotations

import logging
import time
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction

from cloudaccounts.accounts.rate_limits import NOT_A_GUESS, begin_attempt
from cloudaccounts.accounts.resolution import ResolvedAccount
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CloudValidationResult, ValidationProgress
from cloudaccounts.credentials import staging, vault
from cloudaccounts.errors import RotationUnderWayError
from cloudaccounts.health.validation import prove_access, refusal_report
from cloudaccounts.jobs.turns import WorkKind
from cloudaccounts.models import CloudAccount, CloudAccountStatus, CredentialRotation
from cloudaccounts.models.rotation import RotationPurpose, RotationStage
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.outages import unexpected
from cloudaccounts.rotation.losses import ANY, AccessWouldBeLostError, unaccepted_losses
from cloudaccounts.rotation.results import ATTEMPTS, TASK, new_request, refuse_unrotatable, was_swapped
from cloudaccounts.rotation.swap import conclude
from cloudaccounts.work.databases import SECURITY, is_outage
from cloudaccounts.work.leases import Claim, LeaseKeeper

SHOW_EVERY = 0.2  # seconds between writes of a growing report

logger = logging.getLogger(__name__)


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
    swapped = was_swapped(rotation)  # by a worker that was killed before it could say so
    if account is None or (account.status == CloudAccountStatus.SUSPENDED and not swapped):
        claim.end(state=RotationStage.ABANDONED, cause="The account was suspended or deleted meanwhile.")
        return None
    try:
        if swapped:
            # The report was written before the swap, so what is missing can be finished without asking the cloud again.
            report = CloudValidationResult.from_dict(rotation.report)
        else:
            with LeaseKeeper(claim.renew):
                report = _test(account, rotation, claim)
        return report if conclude(account, rotation, claim, report) else None
    except Exception as error:
        # Every step can be repeated, as after a kill; one that has swapped is never given up.
        tries = 1 if swapped else ATTEMPTS - rotation.attempts
        if not claim.outlives(error, tries=tries, state=RotationStage.QUEUED):
            raise
        return None


def replace_credentials(
    account: CloudAccount,
    *,
    actor: Actor,
    credentials: Credentials,
    accept_loss: bool = False,
    deadline: float = 25.0,
) -> CloudValidationResult:
    """Tests within ``deadline`` seconds and swaps, in this process; a refused credential is not stored at all.

    For the HTTP API; the report says which it was. Asks the network. Raises `AccessWouldBeLostError` for one that reads
    less, unless the loss is accepted, and `TooManyAttemptsError`, `RotationUnderWayError`, `AccountSuspendedError`,
    `CredentialsUnreadableError`.
    """
    resolved = ResolvedAccount.of(account)
    attempt = begin_attempt(resolved)
    if wrong_key := confirm_key():
        raise vault.unreadable(wrong_key)
    refuse_unrotatable(account)
    facts = resolved.provider.describe(credentials)
    # Claimed by this very process in the next lines: the row holds off other requests of the account while the caller
    # waits.
    rotation = new_request(
        account, actor, method=credentials.method, state=RotationStage.QUEUED, active_account=account.pk,
        accepted_losses=[ANY] if accept_loss else [],
    )  # fmt: skip
    try:
        with transaction.atomic(using=SECURITY):
            rotation.save(force_insert=True)
    except IntegrityError:
        raise RotationUnderWayError from None
    row = CredentialRotation.objects.filter(pk=rotation.pk)
    claim = Claim.take(
        row.filter(state=RotationStage.QUEUED), row.filter(state=RotationStage.RUNNING), state=RotationStage.RUNNING
    )
    if claim is None:  # a worker has it, and finds nothing staged: as if this process had been killed
        raise RotationUnderWayError
    # Tested before anything is stored: a refused credential leaves no trace but the report.
    try:
        with LeaseKeeper(claim.renew):
            try:
                report = prove_access(resolved, credentials, attempt=attempt, deadline=deadline)
            except Exception as error:
                # As in `_test`: a defect is an outcome, or the rotation would look like a dead worker's.
                logger.exception("rotation.defect", extra={"account": str(account.pk)})
                report = refusal_report(ValidationProgress(), unexpected(error, "test"))
        losses = unaccepted_losses(account, rotation, report) if report.ok else ()
        if losses or not report.ok:
            conclude(account, rotation, claim, report)
            if losses:
                raise AccessWouldBeLostError(losses)
            return report
        with transaction.atomic(using=SECURITY):
            staging.stage(account=account, credentials=credentials, facts=facts, rotation_id=rotation.pk, actor=actor)
            if not conclude(account, rotation, claim, report):
                raise RotationUnderWayError  # this process was frozen past its lease; what it staged goes as well
    except Exception as error:
        reason = error if isinstance(error, ProviderError) else unexpected(error, "replacement")
        claim.end(state=RotationStage.ABANDONED, ok=False, code=reason.code, cause=reason.cause[:500])  # nobody goes on
        raise
    return report


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
        resolved = ResolvedAccount.of(account)
        # What was kept for a rollback was proven before, and what was made by ourselves is nobody's guess.
        guessed = rotation.purpose == RotationPurpose.REPLACE
        attempt = begin_attempt(resolved) if guessed else NOT_A_GUESS
        credentials = staging.open_staged(
            account=account, rotation_id=rotation.pk, actor=Actor.from_dict(rotation.actor)
        )
        return prove_access(resolved, credentials, attempt=attempt, listen=show)
    except ProviderError as error:
        return refusal_report(ValidationProgress(), error)
    except Exception as error:
        # Whatever a provider's code may meet is reported as ours, instead of as a worker that died.
        logger.exception("rotation.defect", extra={"account": str(account.pk)})
        if is_outage(error) and rotation.attempts < ATTEMPTS:
            raise
        return refusal_report(ValidationProgress(), unexpected(error, "test"))


ROTATIONS = WorkKind(
    name="rotations",
    queue="checks",
    task=TASK,
    waiting=lambda: CredentialRotation.objects.filter(state=RotationStage.QUEUED),
    running=lambda: CredentialRotation.objects.filter(state=RotationStage.RUNNING),
    run=run_rotation,
    part=1 / 4,
    late=60,
)
