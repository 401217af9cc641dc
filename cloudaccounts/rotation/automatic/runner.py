"""Works on runs: claims one, goes on from its row, and gives it back when it waits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.turns import WorkKind, announce
from cloudaccounts.models import CloudAccount, CloudAccountStatus, RotationRun
from cloudaccounts.models.automatic_rotation import RunPurpose, RunState
from cloudaccounts.outages import unexpected
from cloudaccounts.rotation.automatic import making, readiness, retiring
from cloudaccounts.rotation.automatic.course import Course, LostClaimError
from cloudaccounts.work.databases import is_outage
from cloudaccounts.work.leases import Claim, LeaseKeeper

TASK = "cloudaccounts.run_automatic_rotation"
QUEUE = "fleet"
RESEND_AFTER = timedelta(seconds=60)
RESEND = 50
_SUSPENDED_FOR = 3600  # seconds until a suspended account is looked at again

logger = logging.getLogger(__name__)

# Each takes the run one state further and says whether there is more to do now.
_BY_STATE: dict[str, Callable[[Course], bool]] = {
    RunState.PREPARING: making.prepare,
    RunState.CREATING: making.look_for_lost,
    RunState.TESTING: making.test,
    RunState.WATCHING: retiring.watch,
    RunState.GRACE: retiring.grace,
    RunState.REMOVING: retiring.remove,
}


def due_runs(now: datetime | None = None) -> QuerySet[RotationRun]:
    """Whose time has come and on which nobody works; a dead worker's are among them once its lease has ended."""
    now = now or timezone.now()
    free = Q(claim__isnull=True) | Q(lease_until__lt=now)
    return RotationRun.objects.filter(free, active_account__isnull=False, requested_at__lte=now)


def runs_under_way() -> QuerySet[RotationRun]:
    return RotationRun.objects.filter(claim__isnull=False, lease_until__gte=timezone.now())


def run_automatic_rotation(run_id: UUID) -> None:
    """Goes on with a run whose time has come, as far as it can now."""
    row = RotationRun.objects.filter(pk=run_id)
    claim = Claim.take(due_runs().filter(pk=run_id), row.filter(active_account__isnull=False))
    if claim is None:
        return
    run = row.get()
    account = CloudAccount.objects.filter(pk=run.account).first()
    if account is None:
        cause = "The account was deleted meanwhile."
        claim.end(state=RunState.FAILED, code="account_deleted", cause=cause, held=False)
        return
    with LeaseKeeper(claim.renew):
        course = Course(run, account, claim)
        try:
            while _advance(course):
                pass
            if run.active_account is not None:
                course.write(claim=None, lease_until=None)
        except LostClaimError:
            logger.info("rotation.claim_lost", extra={"run": str(run_id)})
        except Exception as error:
            # Its row waits by its time, which has come. However often: each try goes on from the rows, and an outage of
            # ours is no failure after which the run would be given up.
            if not claim.outlives(error, tries=1):
                raise


def _advance(course: Course) -> bool:
    run, account = course.run, course.account
    if account.status == CloudAccountStatus.SUSPENDED:
        return course.wait(_SUSPENDED_FOR, held=True, code="account_suspended", cause="The account is suspended.")
    try:
        return _BY_STATE[run.state](course)
    except ProviderError as error:
        if run.purpose == RunPurpose.PROVE:
            return _unproven(course, error)
        return course.pause(error)
    except LostClaimError:
        raise
    except Exception as error:
        # A defect is a failure with a name, and is tried again: the row must not look like a dead worker's for ever.
        logger.exception("rotation.defect", extra={"account": str(account.pk)})
        if is_outage(error):
            raise
        return course.pause(unexpected(error, "automatic rotation"))


def _unproven(course: Course, error: ProviderError) -> bool:
    """A proof that the cloud did not answer. What it refuses for good is the answer."""
    if error.permanent:
        readiness.write(course.account, error)
    elif course.run.failures < 3:
        return course.pause(error)
    course.write(state=RunState.FAILED, active_account=None, claim=None, lease_until=None, finished_at=timezone.now(),
                 code=error.code, cause=error.cause[:500])  # fmt: skip
    return False


def send_due() -> int:
    """Wakes workers for runs whose time has come. How many messages were sent."""
    now = timezone.now()
    waiting = due_runs(now).exclude(nudged_at__gt=now - RESEND_AFTER)
    return announce(waiting, task=TASK, queue=QUEUE, most=RESEND)


def _waiting() -> QuerySet[Any]:
    return due_runs()


AUTOMATIC_ROTATIONS = WorkKind(
    name="automatic rotations",
    queue=QUEUE,
    task=TASK,
    waiting=_waiting,
    running=runs_under_way,
    run=run_automatic_rotation,
    part=1 / 4,
    late=600,
)
