"""What an account's row says of its scans: written when a run ends, and when a reading becomes too old."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from cloudaccounts.accounts.posture import score_of
from cloudaccounts.accounts.summaries import write_posture, write_summary
from cloudaccounts.models import CloudAccount
from scans.findings.counts import count_by_severity
from scans.models import SHOWN, Asset, Finding, FindingStatus, ScanRun, ScanStatus
from scans.runs.readings import readings_of

BATCH = 200

logger = logging.getLogger(__name__)


def summarize_run(run_id: UUID, **ending: Any) -> None:
    """When a run ends, however: its outcome, the account's coverage, and of a completed one its posture.

    ``ending`` are columns that the run's row is about to have: its worker writes them after this. So a worker that dies
    in between leaves a run whose next try writes both, and who sees that a run has ended sees what it came to as well.
    """
    run = ScanRun.objects.filter(pk=run_id).first()
    if run is None:
        return
    if run.is_active:  # else it has ended by other hands, and that is how it ended
        for column, value in ending.items():
            setattr(run, column, value)
    if run.is_active:
        return
    write_summary(
        run.account,
        readings=readings_of(run.account, run.provider, now=timezone.now()),
        # None leaves the one of before: a run that did not complete has evaluated a part of the account.
        posture=account_posture(run.account) if run.status == ScanStatus.COMPLETED else None,
        last_scan={
            "run_id": str(run.run_id),
            "scan_type": run.scan_type,
            "status": run.status,
            "gaps": len(run.gaps),
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        },
    )


def summarize_then(end: Callable[..., bool], run_id: UUID, **ending: Any) -> bool:
    """Ends a run by ``end``, which gets ``ending``, after its summary: pages load the account's numbers anew at the
    moment when they see that the run has ended. False where it did not end by this.
    """
    _summarize(run_id, **ending)
    if end(**ending):
        return True
    _summarize(run_id)  # as it ended by other hands, meanwhile
    return False


def _summarize(run_id: UUID, **ending: Any) -> None:
    try:
        summarize_run(run_id, **ending)
    except Exception:
        # A defect in the summary must not make a scan that has ended look like one that failed.
        logger.exception("scan.summary_defect", extra={"run_id": str(run_id)})


def unread_now(run: ScanRun) -> tuple[str, ...]:
    """The enabled regions of the run's account in which nothing is read, before the account's summary is written."""
    enabled = CloudAccount.objects.filter(pk=run.account).values_list("enabled_regions", flat=True).first()
    read = set(readings_of(run.account, run.provider, now=timezone.now()).regions)
    return tuple(name for name in enabled or () if name not in read)


def account_posture(account_id: UUID) -> dict[str, Any]:
    """Open findings by severity, without suppressed ones, the score, and the two weights that it is made of.

    ``score`` is the weight of what passed among the weight of all that was evaluated, in percent, rounded down; None
    where nothing was. Suppressed findings failed all the same, and what is unknown is in neither weight.
    """
    rows = Finding.objects.filter(account=account_id, status=FindingStatus.OPEN, **SHOWN)
    weights = Asset.objects.filter(account=account_id, gone_at=None).aggregate(
        passed=Sum("passed_weight"), failed=Sum("failed_weight")
    )
    passed, failed = weights["passed"] or 0, weights["failed"] or 0  # the sum over no rows is NULL, not 0
    return {
        **count_by_severity(rows),
        "score": score_of(passed, passed + failed),
        "passed_weight": passed,
        "failed_weight": failed,
    }


def renew_posture(account_id: UUID) -> None:
    """After people suppressed findings of the account, or took that back."""
    # An account that was never scanned to the end has none, and none is made up for it.
    if any(CloudAccount.objects.filter(pk=account_id).values_list("posture", flat=True)):
        write_posture(account_id, account_posture(account_id))


def renew_due_coverage(*, now: datetime | None = None) -> int:
    """Assesses accounts anew of which a reading has become too old since. Answers with their number."""
    now = now or timezone.now()
    due = CloudAccount.objects.filter(coverage_due_at__lte=now).order_by("coverage_due_at")
    # The others a minute later, when the scheduler asks again.
    accounts = list(due.values_list("pk", "provider")[:BATCH])
    for account_id, provider in accounts:
        write_summary(account_id, readings=readings_of(account_id, provider, now=now))
    return len(accounts)


def renew_coverage(account: CloudAccount) -> None:
    """After its schedule was changed: what is stale follows from it."""
    write_summary(account.pk, readings=readings_of(account.pk, account.provider, now=timezone.now()))
