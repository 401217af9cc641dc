from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"
    CANCELLED = "cancelled", "cancelled"


class ItemState(models.TextChoices):
    WAITING = "waiting", "waiting"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    SKIPPED = "skipped", "skipped"  # nothing to do: suspended, deleted meanwhile, connected already


class Job(models.Model):
    """One piece of work over many things: revalidate a group, onboard an organization's members.

    The row and its items are the request and the progress; messages may be lost. What each ``kind`` does is a handler
    registered with `cloudaccounts.jobs.handlers`. ``options`` holds JSON types and never a secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    # Ids of groups with commas between them, where whoever asked is limited to those; NULL means all of the owner's.
    limited_to = models.TextField(null=True)  # noqa: DJ001 # empty is a limit to nothing
    kind = models.CharField(max_length=40)
    # Of owner, kind, options and items while it has not ended, and NULL afterwards: unique, so identical jobs are one.
    active_key = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 # NULLs are not equal
    # The person's key, where nobody else may see it: work over accounts of all owners lies in the personal team of the
    # operator who asked, and that team may have guests. Empty for a team's own work.
    private_to = models.CharField(max_length=64, blank=True, default="")
    title = models.CharField(max_length=160)
    actor = models.JSONField(default=dict)  # cloudaccounts.audit.actor.Actor
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    total = models.PositiveIntegerField(default=0)
    # Counted from the items again at each write and never added up: an item that is done twice after a kill counts
    # once.
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    # Set back by progress: only a job that kills its workers without getting further is ended.
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    # When its message was sent last; `jobs.runner.requeue_jobs` sends another where none was taken.
    nudged_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-requested_at"], name="job_owner_requested"),
            models.Index(fields=["state", "requested_at"], name="job_state_requested"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_active(self) -> bool:
        return self.state in {JobState.QUEUED, JobState.RUNNING}

    @property
    def audited_for(self) -> str:
        """Whose audit tells of it; what is private stands in the server's own, which operators read in the admin."""
        return "" if self.private_to else self.owner

    @property
    def took(self) -> timedelta | None:
        """From its start to its end; None before that."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None

    @property
    def handled(self) -> int:
        return self.done + self.failed + self.skipped


class JobItem(models.Model):
    """One thing of a job, with its own outcome. ``subject`` is an id as text: an account's UUID, a member's number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.UUIDField()
    # Read in this order, in pieces that begin after the last position: no cursor stays open while a job runs for
    # hours.
    position = models.PositiveIntegerField()
    subject = models.CharField(max_length=128)
    account = models.UUIDField(null=True)  # the subject, where that is an account: limited readers see theirs
    label = models.CharField(max_length=160, blank=True, default="")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.WAITING)
    code = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=500, blank=True, default="")
    remedy = models.CharField(max_length=500, blank=True, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        # An account that was chosen twice is handled once.
        constraints = [models.UniqueConstraint(fields=["job", "subject"], name="one_item_per_subject")]
        indexes = [
            models.Index(fields=["job", "state", "position"], name="item_job_state"),
            # A late page of a job of 100,000 skips what is before it in the index alone.
            models.Index(fields=["job", "position", "id"], name="item_job_position"),
        ]

    def __str__(self) -> str:
        return f"{self.label or self.subject}: {self.state}"
