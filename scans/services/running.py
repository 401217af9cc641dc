"""Running a scan: claim, collect unit by unit in bounded threads, write in batches, tell true progress."""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from cloudaccounts import audit, leases
from cloudaccounts.actors import Actor
from cloudaccounts.contract import ProviderError
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.services import account_session
from scans.models import ScanRun, ScanStatus
from scans.services.collecting import Batch, UnitFailed, UnitFinished, collect
from scans.services.progress import Progress
from scans.services.storing import AssetWriter

logger = logging.getLogger(__name__)


class ClaimLostError(Exception):
    """The run was cancelled, or another worker has it: stop, and write nothing more."""


def run_scan(run_id: UUID) -> str:
    """Does a queued scan and answers with its status. A run that is not queued is left alone (a second nudge)."""
    now = timezone.now()
    claimed = ScanRun.objects.filter(pk=run_id, status=ScanStatus.QUEUED).update(
        status=ScanStatus.RUNNING, lease_until=leases.fresh(), started_at=now
    )
    run = ScanRun.objects.filter(pk=run_id).first()
    if not claimed or run is None:
        return run.status if run else "gone"
    run.attempts += 1
    ScanRun.objects.filter(pk=run_id).update(attempts=run.attempts)
    with leases.LeaseKeeper(lambda: _renew(run)) as keeper:
        try:
            _work(run, keeper)
        except ProviderError as error:
            _end(run, ScanStatus.FAILED, error)
        except ClaimLostError:
            logger.info("scan.stopped", extra={"run_id": str(run_id)})
        except Exception:
            # A defect of ours must not leave the account blocked by a run that stays active until its lease ends.
            logger.exception("scan.defect", extra={"run_id": str(run_id)})
            _end(run, ScanStatus.FAILED, DEFECT)
    return ScanRun.objects.filter(pk=run_id).values_list("status", flat=True).first() or "gone"


DEFECT = ProviderError(
    "internal_error",
    "This scan ended by a defect of ours, not of your cloud.",
    "Start a scan again; if it fails once more, give the operator this run's id.",
)


def _work(run: ScanRun, keeper: leases.LeaseKeeper) -> None:
    account = CloudAccount.objects.filter(pk=run.account).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        raise ProviderError("account_suspended", "The account was suspended or deleted.", "Resume it first.")
    session = account_session(account=account, actor=Actor.from_dict(run.actor), purpose="scan")
    units = session.units(run.regions)
    writer = AssetWriter(run)
    progress = Progress(run, total=len(units))
    progress.show(force=True)
    for event in collect(session, units):
        if keeper.lost.is_set():
            raise ClaimLostError
        if isinstance(event, Batch):
            if not progress.show(force=True):  # a cancelled run writes not one batch more
                raise ClaimLostError
            writer.write(event.assets)
            progress.seen(writer)
        elif isinstance(event, UnitFinished):
            writer.sweep(event.unit)
            progress.unit_done(event.unit, writer)
        elif isinstance(event, UnitFailed):
            progress.unit_failed(event.unit, event.error)
        else:
            progress.doing(event.unit)
        if not progress.show():
            raise ClaimLostError
    if len(progress.gaps) == len(units):
        raise progress.first_error or DEFECT
    progress.show(force=True)
    _end(run, ScanStatus.COMPLETED)


def _renew(run: ScanRun) -> bool:
    """The attempt number is part of the claim: a worker that was thought dead cannot renew its successor's lease."""
    held = ScanRun.objects.filter(pk=run.pk, status=ScanStatus.RUNNING, attempts=run.attempts)
    return held.update(lease_until=leases.fresh()) == 1


def _end(run: ScanRun, status: ScanStatus, error: ProviderError | None = None) -> None:
    """Conditional: a run that was cancelled meanwhile stays cancelled."""
    ended = ScanRun.objects.filter(pk=run.pk, status=ScanStatus.RUNNING, attempts=run.attempts).update(
        status=status,
        active_account=None,
        lease_until=None,
        now_doing="",
        finished_at=timezone.now(),
        error_code=error.code if error else "",
        error=error.cause[:500] if error else "",
        error_remedy=error.remedy[:500] if error else "",
    )
    if ended:
        audit.record(
            actor=Actor.from_dict(run.actor),
            owner=run.owner,
            action=f"scan.{status.value}",
            text="Scan completed" if error is None else f"Scan failed: {error.cause}",
            account=run.account,
            label=run.account_name,
            run_id=str(run.run_id),
        )
