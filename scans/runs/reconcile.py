"""Repairs runs after lost messages, killed workers and brokers that were down (docs/decisions/0004)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.jobs.turns import announce
from cloudaccounts.work.leases import Claim
from scans.models import ScanRun, ScanStatus
from scans.runs.requests import QUEUE, TASK, notify_scan_failure
from scans.runs.summaries import summarize_then

ATTEMPTS = 3  # a scan that kills its worker (out of memory, mostly) would do so for ever
NOTIFY_AGAIN = timedelta(seconds=30)
RESEND = 50  # messages at a time: each only says that there is work
BATCH = 500
WORKER_DIED = f"Our own worker died {ATTEMPTS} times during this scan."
REMEDY = "Look at the worker's log for the reason (often memory), then start a scan again."


def requeue_scans() -> int:
    """Queues runs of dead workers again, fails them after three tries, and sends queued ones a message again.

    Answers with the number of runs that it did something with.
    """
    return _requeue_lost() + _notify_workers()


def _requeue_lost() -> int:
    now = timezone.now()
    handled = 0
    for run in ScanRun.objects.filter(status=ScanStatus.RUNNING, lease_until__lt=now)[:BATCH]:
        # By claim and lease as they were read: a worker that was only slow, and renewed meanwhile, keeps its run.
        lost = ScanRun.objects.filter(pk=run.pk, claim=run.claim, lease_until__lt=now)
        if run.attempts < ATTEMPTS:
            handled += Claim(lost).give_back(status=ScanStatus.QUEUED, now_doing="")
            continue
        # Taken over before the summary says how it ends: a worker that lives after all keeps its run, and whoever dies
        # from here on leaves it to the next round.
        claim = Claim.take_over(lost, ScanRun.objects.filter(pk=run.pk, status=ScanStatus.RUNNING))
        if claim is None:
            continue
        end = partial(claim.end, now_doing="", error_code="worker_died", error=WORKER_DIED, error_remedy=REMEDY)
        failed = summarize_then(end, run.pk, status=ScanStatus.FAILED, finished_at=timezone.now())
        # Whoever ended it notifies: somebody may have cancelled it meanwhile.
        if failed:
            record_event(
                actor=SYSTEM, owner=run.owner, action="scan.failed", text="Scan failed: its worker died repeatedly",
                account=run.account, label=run.account_name, run_id=str(run.run_id),
            )  # fmt: skip
            notify_scan_failure(run, WORKER_DIED, REMEDY)
        handled += failed
    return handled


def _notify_workers() -> int:
    """Sends the message of each queued run again that had none for a while. One too many does no harm."""
    now = timezone.now()
    waiting = ScanRun.objects.filter(status=ScanStatus.QUEUED).exclude(nudged_at__gt=now - NOTIFY_AGAIN)
    return announce(waiting, task=TASK, queue=QUEUE, most=RESEND)
