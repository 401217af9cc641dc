"""Rotations whose message was lost or whose worker was killed are tried again, or ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.jobs.turns import announce
from cloudaccounts.models import CloudCredential, CredentialRotation
from cloudaccounts.models.rotation import RotationStage
from cloudaccounts.rotation.results import ATTEMPTS, TASK, was_swapped
from cloudaccounts.rotation.swap import update_swapped_account
from cloudaccounts.work.leases import Claim

QUEUE = "checks"
RESEND_AFTER = timedelta(seconds=20)
RESEND = 50  # messages at a time: each only says that there is work
LATE = timedelta(days=1)  # for so long an ended rotation is asked whether it had swapped after all


def requeue_rotations() -> int:
    """Sends the messages of queued rotations again, gives those of dead workers another try, and ends them after three.

    Those that were ended from outside after their swap (a discarding that came too late) are finished.
    """
    now = timezone.now()
    changed = 0
    for rotation in CredentialRotation.objects.filter(state=RotationStage.RUNNING, lease_until__lt=now)[:500]:
        # Still the same claim and still expired: a worker that was only slow keeps its row.
        lost = CredentialRotation.objects.filter(pk=rotation.pk, claim=rotation.claim, lease_until__lt=now)
        # One that has swapped is never given up: the account still has to learn of its new credential.
        if rotation.attempts < ATTEMPTS or was_swapped(rotation):
            changed += Claim(lost).give_back(state=RotationStage.QUEUED)
        else:
            changed += Claim(lost).end(
                state=RotationStage.ABANDONED,
                ok=False,
                code="worker_died",
                cause=f"Our own worker died {ATTEMPTS} times during this test. The credential in use stays.",
            )
    waiting = CredentialRotation.objects.filter(state=RotationStage.QUEUED).exclude(nudged_at__gt=now - RESEND_AFTER)
    changed += announce(waiting, task=TASK, queue=QUEUE, most=RESEND)
    return changed + _finish_swapped(now - LATE)


def _finish_swapped(since: datetime) -> int:
    """Rotations that were ended from outside right after their swap. Counts those that are finished."""
    ended = CredentialRotation.objects.filter(
        state__in=[RotationStage.ABANDONED, RotationStage.DISCARDED], requested_at__gte=since
    )
    rotations = {rotation.pk: rotation for rotation in ended.order_by("-requested_at")[:500]}
    if not rotations:
        return 0
    # The credential's row has the last word on what is in use, since the swap writes it in one UPDATE
    # (docs/decisions/0009).
    in_use = set(
        CloudCredential.objects.filter(
            account_id__in={rotation.account for rotation in rotations.values()}, replaced_by__in=list(rotations)
        ).values_list("replaced_by", flat=True)
    )
    changed = 0
    for rotation in rotations.values():
        if rotation.pk in in_use:
            # The account before the rotation: a kill in between repeats both, and the first changes nothing twice.
            update_swapped_account(rotation.account, CloudValidationResult.from_dict(rotation.report))
            changed += CredentialRotation.objects.filter(pk=rotation.pk, state=rotation.state).update(
                state=RotationStage.FINISHED, swapped=True, ok=True, code="", cause=""
            )
    return changed
