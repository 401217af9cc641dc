"""Histories have an age limit. The oldest rows are deleted in batches, so that nobody waits for a long lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.models import (
    ApiToken,
    AuditEvent,
    ConnectionCheck,
    CredentialRotation,
    Job,
    JobItem,
    Notice,
    NoticeDelivery,
    NoticeDigest,
    OrganizationMember,
    RotationRun,
    RotationStep,
)
from cloudaccounts.models.automatic_rotation import RunPurpose
from cloudaccounts.models.job import JobState
from cloudaccounts.models.organization import ProviderState
from cloudaccounts.models.rotation import RotationStage

# Keys are read and then deleted: MongoDB's backend deletes no slice, and short transactions let others write in
# between.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Purged:
    events: int
    notices: int
    jobs: int

    @property
    def total(self) -> int:
        return self.events + self.notices + self.jobs


def history_limit() -> datetime:
    return timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS)


def old_history() -> Purged:
    """What `purge_history` would remove now."""
    limit = history_limit()
    return Purged(
        AuditEvent.objects.filter(created_at__lt=limit).count(),
        Notice.objects.filter(created_at__lt=limit).count(),
        _ended_jobs(limit).count(),
    )


def purge_history(*, actor: Actor = SYSTEM) -> Purged:
    """Removes audit events, notices and ended jobs older than ``AUDIT_RETENTION_DAYS``, and records that in the audit.

    Checks, rotations, API tokens that ended and members that closed go as well.
    """
    limit = history_limit()
    events = notices = jobs = 0
    while removed := AuditEvent.objects.purge_before(limit):
        events += removed
    while keys := _oldest(Notice.objects.filter(created_at__lt=limit)):
        # Dependent rows first: there are no foreign keys that would, and a kill leaves the notice to find them by.
        NoticeDelivery.objects.filter(notice__in=keys).delete()
        notices += Notice.objects.filter(pk__in=keys).delete()[0]
    while keys := _oldest(NoticeDigest.objects.filter(created_at__lt=limit)):
        NoticeDigest.objects.filter(pk__in=keys).delete()
    for rows in (_ended_checks(limit), _ended_rotations(limit), _closed_members(limit), _ended_tokens(limit)):
        while keys := _oldest(rows):
            rows.model.objects.filter(pk__in=keys).delete()
    while keys := _oldest(_ended_runs(limit), size=50):  # each with its steps
        RotationStep.objects.filter(run__in=keys).delete()
        RotationRun.objects.filter(pk__in=keys).delete()
    while keys := _oldest(_ended_jobs(limit), size=50):  # each with its items
        # Items first, as above: a kill in between leaves a job without them, which the next run removes.
        JobItem.objects.filter(job__in=keys).delete()
        jobs += Job.objects.filter(pk__in=keys).delete()[0]
    purged = Purged(events, notices, jobs)
    # Written after the purge, so it is itself the newest event and tells why the older ones are gone.
    if purged.total:
        record_event(
            actor=actor, owner="", action="history.purged",
            text=f"History older than {settings.AUDIT_RETENTION_DAYS} days removed: {events:,} audit events",
            events=events, notices=notices, jobs=jobs,
        )  # fmt: skip
    return purged


def _ended_checks(limit: datetime) -> QuerySet[Any]:
    # NULL means ended (see the model): what still runs is never removed by its age.
    return ConnectionCheck.objects.filter(active_account=None, requested_at__lt=limit)


def _ended_rotations(limit: datetime) -> QuerySet[Any]:
    """Without those whose new credential is still staged: they are discarded with it, and not before."""
    ended = CredentialRotation.objects.filter(active_account=None, requested_at__lt=limit)
    return ended.exclude(state=RotationStage.STAGED)


def _ended_runs(limit: datetime) -> QuerySet[Any]:
    """Without those that name a key which a person has not looked after yet, and proofs after a week."""
    ended = RotationRun.objects.filter(active_account=None, leftovers=[])
    proofs = Q(purpose=RunPurpose.PROVE, finished_at__lt=timezone.now() - timedelta(days=7))
    return ended.filter(Q(finished_at__lt=limit) | proofs)


def _closed_members(limit: datetime) -> QuerySet[Any]:
    """Nodes that are not in their organization any more and have no account here."""
    # Only without an account: a member that is connected here is needed for as long as its account stands.
    closed = OrganizationMember.objects.filter(provider_state=ProviderState.CLOSED, account=None)
    return closed.filter(first_seen_at__lt=limit)


def _ended_tokens(limit: datetime) -> QuerySet[Any]:
    return ApiToken.objects.filter(Q(revoked_at__lt=limit) | Q(expires_at__lt=limit))


def _ended_jobs(limit: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state__in=(JobState.FINISHED, JobState.CANCELLED), requested_at__lt=limit)


def _oldest(rows: QuerySet[Any], *, size: int = BATCH) -> list[Any]:
    return list(rows.values_list("pk", flat=True)[:size])
