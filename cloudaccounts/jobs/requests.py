"""Asking for a job, stopping it, and asking again for what failed in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.group_scope import from_text, to_text
from cloudaccounts.jobs.handlers import current_kind
from cloudaccounts.jobs.queries import count_outcomes, job_items
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState, JobState
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY
from teams.scope import Scope

TASK = "cloudaccounts.run_job"
# The name stands in messages and in the command lines of workers, so it stays.
QUEUE = "fleet"
CHUNK = 200  # items written at a time
RETRY_AFTER = 30  # seconds


def start_job(
    *,
    scope: Scope,
    actor: Actor,
    kind: str,
    title: str,
    items: Iterable[tuple[str, str]],
    options: dict[str, object],
    of_accounts: bool = False,
    private_to: str = "",
) -> Job:
    """Writes a job over ``items`` (subject, label) and sends it to a worker. A subject given twice counts once.

    The job keeps the limit of whoever asked: `limits.from_text` makes the scope of it that its handler works in.
    ``of_accounts``: the subjects are ids of accounts, whose items are hidden once an account has left that limit.
    ``private_to``: the key of the one person who may see it, see `Job.private_to`.
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
        options=options, requested_at=now, nudged_at=now, private_to=private_to,
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
            actor=actor, owner=job.audited_for, action="job.requested", text=f"{job.title}: {job.total} to do",
            job=str(job.pk), kind=job.kind,
        )  # fmt: skip
        messages.send_on_commit(TASK, str(job.pk), using=SECURITY, queue=QUEUE)
    return job


def cancel_job(job: Job, *, actor: Actor) -> bool:
    """Begins no further item; those that run are finished. False where the job had ended already."""
    # Without the claim among the conditions: cancelling takes it away, and the worker notices by its next write.
    cancelled = Job.objects.filter(pk=job.pk, state__in=(JobState.QUEUED, JobState.RUNNING)).update(
        state=JobState.CANCELLED,
        active_key=None,
        claim=None,
        lease_until=None,
        finished_at=timezone.now(),
        **count_outcomes(job.pk),
    )
    if cancelled:
        record_event(actor=actor, owner=job.audited_for, action="job.cancelled", text=f"{job.title}: cancelled")
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
        of_accounts=all(account for _, _, account in rows), private_to=job.private_to,
    )  # fmt: skip


def _active_key(
    owner: str, kind: str, options: dict[str, object], subjects: Iterable[str], limited_to: str | None
) -> str:
    """The same for the same work, in whatever order its items come."""
    # Not the same for another limit: whoever asks with a narrower one could not see the job.
    limit = [] if limited_to is None else [limited_to]
    text = json.dumps([owner, kind, options, sorted(subjects), *limit], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _chunks(items: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
