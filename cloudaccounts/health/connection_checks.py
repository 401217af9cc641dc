"""Connection checks of stored accounts: requested by a row, done by a worker, tried again when the worker dies.

See docs/decisions/0004-rows-and-leases.md.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import metrics
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult, ValidationProgress
from cloudaccounts.credentials import vault
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.health import provider_outage
from cloudaccounts.health.former_external_id import prove_stored
from cloudaccounts.health.state_machine import Observation
from cloudaccounts.health.transitions import FinishedCheck, apply_check
from cloudaccounts.health.validation import refusal_report
from cloudaccounts.jobs.turns import WorkKind, announce
from cloudaccounts.models import CloudAccount, CloudAccountStatus, ConnectionCheck
from cloudaccounts.models.check import CheckState, CheckTrigger
from cloudaccounts.models.health import CheckKind
from cloudaccounts.outages import unexpected
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY, is_outage
from cloudaccounts.work.leases import Claim, LeaseKeeper

TASK = "cloudaccounts.run_check"
QUEUE = "checks"
ATTEMPTS = 3  # a check that kills its worker three times would kill the next one as well
RESEND_AFTER = timedelta(seconds=20)  # a message that was not taken by then is sent again: brokers lose some
RESEND = 50  # messages at a time: each only says that there is work
SHOW_EVERY = 0.2  # seconds between writes of a growing report

logger = logging.getLogger(__name__)


def request_check(
    account: CloudAccount, *, actor: Actor, trigger: str = CheckTrigger.PERSON, notify_worker: bool = True
) -> ConnectionCheck:
    """Asks for a check; returns the one under way where there is one. Without ``notify_worker`` the caller runs it.

    Raises `AccountSuspendedError`, and `CloudAccount.DoesNotExist` where the account was deleted meanwhile.
    """
    now = timezone.now()
    while True:
        try:
            with transaction.atomic(using=SECURITY):
                # Read anew: ``account`` may have been loaded before somebody suspended it.
                if CloudAccount.objects.only("status").get(pk=account.pk).status == CloudAccountStatus.SUSPENDED:
                    raise AccountSuspendedError
                # The unique `active_account` decides between two who ask at once; neither has to look first
                # (docs/decisions/0004).
                check = ConnectionCheck.objects.create(
                    account=account.pk,
                    active_account=account.pk,
                    owner=account.owner,
                    trigger=trigger,
                    actor=actor.to_dict(),
                    requested_at=now,
                    nudged_at=now,
                )
                if notify_worker:
                    messages.send_on_commit(TASK, str(check.pk), using=SECURITY)
        except IntegrityError:
            # ``active_account`` is unique: one is under way. Where it has ended since, the next turn creates ours.
            if under_way := ConnectionCheck.objects.filter(active_account=account.pk).first():
                return under_way
            continue
        _record(account, actor, "account.check_requested", f"Connection check requested by {actor.label}")
        return check


def run_check(check_id: UUID, *, deadline: float = 120.0) -> CloudValidationResult | None:
    """Does a queued check within ``deadline`` seconds.

    None where it is not queued any more: somebody else has it, or it is done.
    """
    rows = ConnectionCheck.objects.filter(pk=check_id)
    claim = Claim.take(
        rows.filter(state=CheckState.QUEUED), rows.filter(state=CheckState.RUNNING), state=CheckState.RUNNING
    )
    if claim is None:
        return None
    check = rows.get()
    # Read after the claim: what was decided about the account before that is seen here.
    account = CloudAccount.objects.filter(pk=check.account).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        claim.end(state=CheckState.ABANDONED)  # without a code: nothing went wrong
        _check_resumed_account(check)
        return None
    try:
        # Outside of any transaction: the cloud may take the whole deadline, and nobody must wait for a lock meanwhile.
        with LeaseKeeper(claim.renew):
            report = _validate(account, check, claim, deadline)
        return report if _finish(account, check, claim, report) else None
    except Exception as error:
        # What `_validate` leaves to another try, and what the outcome met while it was written.
        if not claim.outlives(error, tries=ATTEMPTS - check.attempts, state=CheckState.QUEUED, report={}):
            raise
        return None


def requeue_checks() -> int:
    """Sends the messages of queued checks again, gives those of dead workers another try, and ends them after three.

    Counts both.
    """
    now = timezone.now()
    changed = 0
    # Bounded, as every round of the reconciler: it comes again in 15 seconds.
    for check in ConnectionCheck.objects.filter(state=CheckState.RUNNING, lease_until__lt=now)[:500]:
        # Still the same claim, still expired: a worker that was only slow has renewed its lease, and keeps the row.
        lost = ConnectionCheck.objects.filter(pk=check.pk, claim=check.claim, lease_until__lt=now)
        if check.attempts < ATTEMPTS:
            changed += Claim(lost).give_back(state=CheckState.QUEUED)
        else:
            changed += Claim(lost).end(
                state=CheckState.ABANDONED,
                code="worker_died",
                cause=f"Our own worker died {ATTEMPTS} times during this check.",
            )
    waiting = ConnectionCheck.objects.filter(state=CheckState.QUEUED).exclude(nudged_at__gt=now - RESEND_AFTER)
    return changed + announce(waiting, task=TASK, queue=QUEUE, most=RESEND)


def _validate(account: CloudAccount, check: ConnectionCheck, claim: Claim, deadline: float) -> CloudValidationResult:
    last_shown = 0.0

    def show(report: CloudValidationResult) -> None:
        nonlocal last_shown
        if time.monotonic() - last_shown >= SHOW_EVERY:
            last_shown = time.monotonic()
            claim.write(report=report.to_dict())

    actor = Actor.from_dict(check.actor)
    try:
        # Opened here and not when the check was asked for: no secret waits in a row or a message.
        credentials = vault.open_credentials(account=account, actor=actor, purpose="connection check")
        return prove_stored(account, credentials, listen=show, deadline=deadline)
    except ProviderError as error:
        return refusal_report(ValidationProgress(), error)
    except Exception as error:
        # Whatever a provider's code may meet is reported as ours, instead of as a worker that died.
        logger.exception("check.defect", extra={"check": str(check.pk)})
        if is_outage(error) and check.attempts < ATTEMPTS:
            raise
        return refusal_report(ValidationProgress(), unexpected(error, "connection check"))


def _finish(account: CloudAccount, check: ConnectionCheck, claim: Claim, report: CloudValidationResult) -> bool:
    """Writes the outcome, and gives back the claim first: a worker that lost it meanwhile writes nothing anywhere."""
    with transaction.atomic(using=SECURITY):
        if not claim.end(
            state=CheckState.FINISHED, ok=report.ok, duration_ms=report.duration_ms, report=report.to_dict(),
            code=report.code, cause=report.cause[:500],
        ):  # fmt: skip
            return False
        # An account that was suspended meanwhile stays so, and a credential that was replaced meanwhile does not count.
        # While an outage is suspected, being out of reach says nothing of this account (docs/decisions/0006).
        counted = not provider_outage.is_outage_suspected(account.provider)
        metrics.observe_check(
            provider=account.provider, kind="check", seconds=report.duration_ms / 1000, code=report.code
        )
        observation = Observation.of_report(report)
        apply_check(FinishedCheck(account, observation, CheckKind.FULL, report.duration_ms, report, counted=counted))
        text = "Connection verified" if report.ok else f"Connection check failed: {report.cause}"
        _record(account, Actor.from_dict(check.actor), "account.checked", text, code=report.code)
    return True


def _check_resumed_account(check: ConnectionCheck) -> None:
    """An account resumed meanwhile found this check under way and asked for no other: one is requested here."""
    account = CloudAccount.objects.filter(pk=check.account, status=CloudAccountStatus.PENDING).first()
    if account is not None:
        request_check(account, actor=Actor.from_dict(check.actor), trigger=check.trigger)


def _record(account: CloudAccount, actor: Actor, action: str, text: str, **detail: str) -> None:
    record_event(
        actor=actor, owner=account.owner, action=action, text=text, account=account.pk, label=account.name, **detail
    )


# Without those of jobs, which have threads of their own: a job must not keep its owner's other checks waiting.
CHECKS = WorkKind(
    name="checks",
    queue=QUEUE,
    task=TASK,
    waiting=lambda: ConnectionCheck.objects.filter(state=CheckState.QUEUED),
    running=lambda: ConnectionCheck.objects.filter(state=CheckState.RUNNING).exclude(trigger=CheckTrigger.JOB),
    run=run_check,
    part=1 / 4,
    late=60,
)
