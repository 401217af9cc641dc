"""Running a scan: claim, collect unit by unit in bounded threads, write in batches, tell true progress."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from uuid import UUID

from django.utils import timezone

from cloudaccounts import audit
from cloudaccounts.actors import Actor
from cloudaccounts.contract import ProviderError
from cloudaccounts.errors import AccountSuspendedError, defect
from cloudaccounts.leases import Claim, LeaseKeeper
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.services import account_session
from scans.models import ScanRun, ScanStatus
from scans.services.collecting import Batch, UnitFailed, UnitFinished, collect
from scans.services.failures import tell_failed
from scans.services.fleet import hand_over_late
from scans.services.progress import Progress
from scans.services.requests import forget_account
from scans.services.storing import AssetWriter

LONGEST = 4 * 3600  # seconds; threads have no time limit of Celery's

logger = logging.getLogger(__name__)


class ClaimLostError(Exception):
    """The run was cancelled, or another worker has it: stop, and write nothing more."""


def run_scan(run_id: UUID) -> str:
    """Does a queued scan and answers with its status. A run that is not queued is left alone (a second nudge)."""
    row = ScanRun.objects.filter(pk=run_id)
    claim = Claim.take(
        row.filter(status=ScanStatus.QUEUED),
        row.filter(status=ScanStatus.RUNNING),
        status=ScanStatus.RUNNING,
        started_at=timezone.now(),
    )
    if claim is not None:
        run = row.get()
        with LeaseKeeper(claim.renew) as keeper:
            _attempt(run, claim, keeper)
        if not CloudAccount.objects.filter(pk=run.account).exists():
            forget_account(run.account)  # deleted between our last look and our last write
        hand_over_late(run.account)
    return row.values_list("status", flat=True).first() or "gone"


def _attempt(run: ScanRun, claim: Claim, keeper: LeaseKeeper) -> None:
    try:
        _work(run, claim, keeper)
    except ProviderError as error:
        _end(run, claim, ScanStatus.FAILED, error)
    except ClaimLostError:
        logger.info("scan.stopped", extra={"run_id": str(run.pk)})
    except Exception:
        # A defect of ours must not leave the account blocked by a run that stays active until its lease ends.
        logger.exception("scan.defect", extra={"run_id": str(run.pk)})
        _end(run, claim, ScanStatus.FAILED, defect("scan"))


def _work(run: ScanRun, claim: Claim, keeper: LeaseKeeper) -> None:
    account = CloudAccount.objects.filter(pk=run.account).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError
    with closing(account_session(account=account, actor=Actor.from_dict(run.actor), purpose="scan")) as session:
        units, deadline = session.units(run.regions), time.monotonic() + LONGEST
        writer = AssetWriter(run)
        progress = Progress(claim, total=len(units))
        progress.show(force=True)
        for event in collect(session, units):
            if keeper.lost.is_set():
                raise ClaimLostError
            if time.monotonic() > deadline:
                raise ProviderError(
                    "scan_too_long",
                    f"The scan was not done after {LONGEST // 3600} hours.",
                    "Scan fewer regions at a time; what was found so far is kept.",
                )
            if isinstance(event, Batch):
                if not progress.show(force=True):  # a cancelled run writes not one batch more
                    raise ClaimLostError
                writer.write(event.unit, event.assets)
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
        raise progress.first_error or defect("scan")
    if set(run.regions) == set(account.regions):
        writer.sweep_unwatched(units)
        progress.seen(writer)
    progress.show(force=True)
    _end(run, claim, ScanStatus.COMPLETED)


def _end(run: ScanRun, claim: Claim, status: ScanStatus, error: ProviderError | None = None) -> None:
    ended = claim.end(
        status=status,
        now_doing="",
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
        if error is not None:
            tell_failed(run, error.cause, error.remedy)
