"""Repairs engine runs after lost messages and killed workers (docs/decisions/0004)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from cloudaccounts.jobs.turns import announce
from cloudaccounts.work.leases import Claim
from scans.engines.models import EngineRun, EngineRunStatus
from scans.engines.runs import ATTEMPTS, QUEUE, TASK

NOTIFY_AGAIN = timedelta(seconds=60)
RESEND = 20


def requeue_engine_runs() -> int:
    """Answers with the number of runs that it did something with."""
    now, handled = timezone.now(), 0
    for run in EngineRun.objects.filter(status=EngineRunStatus.RUNNING, lease_until__lt=now)[:RESEND]:
        # By claim and lease as they were read: a worker that was only slow keeps its run.
        lost = EngineRun.objects.filter(pk=run.pk, claim=run.claim, lease_until__lt=now)
        if run.attempts < ATTEMPTS:
            handled += Claim(lost).give_back(status=EngineRunStatus.QUEUED)
        else:
            handled += Claim(lost).end(
                status=EngineRunStatus.FAILED, error_code="worker_died",
                error=f"Our own worker died {ATTEMPTS} times while the second engine ran.",
                error_remedy="Look at the worker's log for the reason, which is memory most often.",
            )  # fmt: skip
    waiting = EngineRun.objects.filter(status=EngineRunStatus.QUEUED).exclude(nudged_at__gt=now - NOTIFY_AGAIN)
    return handled + announce(waiting, task=TASK, queue=QUEUE, most=RESEND)
