"""What mends scans after lost messages, killed workers and brokers that were down."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.work import messages
from cloudaccounts.work.leases import Claim
from scans.models import ScanRun, ScanStatus
from scans.runs.requests import QUEUE, TASK, notify_scan_failure

ATTEMPTS = 3
NUDGE_AGAIN = timedelta(seconds=30)
BATCH = 500
WORKER_DIED = f"Our own worker died {ATTEMPTS} times during this scan."
REMEDY = "Look at the worker's log for the reason (often memory), then start a scan again."


def requeue_scans() -> int:
    """Gives scans of dead workers another try, fails them after three, and nudges queued ones again. Counts all."""
    return _release_lost() + _nudge_waiting()


def _release_lost() -> int:
    now = timezone.now()
    mended = 0
    for run in ScanRun.objects.filter(status=ScanStatus.RUNNING, lease_until__lt=now)[:BATCH]:
        lost = ScanRun.objects.filter(pk=run.pk, claim=run.claim, lease_until__lt=now)
        if run.attempts < ATTEMPTS:
            mended += lost.update(status=ScanStatus.QUEUED, claim=None, lease_until=None, nudged_at=None, now_doing="")
            continue
        failed = Claim(lost).end(
            status=ScanStatus.FAILED,
            now_doing="",
            error_code="worker_died",
            error=WORKER_DIED,
            error_remedy=REMEDY,
        )
        if failed:
            record_event(
                actor=SYSTEM, owner=run.owner, action="scan.failed", text="Scan failed: its worker died repeatedly",
                account=run.account, label=run.account_name, run_id=str(run.run_id),
            )  # fmt: skip
            notify_scan_failure(run, WORKER_DIED, REMEDY)
        mended += failed
    return mended


def _nudge_waiting() -> int:
    now = timezone.now()
    waiting = ScanRun.objects.filter(status=ScanStatus.QUEUED).exclude(nudged_at__gt=now - NUDGE_AGAIN)
    nudged = 0
    for key in list(waiting.values_list("pk", flat=True)[:BATCH]):
        ScanRun.objects.filter(pk=key).update(nudged_at=now)
        nudged += messages.send(TASK, str(key), queue=QUEUE)
    return nudged
