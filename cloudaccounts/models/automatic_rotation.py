"""Rows of automatic rotation: who wants it, each replacement, and each of its steps at the cloud."""

from __future__ import annotations

import uuid

from django.db import models

UNUSED_DAYS = 90


class RotationPolicy(models.Model):
    """What a team wants of all its accounts that say nothing of their own, and of new keys. ``owner`` is `Team.key`."""

    owner = models.CharField(max_length=64, primary_key=True)
    automatic = models.BooleanField(default=False)
    max_age_days = models.PositiveSmallIntegerField()
    keys_forbidden = models.BooleanField(default=False)  # `credentials.new_keys`; keys that are there stay
    # A secret that nothing here has used for so long is told (`rotation.unused`).
    unused_days = models.PositiveSmallIntegerField(default=UNUSED_DAYS)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "rotation_policies"

    def __str__(self) -> str:
        return f"automatic at {self.max_age_days} days" if self.automatic else "by hand"


class RotationSetting(models.Model):
    """One account's own wish, and whether its credential was proven to be able to replace itself.

    Accounts without an own wish have a row as well where their team's policy is automatic: the proof is kept there.
    """

    account = models.UUIDField(primary_key=True)
    owner = models.CharField(max_length=64)
    automatic = models.BooleanField(null=True)  # NULL: as the team's policy says
    max_age_days = models.PositiveSmallIntegerField(null=True)
    # Proven before it is relied on, and again with each rotation.
    ready = models.BooleanField(null=True)  # NULL: not proven yet
    missing = models.JSONField(default=list)  # permissions by the cloud's own names
    cause = models.CharField(max_length=500, blank=True, default="")
    remedy = models.CharField(max_length=500, blank=True, default="")
    proven_at = models.DateTimeField(null=True)
    # The scheduler asks this column alone; it is moved ahead, never scanned for all accounts.
    look_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rotation_settings"
        indexes = [
            models.Index(fields=["look_at"], name="rotation_setting_look"),
            models.Index(fields=["owner", "automatic"], name="rotation_setting_owner"),
        ]

    def __str__(self) -> str:
        return {True: "automatic", False: "by hand", None: "as the team"}[self.automatic]


class RunState(models.TextChoices):
    PREPARING = "preparing", "preparing"  # nothing has been made yet
    CREATING = "creating", "making a new key"  # asked for; whether the cloud made it is not written down yet
    TESTING = "testing", "testing the new key"  # both keys exist, the old one is in use
    WATCHING = "watching", "watching the old key"  # both work, the new one is in use
    GRACE = "grace", "grace time"  # the old one is deactivated, where the cloud can do that
    REMOVING = "removing", "removing the new key"  # it did not pass, or nobody wants it any more
    FINISHED = "finished", "finished"
    FAILED = "failed", "failed"


ENDED = (RunState.FINISHED, RunState.FAILED)


class RunPurpose(models.TextChoices):
    ROTATE = "rotate", "rotation"
    PROVE = "prove", "permission check"  # only asks what is granted


class RotationRun(models.Model):
    """One automatic replacement: the row is the request and the progress (docs/decisions/0004).

    ``active_account`` is unique and NULL once it has ended. Keys are named by the cloud's ids; the secret waits in the
    account's `CloudCredential`, staged under ``rotation``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    active_account = models.UUIDField(null=True, unique=True)
    owner = models.CharField(max_length=64)
    purpose = models.CharField(max_length=8, choices=RunPurpose.choices, default=RunPurpose.ROTATE)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.PREPARING)
    actor = models.JSONField(default=dict)
    began_at = models.DateTimeField()
    requested_at = models.DateTimeField()  # when a worker is to look next: `jobs.turns` serves in this order
    nudged_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)  # claims, counted by `work.leases`
    failures = models.PositiveSmallIntegerField(default=0)  # in a row, for growing pauses
    tries = models.PositiveSmallIntegerField(default=0)  # keys that were asked for
    finished_at = models.DateTimeField(null=True)

    # Written before the key is asked for: by these a key is found whose answer was lost.
    old_key = models.CharField(max_length=200, blank=True, default="")
    new_key = models.CharField(max_length=200, blank=True, default="")
    mark = models.CharField(max_length=200, blank=True, default="")
    known_keys = models.JSONField(default=list)  # ids that were there before
    intended_at = models.DateTimeField(null=True)
    rotation = models.UUIDField(null=True)  # the CredentialRotation that tests and swaps it
    looks = models.PositiveSmallIntegerField(default=0)  # for a lost answer's key, without finding it

    swapped_at = models.DateTimeField(null=True)
    # The cloud's clock minus ours when the key was made: uses are dated by the cloud.
    clock_offset = models.IntegerField(default=0)  # seconds
    # Time is counted look by look and not subtracted once: a clock that jumps must not end a watch.
    looked_at = models.DateTimeField(null=True)
    waited = models.PositiveIntegerField(default=0)  # seconds of silence so far, in the present state
    used_at = models.DateTimeField(null=True)  # the old key's last use after the swap that was not ours
    used_by = models.CharField(max_length=200, blank=True, default="")
    use_unknown = models.CharField(max_length=300, blank=True, default="")  # why the cloud does not tell
    held = models.BooleanField(default=False)  # it does not go on until something changes; ``cause`` says what
    deactivated_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=500, blank=True, default="")
    remedy = models.CharField(max_length=500, blank=True, default="")
    leftovers = models.JSONField(default=list)  # [{id, why, since}]: keys at the cloud that a person has to look at

    class Meta:
        db_table = "rotation_runs"
        indexes = [
            models.Index(fields=["account", "-began_at"], name="rotation_run_account"),
            models.Index(fields=["active_account", "requested_at"], name="rotation_run_due"),
            models.Index(fields=["owner", "state"], name="rotation_run_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.state}"

    @property
    def is_active(self) -> bool:
        return self.active_account is not None


class StepOutcome(models.TextChoices):
    BEGUN = "begun", "begun"  # the answer is not known: a worker died here, or the cloud did not say
    DONE = "done", "done"
    REFUSED = "refused", "refused"


class RotationStep(models.Model):
    """One call that changes something at the cloud: written before it is made, and again with its outcome."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.UUIDField()
    account = models.UUIDField()
    owner = models.CharField(max_length=64)
    action = models.CharField(max_length=16)  # create, test, deactivate, delete, remove
    key_id = models.CharField(max_length=200, blank=True, default="")
    outcome = models.CharField(max_length=8, choices=StepOutcome.choices, default=StepOutcome.BEGUN)
    code = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=500, blank=True, default="")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rotation_steps"
        indexes = [models.Index(fields=["run", "began_at"], name="rotation_step_run")]

    def __str__(self) -> str:
        return f"{self.action} {self.key_id} {self.outcome}"
