"""Checks of a stored account's connection: asked for by a row, done by a worker, noticed when the worker dies."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import audit, dispatch, leases, vault
from cloudaccounts.actors import Actor
from cloudaccounts.contract import CloudValidationResult, ProviderError, ValidationProgress
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, ConnectionCheck
from cloudaccounts.models.check import CheckState, CheckTrigger
from cloudaccounts.services.accounts import moment
from cloudaccounts.services.opening import details_of
from cloudaccounts.services.validation import refused, validate_cloud_account

TASK = "cloudaccounts.run_check"
ATTEMPTS = 3
NUDGE_AGAIN = timedelta(seconds=20)
SHOW_EVERY = 0.2  # seconds between writes of a growing report


def request_check(account: CloudAccount, *, actor: Actor, trigger: str = CheckTrigger.PERSON) -> ConnectionCheck:
    """Asks for a check; answers with the one under way where there is one. Raises `AccountSuspendedError`."""
    if account.status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError
    now = timezone.now()
    try:
        with transaction.atomic(using=dispatch.SECURITY):
            check = ConnectionCheck.objects.create(
                account=account.pk,
                active_account=account.pk,
                owner=account.owner,
                trigger=trigger,
                actor=actor.to_dict(),
                requested_at=now,
                nudged_at=now,
            )
            dispatch.send_on_commit(TASK, str(check.pk), using=dispatch.SECURITY)
    except IntegrityError:
        under_way = ConnectionCheck.objects.filter(active_account=account.pk).first()
        return under_way or request_check(account, actor=actor, trigger=trigger)
    return check


def run_check(check_id: UUID) -> CloudValidationResult | None:
    """Does a queued check. None where it is not queued any more: somebody else has it, or it is done."""
    claimed = ConnectionCheck.objects.filter(pk=check_id, state=CheckState.QUEUED).update(
        state=CheckState.RUNNING, lease_until=leases.fresh()
    )
    if not claimed:
        return None
    check = ConnectionCheck.objects.get(pk=check_id)
    check.attempts += 1
    check.save(update_fields=["attempts"])
    account = CloudAccount.objects.filter(pk=check.account).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        _close(check, CheckState.ABANDONED)
        return None
    with leases.LeaseKeeper(lambda: _renew(check)) as keeper:
        report = _validate(account, check)
    if keeper.lost.is_set():
        return None
    _finish(account, check, report)
    return report


def requeue_checks() -> int:
    """Nudges queued checks again, gives those of dead workers another try, and ends them after three. Counts both."""
    now = timezone.now()
    mended = 0
    lost = ConnectionCheck.objects.filter(state=CheckState.RUNNING, lease_until__lt=now)
    for check in lost[:500]:
        if check.attempts >= ATTEMPTS:
            check.code, check.cause = "worker_died", "The worker died three times during this check."
            _close(check, CheckState.ABANDONED)
            mended += 1
            continue
        mended += ConnectionCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING, lease_until__lt=now).update(
            state=CheckState.QUEUED, lease_until=None, nudged_at=None
        )
    waiting = ConnectionCheck.objects.filter(state=CheckState.QUEUED).exclude(nudged_at__gt=now - NUDGE_AGAIN)
    for key in list(waiting.values_list("pk", flat=True)[:500]):
        ConnectionCheck.objects.filter(pk=key).update(nudged_at=now)
        mended += dispatch.send(TASK, str(key))
    return mended


def _validate(account: CloudAccount, check: ConnectionCheck) -> CloudValidationResult:
    last_shown = 0.0

    def show(report: CloudValidationResult) -> None:
        nonlocal last_shown
        if time.monotonic() - last_shown >= SHOW_EVERY:
            last_shown = time.monotonic()
            ConnectionCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING).update(report=report.to_dict())

    actor = Actor.from_dict(check.actor)
    try:
        credentials = vault.open_credentials(account=account, actor=actor, purpose="connection check")
        return validate_cloud_account(
            owner=account.owner, details=details_of(account), credentials=credentials, listen=show
        )
    except ProviderError as error:
        return refused(ValidationProgress(), error)


def _finish(account: CloudAccount, check: ConnectionCheck, report: CloudValidationResult) -> None:
    now = timezone.now()
    check.ok, check.code, check.cause = report.ok, report.code, report.cause[:500]
    check.duration_ms, check.report = report.duration_ms, report.to_dict()
    facts = {
        "last_checked_at": now,
        "last_check": report.to_dict(),
        "last_check_code": report.code,
        "last_check_cause": report.cause[:500],
        "updated_at": now,
    }
    if report.credential_created_at:
        facts["credential_since"] = moment(report.credential_created_at)
    status = _status_after(account, report)
    with transaction.atomic(using=dispatch.SECURITY):
        # Conditional: an account that was suspended meanwhile stays suspended.
        CloudAccount.objects.filter(pk=account.pk).exclude(status=CloudAccountStatus.SUSPENDED).update(
            status=status, **facts
        )
        _close(check, CheckState.FINISHED)
        audit.record(
            actor=Actor.from_dict(check.actor),
            owner=account.owner,
            action="account.checked",
            text="Connection verified" if report.ok else f"Connection check failed: {report.cause}",
            account=account.pk,
            label=account.name,
            code=report.code,
        )


def _status_after(account: CloudAccount, report: CloudValidationResult) -> str:
    """A proof makes it active; a permanent cause fails it; what can pass by itself changes nothing."""
    if report.ok:
        return CloudAccountStatus.ACTIVE
    return CloudAccountStatus.FAILED if report.permanent else CloudAccountStatus(account.status)


def _renew(check: ConnectionCheck) -> bool:
    """The attempt number is part of the claim: a worker that was thought dead cannot renew its successor's lease."""
    held = ConnectionCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING, attempts=check.attempts)
    return held.update(lease_until=leases.fresh()) == 1


def _close(check: ConnectionCheck, state: CheckState) -> None:
    check.state, check.active_account, check.lease_until = state, None, None
    check.finished_at = timezone.now()
    check.save()
