"""Doing jobs: a worker does their items in a few threads, each with a row; another one continues after a kill."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.handlers import Handler, Outcome, handler_of
from cloudaccounts.jobs.queries import count_outcomes
from cloudaccounts.jobs.requests import QUEUE, TASK
from cloudaccounts.jobs.turns import WorkKind, announce
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState, JobState
from cloudaccounts.outages import unexpected
from cloudaccounts.work.databases import is_outage
from cloudaccounts.work.leases import Claim, LeaseKeeper, give_back
from cloudaccounts.work.threads import DatabaseThreads

CHUNK = 200  # items read at a time, so that memory does not grow with the job
SHOW_EVERY = 0.5  # seconds between writes of the counts
RESEND_AFTER = timedelta(seconds=30)  # a queued job whose message is older is sent again
RESEND = 50  # messages at a time: each only says that there is work
TRIES = 5  # workers that may die one after the other without finishing an item

RETRY = "Retry what failed once that is fixed."

logger = logging.getLogger(__name__)


def run_job(job_id: UUID) -> str:
    """Does the items of a queued job that are still waiting. Returns the job's state, ``gone`` where it was deleted."""
    row = Job.objects.filter(pk=job_id)
    claim = Claim.take(row.filter(state=JobState.QUEUED), row.filter(state=JobState.RUNNING), state=JobState.RUNNING)
    if claim is not None:
        job = row.get()
        # Only the first worker's start counts, not that of one who takes over.
        row.filter(started_at=None).update(started_at=timezone.now())
        with LeaseKeeper(claim.renew) as keeper:
            try:
                if _work(job, claim, keeper):
                    _end(job, claim)
            except Exception as error:
                # Items that are done stay done; the others wait.
                if not claim.outlives(error, tries=TRIES - job.attempts, state=JobState.QUEUED):
                    raise
    return row.values_list("state", flat=True).first() or "gone"


def requeue_jobs() -> int:
    """Requeues jobs of dead workers and sends queued ones again. Counts both. Items that are done stay done.

    A job whose workers died `TRIES` times without finishing an item is ended: it would go on killing workers.
    """
    now = timezone.now()
    lost = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now)
    # First, because jobs with progress get their tries back there, and the UPDATE below then requeues them.
    count = sum(_end_deadly(job, lost) for job in list(lost.filter(attempts__gte=TRIES)[:100]))
    count += give_back(lost.filter(attempts__lt=TRIES), state=JobState.QUEUED)
    waiting = Job.objects.filter(state=JobState.QUEUED).exclude(nudged_at__gt=now - RESEND_AFTER)
    return count + announce(waiting, task=TASK, queue=QUEUE, most=RESEND)


def _work(job: Job, claim: Claim, keeper: LeaseKeeper) -> bool:
    """Handles all waiting items. True where all were handled and the claim still holds."""
    known = handler_of(job.kind)
    if known is None:  # made by another version
        # Ended with a reason at each item: requeued, it would fail the same way for ever.
        logger.error("job.kind_unknown", extra={"job": str(job.pk), "kind": job.kind})
        _fail_the_rest(job, ProviderError("job_kind_unknown", "This version does not know this kind of work.", RETRY))
        return claim.write(**count_outcomes(job.pk))
    handler, threads = known
    handled_before = sum(count_outcomes(job.pk).values())
    shown_at = time.monotonic()
    # The pool keeps connections from item to item: a job over thousands would else open one for each on PostgreSQL.
    with DatabaseThreads(threads, "job") as pool:
        under_way: set[Future[None]] = set()
        for item in _waiting_items(job):
            if keeper.lost.is_set():  # cancelled, or taken over by another worker after a pause of ours
                break
            under_way.add(pool.submit(_handle, handler, job, item))
            # Twice as many as threads: none of them idles while this loop reads, and memory stays bounded.
            if len(under_way) >= threads * 2:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()  # raises what the database refused; a handler's own errors are outcomes
            if time.monotonic() - shown_at > SHOW_EVERY:
                shown_at = time.monotonic()
                counts = count_outcomes(job.pk)
                # Progress resets the count of workers that died: only a job that kills them again and again is ended.
                progress = {"attempts": 0} if sum(counts.values()) > handled_before else {}
                if not claim.write(**counts, **progress):
                    break
        for future in under_way:
            future.result()
    return claim.write(**count_outcomes(job.pk))


def _waiting_items(job: Job) -> Iterator[JobItem]:
    """By position, read in chunks: no cursor stays open for as long as the job runs."""
    last = -1
    while True:
        # After the last position, whatever became of those before: an item that is under way still counts as waiting.
        items = JobItem.objects.filter(job=job.pk, state=ItemState.WAITING, position__gt=last)
        chunk = list(items.order_by("position")[:CHUNK])
        if not chunk:
            return
        yield from chunk
        last = chunk[-1].position


def _handle(handler: Handler, job: Job, item: JobItem) -> None:
    try:
        outcome = handler(job, item)
    except ProviderError as error:
        outcome = Outcome.failed(error)
    except Exception as error:
        # A defect in one item becomes its outcome, and the others go on.
        logger.exception("job.defect", extra={"job": str(job.pk), "item": item.subject})
        if is_outage(error) and job.attempts < TRIES:
            # The item stays waiting, and the job has another try.
            raise
        outcome = Outcome.failed(unexpected(error, "item"))
    # Without the claim: a handler is repeatable, and a worker that lost the job meanwhile may still finish its item.
    JobItem.objects.filter(pk=item.pk).update(
        state=outcome.state, code=outcome.code, cause=outcome.cause[:500], remedy=outcome.remedy[:500],
        finished_at=timezone.now(),
    )  # fmt: skip


def _end(job: Job, claim: Claim) -> None:
    counts = count_outcomes(job.pk)
    # Recorded only by the worker whose claim held to the end: a job has one end in the audit.
    ended = {"active_key": None, "claim": None, "lease_until": None, "finished_at": timezone.now()}
    if claim.write(state=JobState.FINISHED, **ended, **counts):
        _record_end(job, counts)


def _end_deadly(job: Job, lost: QuerySet[Job]) -> int:
    """Ends a job that kills its workers, with the reason at each waiting item. Returns the number of rows changed.

    Not where items were finished since the counts were written: then there was progress, and it is requeued.
    """
    row = lost.filter(pk=job.pk, claim=job.claim)
    if sum(count_outcomes(job.pk).values()) > job.handled:
        return row.update(attempts=0, **count_outcomes(job.pk))  # the caller requeues what has few attempts
    logger.error("job.deadly", extra={"job": str(job.pk), "kind": job.kind, "attempts": job.attempts})
    cause = f"The worker died {job.attempts} times at this work without getting any further."
    _fail_the_rest(job, ProviderError("worker_died", cause, f"Tell the operator: the log may say why. {RETRY}"))
    counts = count_outcomes(job.pk)
    ended = row.update(
        state=JobState.FINISHED, active_key=None, claim=None, lease_until=None, finished_at=timezone.now(), **counts
    )
    if ended:
        _record_end(job, counts)
    return ended


def _fail_the_rest(job: Job, error: ProviderError) -> None:
    JobItem.objects.filter(job=job.pk, state=ItemState.WAITING).update(
        state=ItemState.FAILED, code=error.code, cause=error.cause, remedy=error.remedy, finished_at=timezone.now()
    )


def _record_end(job: Job, counts: dict[str, int]) -> None:
    record_event(
        actor=Actor.from_dict(job.actor), owner=job.audited_for, action="job.finished",
        text=f"{job.title}: {counts['done']} done, {counts['failed']} failed, {counts['skipped']} skipped",
        job=str(job.pk),
    )  # fmt: skip


JOBS = WorkKind(
    name="jobs",
    queue=QUEUE,
    task=TASK,
    waiting=lambda: Job.objects.filter(state=JobState.QUEUED),
    running=lambda: Job.objects.filter(state=JobState.RUNNING),
    run=run_job,
    # Of the queue's threads, for one owner; a row may wait 15 minutes unserved before readiness says so
    # (docs/decisions/0015).
    part=1 / 4,
    late=900,
    is_long=True,
)
