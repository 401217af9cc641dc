"""A sync as a job, for callers that wait for long work by its job. The organization's row stays the request."""

from __future__ import annotations

import time
from uuid import UUID

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.group_scope import from_text
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import Job, JobItem, Organization
from cloudaccounts.models.organization import SyncState
from cloudaccounts.organizations.queries import refused_connection
from cloudaccounts.organizations.sync import request_sync, run_sync
from teams.roles import Right
from teams.scope import Scope

SYNC = "organization.sync"
POLL_EVERY = 1.0  # seconds
LONGEST = 3600.0  # seconds; a tree of 50,000 accounts takes some minutes


def start_sync(organization: Organization, *, actor: Actor, scope: Scope | None = None) -> Job:
    """``scope`` is that of who asks, and so of who sees the job; without one it is the whole team's.

    Raises `CredentialsUnreadableError` where the connecting account is gone, suspended or somebody else's.
    """
    job = start_job(
        scope=scope or Scope(organization.owner), actor=actor, kind=SYNC, title=f"Sync of {organization.title}",
        items=[(str(organization.pk), organization.title)], options={},
    )  # fmt: skip
    request_sync(organization, actor=actor)
    return job


@handles(SYNC, takes=Right.OPERATE, threads=1)
def _sync(job: Job, item: JobItem) -> Outcome:
    """Does the sync, or waits for whoever does it. Repeatable: a sync goes on from its cursor."""
    row = Organization.objects.filter(owner=job.owner, pk=UUID(item.subject))
    organization = row.first()
    if organization is None:
        return Outcome.skipped("This organization is gone.")
    ended_before = organization.last_synced_at is not None and organization.last_synced_at >= job.requested_at
    if not ended_before:
        request_sync(organization, actor=Actor.from_dict(job.actor))
    began = time.monotonic()
    while time.monotonic() - began < LONGEST:
        if run_sync(organization.pk) in {SyncState.IDLE, "gone"}:
            break
        time.sleep(POLL_EVERY)
    organization = row.first()
    if organization is None:
        refused = refused_connection(from_text(job.owner, job.limited_to), UUID(item.subject))
        if refused is None:
            return Outcome.skipped("This organization is gone.")
        return Outcome.failed(ProviderError(refused.code, refused.cause, refused.remedy))
    if organization.is_looking:
        cause = "The sync takes longer than an hour; it goes on."
        return Outcome.failed(ProviderError("sync_under_way", cause, "Look at the organization again later."))
    if organization.code:
        return Outcome.failed(ProviderError(organization.code, organization.cause, organization.remedy))
    return Outcome()
