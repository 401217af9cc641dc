"""The tables of second engines: who wants one, its runs, and what it found."""

from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.models.account import provider_choices


class EngineRelation(models.TextChoices):
    """How a result of the second engine stands to our own evaluations of the same resource."""

    BOTH = "both", "both found it"
    DIFFERS = "differs", "the two differ"
    ONLY = "only", "found by it alone"


class EngineRunStatus(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class EngineChoice(models.Model):
    """Whether a team's accounts, or one account, are read by the second engine too.

    ``subject`` is ``team:<owner>`` or ``account:<id>``, so that one of each can be written (unique constraints are on
    text, docs/decisions/0001). An account without a row follows its team; a team without one has chosen no.
    """

    subject = models.CharField(primary_key=True, max_length=80)
    owner = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    enabled = models.BooleanField(default=False)

    class Meta:
        db_table = "engine_choices"
        indexes = [models.Index(fields=["account"], name="engine_choice_account")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.enabled}"


class EngineRun(models.Model):
    """One run of the engine over one account, asked for by the end of a full scan. The row is the request."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    engine = models.CharField(max_length=20)
    account = models.UUIDField()
    active_account = models.UUIDField(null=True, unique=True)  # one at a time, as of scans (docs/decisions/0004)
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    scan_run = models.UUIDField()  # the scan that it followed
    actor = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=EngineRunStatus.choices, default=EngineRunStatus.QUEUED)
    complete = models.BooleanField(default=False)  # all of its results were read: then what it lacks is resolved
    results = models.PositiveIntegerField(default=0)
    malformed = models.PositiveIntegerField(default=0)
    foreign = models.PositiveIntegerField(default=0)
    agreed = models.PositiveIntegerField(default=0)  # pairs of evaluations with the same verdict, passes included
    error_code = models.CharField(max_length=64, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    error_remedy = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "engine_runs"
        indexes = [
            models.Index(fields=["account", "-requested_at"], name="engine_run_account"),
            models.Index(fields=["status", "requested_at"], name="engine_run_status"),
        ]

    def __str__(self) -> str:
        return f"{self.engine} of {self.account_name}"


class EngineFinding(models.Model):
    """What the second engine says of one resource. Never a row of `Finding`: no count of those includes it.

    ``rule`` is the check of ours that asks the same, ``ours`` its verdict on the same resource when this was imported;
    both empty where there is none. A row with the verdict pass is kept only where ours fails: then the two differ.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    engine = models.CharField(max_length=20)
    account = models.UUIDField()
    finding_key = models.CharField(max_length=64)  # SHA-256 of check, region and resource: fits every index
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    check_id = models.CharField(max_length=120)
    verdict = models.CharField(max_length=4)  # pass or fail
    relation = models.CharField(max_length=8, choices=EngineRelation.choices)
    rule = models.CharField(max_length=80, blank=True, default="")
    ours = models.CharField(max_length=16, blank=True, default="")  # a `Verdict`
    asset = models.UUIDField(null=True)  # ours, where there is one
    resource = models.CharField(max_length=2048)
    resource_name = models.CharField(max_length=300)
    region = models.CharField(max_length=60, blank=True, default="")
    service = models.CharField(max_length=40, blank=True, default="")
    severity = models.CharField(max_length=10)
    severity_rank = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    reason = models.CharField(max_length=1000, blank=True, default="")
    remediation = models.CharField(max_length=1000, blank=True, default="")
    is_open = models.BooleanField(default=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=200, blank=True, default="")
    last_run = models.UUIDField()

    class Meta:
        db_table = "engine_findings"
        constraints = [
            models.UniqueConstraint(fields=["account", "engine", "finding_key"], name="one_engine_finding_per_key")
        ]
        indexes = [
            models.Index(
                fields=["owner", "is_open", "relation", "severity_rank", "-first_seen", "id", "account"],
                name="engine_finding_owner",
            ),
            models.Index(
                fields=["owner", "is_open", "severity_rank", "-first_seen", "id", "account"],
                name="engine_finding_severity",
            ),
            models.Index(fields=["account", "is_open", "relation"], name="engine_finding_account"),
            models.Index(fields=["asset", "rule"], name="engine_finding_asset"),
        ]

    def __str__(self) -> str:
        return f"{self.check_id}: {self.resource_name}"
