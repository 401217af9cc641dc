"""Runs of a second engine: asked for by the end of a full scan, done by a worker, one of an account at a time."""

from __future__ import annotations

import logging
import time
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.health.engine_access import engine_access
from cloudaccounts.jobs.turns import WorkKind
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.outages import unexpected
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim, LeaseKeeper
from scans.account_sync import delete_account_records, sync_account
from scans.engines.child import StoppedError, run_child
from scans.engines.choices import PROWLER, is_installed, is_wanted
from scans.engines.folders import private_folder, remove_abandoned
from scans.engines.importing import evaluated_of, store
from scans.engines.matching import Pairs, match
from scans.engines.models import EngineRun, EngineRunStatus
from scans.engines.output import Tally, read_results
from scans.engines.prowler import RESULTS, command_line, problem
from scans.models import ScanRun, ScanType

TASK = "scans.run_engine"
QUEUE = "scans"
ACTIVE = (EngineRunStatus.QUEUED, EngineRunStatus.RUNNING)
ATTEMPTS = 2  # each costs minutes and half a gigabyte, and the next full scan asks for another
MARGIN = 60  # seconds before a temporary credential ends

logger = logging.getLogger(__name__)


class ClaimLostError(Exception):
    """The run was cancelled, or another worker has it: stop, and write nothing more."""


def request_after(scan: ScanRun) -> EngineRun | None:
    """Queues a run after a full scan of everything, where the account or its team wants one. Repeatable."""
    if not is_installed() or scan.scan_type != ScanType.FULL or scan.services:
        return None
    account = CloudAccount.objects.filter(pk=scan.account).first()
    if account is None or account.owner != scan.owner or not is_wanted(account):
        return None
    now = timezone.now()
    run = EngineRun(
        engine=PROWLER, account=account.pk, active_account=account.pk, owner=account.owner, account_name=account.name,
        provider=account.provider, scan_run=scan.run_id, actor=scan.actor, requested_at=now, nudged_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic(using=SECURITY):
            run.save(force_insert=True)
            messages.send_on_commit(TASK, str(run.pk), using=SECURITY, queue=QUEUE)
    except IntegrityError:  # one is under way, and reads the same account
        return None
    return run


def cancel_runs(account_id: UUID, *, except_owner: str = "") -> int:
    """Ends the account's queued or running ones. The worker notices within a second, and kills the child."""
    return (
        EngineRun.objects.filter(active_account=account_id)
        .exclude(owner=except_owner)
        .update(
            status=EngineRunStatus.CANCELLED,
            active_account=None,
            claim=None,
            lease_until=None,
            finished_at=timezone.now(),
        )
    )


def run_engine(run_id: UUID) -> str:
    """Does a queued run and answers with its status, or ``gone`` where it was deleted."""
    row = EngineRun.objects.filter(pk=run_id)
    claim = Claim.take(
        row.filter(status=EngineRunStatus.QUEUED),
        row.filter(status=EngineRunStatus.RUNNING),
        status=EngineRunStatus.RUNNING,
        started_at=timezone.now(),
    )
    if claim is not None:
        run = row.get()
        with LeaseKeeper(claim.renew) as keeper:
            _try_run(run, claim, keeper)
        # The claim guards the run's row, not the findings: what was written after the account was deleted, renamed or
        # transferred is put right here.
        account = CloudAccount.objects.filter(pk=run.account).only("name", "owner").first()
        if account is None:
            delete_account_records(run.account)
        elif (account.name, account.owner) != (run.account_name, run.owner):
            sync_account(account)
    return row.values_list("status", flat=True).first() or "gone"


def _try_run(run: EngineRun, claim: Claim, keeper: LeaseKeeper) -> None:
    try:
        columns = _read_account(run, claim, keeper)
    except ProviderError as error:
        _end(run, claim, error)
    except ClaimLostError:
        logger.info("engine.stopped", extra={"run_id": str(run.pk)})
    except Exception as error:
        # A defect of ours must not leave the account blocked by a run that stays active until its lease ends.
        logger.exception("engine.defect", extra={"run_id": str(run.pk)})
        if not claim.outlives(error, tries=ATTEMPTS - run.attempts, status=EngineRunStatus.QUEUED):
            _end(run, claim, unexpected(error, "second engine"))
    else:
        _end(run, claim, None, **columns)


def _read_account(run: EngineRun, claim: Claim, keeper: LeaseKeeper) -> dict[str, object]:
    account = CloudAccount.objects.filter(pk=run.account).first()
    if account is None or account.status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError
    if not is_installed() or (wrong := problem(settings.PROWLER_COMMAND)):
        raise ProviderError("engine_missing", wrong or "No second engine is installed.", "Ask this server's operator.")
    if not is_wanted(account):  # switched off while the run waited
        raise ProviderError("engine_off", "The second engine was switched off meanwhile.", "Switch it on again.")
    remove_abandoned()

    def goes_on() -> bool:
        return not keeper.lost.is_set() and claim.rows.exists()

    regions = tuple(account.enabled_regions or account.regions) if account.all_regions else tuple(account.regions)
    access = engine_access(account=account, engine=run.engine, regions=regions, actor=Actor.from_dict(run.actor))
    tally, pairs = Tally(), Pairs(account.spec.engine_pairs(run.engine))
    with private_folder() as folder:
        began, seconds = time.monotonic(), _seconds(access.seconds)
        command = command_line(settings.PROWLER_COMMAND, access, folder)
        try:
            ended = run_child(command, access, folder, seconds=seconds, goes_on=goes_on)
        except StoppedError as stopped:
            if not stopped.by_deadline:
                raise ClaimLostError from None
            raise ProviderError(
                "engine_too_long",
                f"The second engine was not done after {seconds / 60:.0f} minutes, and was ended.",
                "The operator can give it more time (PROWLER_MINUTES).",
                permanent=False,
            ) from None
        took = time.monotonic() - began
        results = folder / RESULTS
        if ended.code != 0 or not results.is_file():
            # For the operator alone: what a program prints is no text for a page.
            logger.warning("engine.failed", extra={"run_id": str(run.pk), "code": ended.code, "said": ended.said})
            raise ProviderError(
                "engine_failed",
                f"The second engine ended with exit code {ended.code}{'' if ended.code else ' and wrote no results'}.",
                "The worker's log has what it printed; most often it may not read the account.",
                permanent=False,
            )
        collected = pairs.collect(read_results(results, account.account_id, tally))
    matched, agreed = match(collected, pairs, evaluated_of(account, pairs))
    if not goes_on():
        raise ClaimLostError
    complete = tally.complete and not collected.cut
    store(run, account, matched, complete=complete)
    logger.info("engine.read", extra={"run_id": str(run.pk), "seconds": round(took, 1), "results": tally.read})
    return {
        "complete": complete, "results": tally.read, "malformed": tally.malformed, "foreign": tally.foreign,
        "agreed": agreed,
    }  # fmt: skip


def _seconds(credential: int) -> float:
    allowed = settings.PROWLER_MINUTES * 60
    # Of a credential that ends, the rest would be refused and look like an account without resources.
    return float(min(allowed, credential - MARGIN) if credential else allowed)


def _end(run: EngineRun, claim: Claim, error: ProviderError | None, **columns: object) -> None:
    status = EngineRunStatus.FAILED if error else EngineRunStatus.COMPLETED
    ended = claim.end(
        status=status,
        error_code=error.code[:64] if error else "",
        error=error.cause[:500] if error else "",
        error_remedy=error.remedy[:500] if error else "",
        **columns,
    )
    if ended:
        record_event(
            actor=Actor.from_dict(run.actor), owner=run.owner, action=f"engine.{status.value}",
            text="The second engine has read the account" if error is None else f"Second engine: {error.cause}",
            account=run.account, label=run.account_name, run_id=str(run.pk),
        )  # fmt: skip


ENGINES = WorkKind(
    name="engines",
    queue=QUEUE,
    task=TASK,
    waiting=lambda: EngineRun.objects.filter(status=EngineRunStatus.QUEUED),
    running=lambda: EngineRun.objects.filter(status=EngineRunStatus.RUNNING),
    run=run_engine,
    part=1 / 4,  # of the threads for scans: half a gigabyte of memory each
    late=6 * 3600,
    is_long=True,
)
