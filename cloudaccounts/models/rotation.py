from __future__ import annotations

import uuid

from django.db import models


class RotationPurpose(models.TextChoices):
    REPLACE = "replace", "replacement"
    ROLLBACK = "rollback", "rollback"
    RENEWAL = "renewal", "automatic rotation"


class RotationStage(models.TextChoices):
    STAGED = "staged", "stored, not tested yet"
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"  # replaced where ``swapped``, else refused by the test
    ABANDONED = "abandoned", "abandoned"  # its worker died, more than once, or there was nothing to test any more
    DISCARDED = "discarded", "discarded"


class CredentialRotation(models.Model):
    """One replacement of an account's credential: the row is the request and the progress; messages may be lost.

    The new credential itself waits, sealed, in the account's `CloudCredential` (``staged_id`` is this row's id).
    ``active_account`` is the account while a test is queued or under way and NULL otherwise: its uniqueness lets one at
    a time be. ``lease_until`` is renewed by the worker; one that passed means a worker that died.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    active_account = models.UUIDField(null=True, unique=True)
    owner = models.CharField(max_length=64)
    purpose = models.CharField(max_length=8, choices=RotationPurpose.choices, default=RotationPurpose.REPLACE)
    method = models.CharField(max_length=40)
    actor = models.JSONField(default=dict)  # cloudaccounts.audit.actor.Actor
    # The row first, the message afterwards, as for all work: docs/decisions/0004.
    state = models.CharField(max_length=12, choices=RotationStage.choices, default=RotationStage.STAGED)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    ok = models.BooleanField(null=True)
    # Apart from `ok`, which is written before the swap: on MongoDB a kill may come between the two
    # (docs/decisions/0009).
    swapped = models.BooleanField(default=False)
    code = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=500, blank=True, default="")
    duration_ms = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)  # grows while it runs
    losses = models.JSONField(default=list)  # what scans could not read any more with it, as coverage gaps
    # Asked before the swap where the new credential reads less; what a person agreed to is kept with the request.
    accepted_losses = models.JSONField(default=list)  # permissions that a person has agreed to lose

    class Meta:
        db_table = "credential_rotations"
        indexes = [
            models.Index(fields=["account", "-requested_at"], name="rotation_account_requested"),
            models.Index(fields=["state", "requested_at"], name="rotation_state_requested"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.state}"

    @property
    def is_active(self) -> bool:
        return self.state in {RotationStage.QUEUED, RotationStage.RUNNING}
