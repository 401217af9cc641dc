"""Jobs: work on many items, each with a row. A worker does them in a few threads; another one continues after a kill.

A handler does one item and must be repeatable: a worker that dies between the work and the item's row leaves the item
waiting, and the next worker does it again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import TeamLimitError, defect
from cloudaccounts.jobs.queries import job_items
from cloudaccounts.jobs.turns import WorkKind, announce
from cloudaccounts.limits import from_text, to_text
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState, JobState
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim, LeaseKeeper
from cloudaccounts.work.threads import DatabaseThreads
from teams.scope import Scope

TASK = "cloudaccounts.run_job"
# The name stands in messages and in the command lines of workers, so it stays.
QUEUE = "fleet"
THREADS = 8  # items at the same time, unless the handler says otherwise
CHUNK = 200  # items read at a time, so that memory does not grow with the job
SHOW_EVERY = 0.5  # seconds between writes of the counts
RESEND_AFTER = timedelta(seconds=30)  # a queued job whose message is older is sent again
RESEND = 50  # messages at a time: each only says that there is work
RETRY_AFTER = 30  # seconds
TRIES = 5  # workers that may die one after the other without finishing an item

RETRY = "Retry what failed once that is fixed."

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one item. ``state`` is done, failed or skipped; the texts are those of a `ProviderError`."""

    state: ItemState = ItemState.DONE
    code: str = ""
    cause: str = ""
    remedy: str = ""

    @classmethod
    def failed(cls, error: ProviderError) -> Outcome:
        return cls(ItemState.FAILED, error.code, error.cause, error.remedy)

    @classmethod
    def skipped(cls, cause: str) -> Outcome:
        return cls(ItemState.SKIPPED, cause=cause)


Handler = Callable[[Job, JobItem], Outcome]
_handlers: dict[str, tuple[Handler, int]] = {}
# Rows of older versions outlive an update: their kinds are mapped when they are read, and no migration rewrites them.
_renamed: dict[str, str] = {}  # kinds as older versions wrote them


def handles(kind: str, *, threads: int = THREADS, formerly: str = "") -> Callable[[Handler], Handler]:
    """Registers the handler of a kind of job. It may raise `ProviderError`. ``threads`` items run at the same time.

    ``formerly`` is the kind's name in older versions: stored jobs of that name are of this kind.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind] = (handler, threads)
        if formerly:
            _renamed[formerly] = kind
        return handler

    return register


@cache
def discover() -> None:
    """Loads the handlers of all apps, which name their modules in ``job_handlers``. Once a process."""
    autodiscover_modules("job_handlers")


def current_kind(kind: str) -> str:
    """The name in this version of a stored job's kind."""
    return _renamed.get(kind, kind)


def start_job(
    *,
    scope: Scope,
    actor: Actor,
    kind: str,
    title: str,
    items: Iterable[tuple[str, str]],
    options: dict[str, object],
    of_accounts: bool = False,
) -> Job:
    """Writes a job over ``items`` (subject, label) and sends it to a worker. A subject given twice counts once.

    The job keeps the limit of whoever asked: `limits.from_text` makes the scope of it that its handler works in.
    ``of_accounts``: the subjects are ids of accounts, whose items are hidden once an account has left that limit.
    Asked for again before it has ended, it is the same job. Raises `TeamLimitError` where the owner has `TEAM_JOBS`.
    """
    now, subjects = timezone.now(), dict(items)
    owner, limited_to = scope.owner, to_text(scope)
    key = _active_key(owner, kind, options, subjects, limited_to)
    unfinished = Job.objects.filter(owner=owner, state__in=(JobState.QUEUED, JobState.RUNNING))
    # Before the limit is looked at: who asks for the same again gets that job and no refusal (docs/decisions/0015).
    if same := unfinished.filter(active_key=key).first():
        return same
    # Counted without a lock, so parallel calls may end slightly above it.
    if unfinished.count() >= settings.TEAM_JOBS:
        raise TeamLimitError(f"{settings.TEAM_JOBS} jobs of yours have not ended yet.", RETRY_AFTER)
    job = Job(
        owner=owner, limited_to=limited_to, kind=kind, active_key=key, title=title[:160], actor=actor.to_dict(),
        options=options, requested_at=now, nudged_at=now,
    )  # fmt: skip
    try:
        return _write_job(job, subjects, actor, of_accounts=of_accounts)
    except IntegrityError:  # the same was asked for at this moment
        JobItem.objects.filter(job=job.pk).delete()  # where there is no transaction, its items are there
        return unfinished.get(active_key=key)


def _write_job(job: Job, subjects: dict[str, str], actor: Actor, *, of_accounts: bool) -> Job:
    with transaction.atomic(using=SECURITY):
        for chunk in _chunks(subjects.items()):
            JobItem.objects.bulk_create(
                JobItem(
                    job=job.pk,
                    position=job.total + number,
                    subject=subject,
                    label=label[:160],
                    account=UUID(subject) if of_accounts else None,
                )
                for number, (subject, label) in enumerate(chunk)
            )
            job.total += len(chunk)
        # After its items: a job that exists is complete, on MongoDB too, which has no transaction here.
        job.save(force_insert=True)
        record_event(
            actor=actor, owner=job.owner, action="job.requested", text=f"{job.title}: {job.total} to do",
            job=str(job.pk), kind=job.kind,
        )  # fmt: skip
        messages.send_on_commit(TASK, str(job.pk), using=SECURITY, queue=QUEUE)
    return job


def run_job(job_id: UUID) -> str:
    """Does the items of a queued job that are still waiting. Returns the job's state, ``gone`` where it was deleted."""
    row = Job.objects.filter(pk=job_id)
    claim = Claim.take(row.filter(state=JobState.QUEUED), row.filter(state=JobState.RUNNING), state=JobState.RUNNING)
    if claim is not None:
        job = row.get()
        # Only the first worker's start counts, not that of one who takes over.
        row.filter(started_at=None).update(started_at=timezone.now())
        with LeaseKeeper(claim.renew) as keeper:
            if _work(job, claim, keeper):
                _end(job, claim)
    return row.values_list("state", flat=True).first() or "gone"


def cancel_job(job: Job, *, actor: Actor) -> bool:
    """Begins no further item; those that run are finished. False where the job had ended already."""
    # Without the claim among the conditions: cancelling takes it away, and the worker notices by its next write.
    cancelled = Job.objects.filter(pk=job.pk, state__in=(JobState.QUEUED, JobState.RUNNING)).update(
        state=JobState.CANCELLED,
        active_key=None,
        claim=None,
        lease_until=None,
        finished_at=timezone.now(),
        **_counts(job.pk),
    )
    if cancelled:
        record_event(actor=actor, owner=job.owner, action="job.cancelled", text=f"{job.title}: cancelled")
    return cancelled == 1


def retry_failed(job: Job, *, actor: Actor, scope: Scope | None = None) -> Job | None:
    """A new job over the items of this one that failed; None where none did.

    ``scope`` is that of who asks now, where that is not the job's own.
    """
    scope = scope or from_text(job.owner, job.limited_to)
    failed = job_items(scope, job, state=ItemState.FAILED)
    rows = list(failed.values_list("subject", "label", "account"))
    if not rows:
        return None
    # A new job: limits are asked again, and `actor` is who asks now. The old one stays as it ended.
    return start_job(
        scope=scope, actor=actor, kind=current_kind(job.kind), title=job.title,
        items=[(subject, label) for subject, label, _ in rows], options=dict(job.options),
        of_accounts=all(account for _, _, account in rows),
    )  # fmt: skip


def requeue_jobs() -> int:
    """Requeues jobs of dead workers and sends queued ones again. Counts both. Items that are done stay done.

    A job whose workers died `TRIES` times without finishing an item is ended: it would go on killing workers.
    """
    now = timezone.now()
    lost = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now)
    # First, because jobs with progress get their tries back there, and the UPDATE below then requeues them.
    count = sum(_end_deadly(job, lost) for job in list(lost.filter(attempts__gte=TRIES)[:100]))
    count += lost.filter(attempts__lt=TRIES).update(state=JobState.QUEUED, claim=None, lease_until=None, nudged_at=None)
    waiting = Job.objects.filter(state=JobState.QUEUED).exclude(nudged_at__gt=now - RESEND_AFTER)
    return count + announce(waiting, task=TASK, queue=QUEUE, most=RESEND)


def _work(job: Job, claim: Claim, keeper: LeaseKeeper) -> bool:
    """Handles all waiting items. True where all were handled and the claim still holds."""
    discover()
    kind = current_kind(job.kind)
    if kind not in _handlers:  # made by another version
        # Ended with a reason at each item: requeued, it would fail the same way for ever.
        logger.error("job.kind_unknown", extra={"job": str(job.pk), "kind": job.kind})
        _fail_the_rest(job, ProviderError("job_kind_unknown", "This version does not know this kind of work.", RETRY))
        return claim.write(**_counts(job.pk))
    handler, threads = _handlers[kind]
    handled_before = sum(_counts(job.pk).values())
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
                counts = _counts(job.pk)
                # Progress resets the count of workers that died: only a job that kills them again and again is ended.
                progress = {"attempts": 0} if sum(counts.values()) > handled_before else {}
                if not claim.write(**counts, **progress):
                    break
        for future in under_way:
            future.result()
    return claim.write(**_counts(job.pk))


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
    except Exception:
        # A defect in one item becomes its outcome, and the others go on.
        logger.exception("job.defect", extra={"job": str(job.pk), "item": item.subject})
        outcome = Outcome.failed(defect("item"))
    # Without the claim: a handler is repeatable, and a worker that lost the job meanwhile may still finish its item.
    JobItem.objects.filter(pk=item.pk).update(
        state=outcome.state, code=outcome.code, cause=outcome.cause[:500], remedy=outcome.remedy[:500],
        finished_at=timezone.now(),
    )  # fmt: skip


def _end(job: Job, claim: Claim) -> None:
    counts = _counts(job.pk)
    # Recorded only by the worker whose claim held to the end: a job has one end in the audit.
    ended = {"active_key": None, "claim": None, "lease_until": None, "finished_at": timezone.now()}
    if claim.write(state=JobState.FINISHED, **ended, **counts):
        _record_end(job, counts)


def _end_deadly(job: Job, lost: QuerySet[Job]) -> int:
    """Ends a job that kills its workers, with the reason at each waiting item. Returns the number of rows changed.

    Not where items were finished since the counts were written: then there was progress, and it is requeued.
    """
    row = lost.filter(pk=job.pk, claim=job.claim)
    if sum(_counts(job.pk).values()) > job.handled:
        return row.update(attempts=0, **_counts(job.pk))  # the caller requeues what has few attempts
    logger.error("job.deadly", extra={"job": str(job.pk), "kind": job.kind, "attempts": job.attempts})
    cause = f"The worker died {job.attempts} times at this work without getting any further."
    _fail_the_rest(job, ProviderError("worker_died", cause, f"Tell the operator: the log may say why. {RETRY}"))
    counts = _counts(job.pk)
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
        actor=Actor.from_dict(job.actor), owner=job.owner, action="job.finished",
        text=f"{job.title}: {counts['done']} done, {counts['failed']} failed, {counts['skipped']} skipped",
        job=str(job.pk),
    )  # fmt: skip


def _counts(job: UUID) -> dict[str, int]:
    """Counted from the items, not added up: an item that is done twice after a kill counts once."""
    items = JobItem.objects.filter(job=job)
    return {
        "done": items.filter(state=ItemState.DONE).count(),
        "failed": items.filter(state=ItemState.FAILED).count(),
        "skipped": items.filter(state=ItemState.SKIPPED).count(),
    }


def _active_key(
    owner: str, kind: str, options: dict[str, object], subjects: Iterable[str], limited_to: str | None
) -> str:
    """The same for the same work, in whatever order its items come."""
    # Not the same for another limit: whoever asks with a narrower one could not see the job.
    limit = [] if limited_to is None else [limited_to]
    text = json.dumps([owner, kind, options, sorted(subjects), *limit], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


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


def _chunks(items: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
