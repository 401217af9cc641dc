from __future__ import annotations

import uuid

from django.db import models


class CheckTrigger(models.TextChoices):
    PERSON = "person", "asked for"
    HEARTBEAT = "heartbeat", "heartbeat"
    JOB = "job", "part of a job"


class CheckState(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"
    ABANDONED = "abandoned", "abandoned"  # its worker died, more than once


class ConnectionCheck(models.Model):
    """One check of an account's connection: the row is the request, and the message to the worker may be lost.

    ``active_account`` is the account while the check is queued or running and NULL afterwards: its uniqueness lets one
    check at a time be under way. ``lease_until`` is renewed by the worker; one that passed means a worker that died.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    # NULL collides with nothing on any of the three databases: unique while it runs, without a conditional index,
    # in which SQLite and MongoDB's backend differ (docs/decisions/0004).
    active_account = models.UUIDField(null=True, unique=True)
    owner = models.CharField(max_length=64)
    trigger = models.CharField(max_length=12, choices=CheckTrigger.choices)
    actor = models.JSONField(default=dict)  # cloudaccounts.audit.actor.Actor
    state = models.CharField(max_length=12, choices=CheckState.choices, default=CheckState.QUEUED)
    # Counted with the claim: a check that kills its workers is ended after the third.
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    # When its message was sent last. Brokers lose some, so a row that waits too long has another one sent.
    nudged_at = models.DateTimeField(null=True)
    # Part of each write of a worker: one that was thought dead writes nothing over its successor.
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    ok = models.BooleanField(null=True)
    code = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=500, blank=True, default="")
    duration_ms = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)  # grows while it runs

    class Meta:
        indexes = [
            models.Index(fields=["account", "-requested_at"], name="check_account_requested"),
            # What workers take next, and what the reconciler looks through every 15 seconds.
            models.Index(fields=["state", "requested_at"], name="check_state_requested"),
        ]

    def __str__(self) -> str:
        return f"check {self.state}"
