"""Running a scan in a worker: claim the run, collect unit by unit, write in batches, show progress.

The order of writes is what lets a later try continue after a kill at any line: assets of a unit, then its missing ones
as gone, then its unit record, and the run's own columns last. Each step can be repeated.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from uuid import UUID

from django.utils import timezone

from cloudaccounts import metrics
from cloudaccounts.accounts.enabled_checks import unneeded_readings
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError, defect
from cloudaccounts.health.sessions import account_session
from cloudaccounts.jobs.turns import WorkKind
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.outages import unexpected
from cloudaccounts.work.leases import Claim, LeaseKeeper
from scans.account_sync import delete_account_records, sync_account
from scans.assets.planner_statistics import renew_statistics
from scans.assets.writer import AssetWriter
from scans.engines.runs import request_after
from scans.findings.evaluation import Evaluator
from scans.findings.writer import FindingWriter
from scans.models import Finding, ScanRun, ScanStatus, ScanType
from scans.muting.application import settle_account
from scans.muting.settings import team_settings
from scans.muting.switches import close_of_account, forget_evaluations
from scans.runs.collection import Batch, Event, UnitFailed, UnitFinished, UnitStarted, collect
from scans.runs.completion import count_unknowns, finding_counts, posture, record_day, with_unread_regions
from scans.runs.coverage import Coverage
from scans.runs.progress import Progress
from scans.runs.reconcile import ATTEMPTS
from scans.runs.regions import resolve_regions
from scans.runs.requests import QUEUE, TASK, notify_scan_failure
from scans.runs.summaries import summarize_then, unread_now

LONGEST = 4 * 3600  # seconds; Celery's time limit does not work in a pool of threads (docs/decisions/0005)

logger = logging.getLogger(__name__)


class ClaimLostError(Exception):
    """The run was cancelled, or another worker has it: stop, and write nothing more."""


def run_scan(run_id: UUID) -> str:
    """Does a queued scan and answers with the run's status, or ``gone`` where it was deleted.

    A run that is not queued is left alone: the message came a second time.
    """
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
            _try_run(run, claim, keeper)
        # The claim guards the run's row, not the assets and findings: what this worker wrote after the account was
        # deleted, renamed or transferred is put right here.
        account = CloudAccount.objects.filter(pk=run.account).defer("last_check").first()
        if account is None:
            delete_account_records(run.account)
        elif (account.name, account.owner) != (run.account_name, run.owner) or _lags(account):
            sync_account(account)
    return row.values_list("status", flat=True).first() or "gone"


def _lags(account: CloudAccount) -> bool:
    """Whether findings have another environment than their account: it was changed while they were written."""
    return Finding.objects.filter(account=account.pk).exclude(environment=account.environment).exists()


def _try_run(run: ScanRun, claim: Claim, keeper: LeaseKeeper) -> None:
    try:
        _scan_account(run, claim, keeper)
    except ProviderError as error:
        _end(run, claim, ScanStatus.FAILED, error)
    # No end is written: whoever took the run away (a person who cancelled it, another worker) has written its state.
    except ClaimLostError:
        logger.info("scan.stopped", extra={"run_id": str(run.pk)})
    except Exception as error:
        # Whatever it is, the run must not stay active without a worker until its lease ends.
        logger.exception("scan.defect", extra={"run_id": str(run.pk)})
        # The next try goes on from what is stored.
        if not claim.outlives(error, tries=ATTEMPTS - run.attempts, status=ScanStatus.QUEUED, now_doing=""):
            _end(run, claim, ScanStatus.FAILED, unexpected(error, "scan"))


def _scan_account(run: ScanRun, claim: Claim, keeper: LeaseKeeper) -> None:
    account = CloudAccount.objects.filter(pk=run.account).first()
    # Of a deleted account as well: its runs are deleted with it, so nobody reads the reason.
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError
    # The start before anything is asked of the cloud: what is collected from here on is covered up to this moment, no
    # later.
    evaluator, started_at = Evaluator(account.spec, team_settings(account.owner)), timezone.now()
    findings = FindingWriter(run, account, evaluator.titles, evaluator.switched_off)
    writer = AssetWriter(run, evaluator, findings)
    coverage = Coverage(run, evaluator.version, started_at)
    with closing(account_session(account=account, actor=Actor.from_dict(run.actor), purpose="scan")) as session:
        regions = resolve_regions(run, account, session)
        # The run's, and all of the account's: compliance names what is missing in the account, whatever this run was
        # asked for.
        skipped = unneeded_readings(account.spec, evaluator.switched_off)
        planned = session.units(regions.names)
        all_units = [unit for unit in session.units(regions.account_names) if unit.service not in skipped]
        asked = [unit for unit in planned if not run.services or unit.service in run.services]
        units = [unit for unit in asked if unit.service not in skipped]
        left_out = sorted({unit.service for unit in asked} & skipped)
        # Written before it is asked: reading a log may take minutes (`coverage.LOG_SECONDS`), in which no unit is done.
        claim.write(now_doing="asking what changed" if run.scan_type == ScanType.INCREMENTAL else "")
        plan = coverage.plan(session, units)
        progress = Progress(
            claim, total=len(units), done=len(plan.done), unchanged=len(plan.unchanged),
            notes=(*regions.notes, *_left_out(left_out), *plan.notes),
        )  # fmt: skip
        _require_claim(progress.write(force=True))
        for unit in plan.unchanged:
            writer.keep_unchanged(unit)
            coverage.record_unchanged(unit)
            progress.unit_done(unit, writer)
            _require_claim(progress.write() and not keeper.lost.is_set())
        _collect(collect(session, plan.collect), keeper, progress, writer, coverage)
    from scans.compliance.totals import record_totals  # with pydantic, which commands do not load (decision 0012)

    record = partial(record_totals, run, account, evaluator.checks, all_units)
    # Whatever this run was asked for: what nobody reads any more would else become stale, and be told as a gap.
    coverage.forget_services(skipped)
    forget_evaluations(account.pk, skipped)
    if units and len(progress.gaps) == len(units):
        record(count_unknowns(run))  # what passed the last time can be told no more
        # Not one unit could be read: the run failed, with the first cause, rather than completed with gaps only.
        raise progress.first_error or defect("scan")
    if regions.is_whole and not run.services:
        # Only a scan of all regions says anything about regions that are not the account's any more.
        writer.mark_gone_outside(planned)  # with what is left out: it is not read, and so not known to be gone
        coverage.forget_others(units)
    _complete(run, claim, progress, writer, findings, evaluator, record)


def _left_out(services: Sequence[str]) -> list[str]:
    return [f"Not read, because every check of it is switched off: {', '.join(services)}."] if services else []


def _collect(
    events: Iterator[Event], keeper: LeaseKeeper, progress: Progress, writer: AssetWriter, coverage: Coverage
) -> None:
    deadline = time.monotonic() + LONGEST
    for event in events:
        _require_claim(not keeper.lost.is_set())
        if time.monotonic() > deadline:
            coverage.flush()
            raise ProviderError(
                "scan_too_long",
                f"The scan was not done after {LONGEST // 3600} hours.",
                "Scan fewer regions at a time; what was found so far is kept.",
            )
        if isinstance(event, Batch):
            # Forced, though it costs a statement a batch: a cancelled run must not write another one.
            _require_claim(progress.write(force=True))
            writer.write(event.unit, event.assets)
            progress.count_assets(writer)
        elif isinstance(event, UnitFinished):
            # In this order: the record says that what was missing is marked as gone (`Coverage.record_collected`).
            writer.mark_gone(event.unit)
            coverage.record_collected(event.unit)
            progress.unit_done(event.unit, writer)
        elif isinstance(event, UnitFailed):
            coverage.record_gap(event.unit, event.error)
            progress.unit_failed(event.unit, event.error)
        elif isinstance(event, UnitStarted):
            progress.unit_started(event.unit)
        if progress.is_due:
            coverage.flush()  # before the run's own columns, which say that these units are done
        _require_claim(progress.write())
    coverage.flush()


def _complete(
    run: ScanRun,
    claim: Claim,
    progress: Progress,
    writer: AssetWriter,
    findings: FindingWriter,
    evaluator: Evaluator,
    record: Callable[[Counter[tuple[str, str]]], None],
) -> None:
    """Writes the summary of the account, then ends the run. A later try repeats all of it without harm."""
    _require_claim(progress.write(force=True))
    # Before the counts, which include what it resolves.
    findings.resolve_orphans(timezone.now())
    settle_account(run.owner, run.account)
    close_of_account(run.owner, run.account, run.run_id)
    if run.attempts > 1:
        writer.recount()
    progress.count_assets(writer)
    unknowns = count_unknowns(run)
    columns = posture(run, evaluator.titles, unknowns)
    columns = with_unread_regions(columns, unread_now(run), evaluator.every_region)
    progress.set_columns({**finding_counts(run), **columns})
    findings.notify_rest()
    findings.announce()
    # Before the end: a worker that dies in between leaves a run whose next try writes them.
    record(unknowns)
    _require_claim(progress.write(force=True))
    _end(run, claim, ScanStatus.COMPLETED)
    # After the end, because neither belongs to the run: a kill here costs a point of the trend, not the scan.
    record_day(run)
    renew_statistics(writer.new)
    # A run of its own, which may take ten times as long: the scan's numbers do not wait for it.
    request_after(run)


def _require_claim(held: bool) -> None:
    if not held:
        raise ClaimLostError


def _end(run: ScanRun, claim: Claim, status: ScanStatus, error: ProviderError | None = None) -> None:
    """Ends the run, unless the claim was lost. Only the worker that ended it notifies, measures and audits."""
    if not claim.renew():
        return
    end = partial(
        claim.end,
        now_doing="",
        error_code=error.code if error else "",
        error=error.cause[:500] if error else "",
        error_remedy=error.remedy[:500] if error else "",
    )
    ended = summarize_then(end, run.pk, status=status, finished_at=timezone.now())
    if ended and error is not None:
        notify_scan_failure(run, error.cause, error.remedy)
    if ended:
        # From the row: `run` is as it was claimed, before any progress was written.
        assets = ScanRun.objects.filter(pk=run.pk).values_list("assets_seen", flat=True).first() or 0
        metrics.observe_scan(
            provider=run.provider, scan_type=run.scan_type, status=status.value, started_at=run.started_at,
            assets=assets, code=error.code if error else "",
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


# One owner has at most two thirds of the threads for scans, so that a long row of scans leaves some to others; one row
# for each message, because a scan may take hours (docs/decisions/0015).
SCANS = WorkKind(
    name="scans",
    queue=QUEUE,
    task=TASK,
    waiting=lambda: ScanRun.objects.filter(status=ScanStatus.QUEUED),
    running=lambda: ScanRun.objects.filter(status=ScanStatus.RUNNING),
    run=run_scan,
    part=2 / 3,
    late=3600,
    is_long=True,
)
