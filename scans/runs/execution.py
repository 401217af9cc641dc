"""Running a scan: claim, collect unit by unit in bounded threads, write in batches, tell true progress."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

from django.utils import timezone

from cloudaccounts import metrics
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError, defect
from cloudaccounts.health.sessions import account_session
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.work.leases import Claim, LeaseKeeper
from scans.account_sync import forget_account, sync_account
from scans.assets.statistics import renew_statistics
from scans.assets.writer import AssetWriter
from scans.findings.evaluation import Evaluator
from scans.findings.writer import FindingWriter
from scans.models import ScanRun, ScanStatus, ScanType
from scans.runs.collection import Batch, Event, UnitFailed, UnitFinished, collect
from scans.runs.completion import count_the_day, finding_counts, posture
from scans.runs.coverage import Coverage
from scans.runs.progress import Progress
from scans.runs.requests import notify_scan_failure

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
        account = CloudAccount.objects.filter(pk=run.account).defer("last_check").first()
        if account is None:
            forget_account(run.account)  # deleted between our last look and our last write
        elif (account.name, account.owner) != (run.account_name, run.owner):
            sync_account(account)  # renamed or handed over meanwhile: what we wrote last has the old name
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
    judge, began = Evaluator(account.spec), timezone.now()
    findings = FindingWriter(run, account, judge.titles)
    writer = AssetWriter(run, judge, findings)
    coverage = Coverage(run, judge.version, began)
    with closing(account_session(account=account, actor=Actor.from_dict(run.actor), purpose="scan")) as session:
        units = session.units(run.regions)
        claim.write(now_doing="asking what changed" if run.scan_type == ScanType.INCREMENTAL else "")
        look = coverage.plan(session, units)
        progress = Progress(
            claim, total=len(units), done=len(look.done), unchanged=len(look.unchanged), notes=look.notes
        )
        _stop_where_lost(progress.show(force=True))
        for unit in look.unchanged:
            writer.keep(unit)
            coverage.kept(unit)
            progress.unit_done(unit, writer)
            _stop_where_lost(progress.show() and not keeper.lost.is_set())
        _collect(collect(session, look.collect), keeper, progress, writer, coverage)
    if len(progress.gaps) == len(units):
        raise progress.first_error or defect("scan")
    if set(run.regions) == set(account.regions):
        writer.sweep_unwatched(units)
    _complete(run, claim, progress, writer, findings, judge)


def _collect(
    events: Iterator[Event], keeper: LeaseKeeper, progress: Progress, writer: AssetWriter, coverage: Coverage
) -> None:
    deadline = time.monotonic() + LONGEST
    for event in events:
        _stop_where_lost(not keeper.lost.is_set())
        if time.monotonic() > deadline:
            raise ProviderError(
                "scan_too_long",
                f"The scan was not done after {LONGEST // 3600} hours.",
                "Scan fewer regions at a time; what was found so far is kept.",
            )
        if isinstance(event, Batch):
            _stop_where_lost(progress.show(force=True))  # a cancelled run writes not one batch more
            writer.write(event.unit, event.assets)
            progress.seen(writer)
        elif isinstance(event, UnitFinished):
            writer.sweep(event.unit)
            coverage.looked_at(event.unit)
            progress.unit_done(event.unit, writer)
        elif isinstance(event, UnitFailed):
            coverage.failed(event.unit)
            progress.unit_failed(event.unit, event.error)
        else:
            progress.doing(event.unit)
        _stop_where_lost(progress.show())


def _complete(
    run: ScanRun, claim: Claim, progress: Progress, writer: AssetWriter, findings: FindingWriter, judge: Evaluator
) -> None:
    """What is told of the account as a whole. Each step can be repeated by the next try."""
    _stop_where_lost(progress.show(force=True))
    findings.resolve_orphans(timezone.now())
    if run.attempts > 1:
        writer.recount()
    progress.seen(writer)
    progress.tell({**finding_counts(run), **posture(run, judge.titles)})
    findings.tell_the_rest()
    _stop_where_lost(progress.show(force=True))
    _end(run, claim, ScanStatus.COMPLETED)
    count_the_day(run.owner)
    renew_statistics(writer.new)


def _stop_where_lost(held: bool) -> None:
    if not held:
        raise ClaimLostError


def _end(run: ScanRun, claim: Claim, status: ScanStatus, error: ProviderError | None = None) -> None:
    ended = claim.end(
        status=status,
        now_doing="",
        error_code=error.code if error else "",
        error=error.cause[:500] if error else "",
        error_remedy=error.remedy[:500] if error else "",
    )
    if ended and error is not None:
        notify_scan_failure(run, error.cause, error.remedy)
    if ended:
        seen = ScanRun.objects.filter(pk=run.pk).values_list("assets_seen", flat=True).first() or 0
        metrics.observe_scan(
            provider=run.provider, scan_type=run.scan_type, status=status.value, started_at=run.started_at,
            assets=seen, code=error.code if error else "",
        )  # fmt: skip
        record_event(
            actor=Actor.from_dict(run.actor),
            owner=run.owner,
            action=f"scan.{status.value}",
            text="Scan completed" if error is None else f"Scan failed: {error.cause}",
            account=run.account,
            label=run.account_name,
            run_id=str(run.run_id),
        )
