"""Requesting and cancelling scans."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import AccountSuspendedError, InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim
from scans.models import ACTIVE, ScanRun, ScanStatus, ScanType
from scans.runs.summaries import summarize_then

TASK = "scans.run"
QUEUE = "scans"


def request_scan(
    account: CloudAccount,
    *,
    actor: Actor,
    scan_type: str = ScanType.FULL,
    regions: Sequence[str] = (),
    services: Sequence[str] = (),
    auto_initiated: bool = False,
    scheduled: bool = False,
    run_id: UUID | None = None,
) -> ScanRun:
    """Queues a scan, or answers with the one that is active already; `just_requested` is True on a new one.

    Repeating it with the same ``run_id`` answers with that scan, as just requested, also after it has ended.
    No regions means all of the account's, no services all of the cloud's. Raises `AccountSuspendedError`, `InputError`
    for a region that the account has not chosen, and `CloudAccount.DoesNotExist` where it was deleted meanwhile.
    """
    if scan_type not in ScanType.values:
        raise InputError({"scan_type": "Choose full or incremental."})
    if not set(regions) <= selectable_regions(account):
        raise InputError({"regions": "Choose among the regions of this account."})
    while True:
        # A client that repeats a call of the API (Idempotency-Key) gets the run of its first one, not a second.
        if run_id and (repeated := ScanRun.objects.filter(pk=run_id, account=account.pk).first()):
            repeated.just_requested = True
            return repeated
        run = _new_run(account, actor, scan_type, regions)
        run.run_id, run.services = run_id or run.run_id, list(services)
        run.auto_initiated, run.scheduled = auto_initiated, scheduled
        try:
            with transaction.atomic(using=SECURITY):
                # Read again, inside the transaction: ``account`` may be older than a suspension.
                if CloudAccount.objects.only("status").get(pk=account.pk).status == CloudAccountStatus.SUSPENDED:
                    raise AccountSuspendedError
                # The unique `active_account` decides between two requests at the same moment (docs/decisions/0004).
                run.save(force_insert=True)
                # On the account as well, so that lists of accounts show their latest scan without a join.
                CloudAccount.objects.filter(pk=account.pk).update(latest_scan_run_id=run.run_id)
                # After the commit: a worker that got the message earlier would find no row.
                messages.send_on_commit(TASK, str(run.run_id), using=SECURITY, queue=QUEUE)
        except IntegrityError:
            # A run is active, or was until just now; then the next round of this loop can insert ours.
            if active := ScanRun.objects.filter(active_account=account.pk).first():
                return active
            continue
        account.latest_scan_run_id = run.run_id
        run.just_requested = True
        text = f"Scan requested by {actor.label}"
        if auto_initiated or scheduled:
            text = "Scan started by its schedule" if scheduled else "Discovery started automatically after onboarding"
        _record(run, actor, "scan.requested", text)
        return run


def selectable_regions(account: CloudAccount) -> set[str]:
    """Those that a scan of this account may be asked for: its list, or any where all that are enabled are read."""
    if not account.all_regions:
        return set(account.regions)
    return {region.name for region in account.spec.regions(account.partition)}


def _new_run(account: CloudAccount, actor: Actor, scan_type: str, regions: Sequence[str]) -> ScanRun:
    now = timezone.now()
    return ScanRun(
        account=account.pk,
        active_account=account.pk,
        owner=account.owner,
        account_name=account.name,
        provider=account.provider,
        scan_type=scan_type,
        # All that are enabled by the time it starts, unless some of them were asked for.
        all_regions=account.all_regions and (not regions or set(regions) == set(account.regions)),
        regions=list(regions or account.regions),
        actor=actor.to_dict(),
        requested_at=now,
        # As if announced already: the reconciler sends a second message only if this one leads to nothing.
        nudged_at=now,
    )


def request_first_scan(account: CloudAccount) -> ScanRun | None:
    """The scan that follows a successful onboarding; None for an account whose access is not proven yet."""
    if account.status != CloudAccountStatus.ACTIVE:
        return None
    return request_scan(account, actor=SYSTEM, auto_initiated=True)


def cancel_scan(run: ScanRun, *, actor: Actor) -> bool:
    """Ends a queued or running scan. False where it had ended.

    Clearing the claim stops its worker: its next write matches no row, and it gives up.
    """
    active = ScanRun.objects.filter(pk=run.pk, status__in=ACTIVE)
    if not active.exists():
        return False
    # It frees the account for another scan at once, before the worker has noticed.
    end = partial(Claim(active).end, now_doing="")
    cancelled = summarize_then(end, run.pk, status=ScanStatus.CANCELLED, finished_at=timezone.now())
    if cancelled:
        _record(run, actor, "scan.cancelled", f"Scan cancelled by {actor.label}")
    return cancelled


def cancel_active(account_id: UUID, *, actor: Actor, except_owner: str = "") -> None:
    """Cancels the account's active scan, unless it is of ``except_owner``."""
    for run in ScanRun.objects.filter(active_account=account_id).exclude(owner=except_owner):
        cancel_scan(run, actor=actor)


def notify_scan_failure(run: ScanRun, cause: str, remedy: str) -> None:
    account = CloudAccount.objects.filter(pk=run.account).defer("last_check").first()
    # Deleted meanwhile: there is nobody to notify, and no page that a notice could lead to.
    if account is not None:
        # The run is the notice's key: reported once more by a later try, it is still one notice (docs/decisions/0010).
        text = f"The scan of {account.name} failed: {cause}"
        notify(NoticeKind.SCAN_FAILED, key=str(run.run_id), text=text, remedy=remedy, account=account)


def _record(run: ScanRun, actor: Actor, action: str, text: str) -> None:
    record_event(
        actor=actor, owner=run.owner, action=action, text=text, account=run.account, label=run.account_name,
        run_id=str(run.run_id),
    )  # fmt: skip
