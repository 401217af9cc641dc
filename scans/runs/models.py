from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.models.account import provider_choices


class ScanStatus(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class ScanType(models.TextChoices):
    FULL = "full", "full"
    INCREMENTAL = "incremental", "incremental"


ACTIVE = (ScanStatus.QUEUED, ScanStatus.RUNNING)


class ScanRun(models.Model):
    """One scan of one account. The row is the truth: a message only nudges a worker towards it.

    ``active_account`` is the account while the run is queued or running and NULL afterwards: its uniqueness lets one
    run at a time be active. ``lease_until`` is renewed while a worker lives. Progress counts (service, region) units.
    """

    run_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    active_account = models.UUIDField(null=True, unique=True)
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    scan_type = models.CharField(max_length=12, choices=ScanType.choices, default=ScanType.FULL)
    regions = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=ScanStatus.choices, default=ScanStatus.QUEUED)
    auto_initiated = models.BooleanField(default=False)  # started by onboarding itself
    scheduled = models.BooleanField(default=False)  # started by the account's schedule
    actor = models.JSONField(default=dict)
    units_total = models.PositiveIntegerField(default=0)
    units_done = models.PositiveIntegerField(default=0)
    now_doing = models.CharField(max_length=200, blank=True, default="")
    assets_seen = models.PositiveIntegerField(default=0)
    assets_new = models.PositiveIntegerField(default=0)
    assets_changed = models.PositiveIntegerField(default=0)
    assets_gone = models.PositiveIntegerField(default=0)
    units_unchanged = models.PositiveIntegerField(default=0)  # not looked at: nothing changed there
    findings_new = models.PositiveIntegerField(default=0)
    findings_resolved = models.PositiveIntegerField(default=0)
    findings_reopened = models.PositiveIntegerField(default=0)
    # Of the whole account as it stood when the run completed.
    open_by_severity = models.JSONField(default=dict)  # {critical: 2, …}, suppressed ones left out
    verdicts = models.JSONField(default=dict)  # {pass, fail, unknown}: judgements of what is there
    unknowns = models.JSONField(default=list)  # [{check, title, why, count}], the most frequent first
    notes = models.JSONField(default=list)  # sentences about how this run was made
    gaps = models.JSONField(default=list)  # [{service, region, code, cause, remedy}]
    error_code = models.CharField(max_length=64, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    error_remedy = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    just_requested = False  # True on the instance that `request_scan` has just written, not on one that it found

    class Meta:
        db_table = "scan_runs"
        indexes = [
            models.Index(fields=["account", "-requested_at"], name="scan_account_requested"),
            models.Index(fields=["owner", "-requested_at"], name="scan_owner_requested"),
            models.Index(fields=["status", "requested_at"], name="scan_status_requested"),
        ]

    def __str__(self) -> str:
        return f"{self.scan_type} scan of {self.account_name}"

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def outcome(self) -> str:
        """The status as people say it: what was not read must not look like what was."""
        gaps = self.status == ScanStatus.COMPLETED and bool(self.gaps)
        return "completed with gaps" if gaps else str(ScanStatus(self.status).label)

    @property
    def compliance(self) -> int | None:
        """Percent of the judgements that passed, of those that could be made."""
        passed, failed = self.verdicts.get("pass", 0), self.verdicts.get("fail", 0)
        return int(passed * 100 / (passed + failed)) if passed + failed else None


class ScanUnitRecord(models.Model):
    """Until when a unit of an account is known completely. No row: it is not, and the next scan looks at it.

    ``covered_at`` is the start of the last run that looked at all of it, or that was told by the cloud that nothing had
    changed there. ``version`` is that of the provider's collectors and checks: newer ones look at everything once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    service = models.CharField(max_length=40)
    region = models.CharField(max_length=60)
    also = models.JSONField(default=list)  # the further regions that the unit told of
    version = models.CharField(max_length=32)
    looked_at = models.DateTimeField()  # when it was last really looked at
    covered_at = models.DateTimeField()

    class Meta:
        db_table = "scan_unit_records"
        constraints = [models.UniqueConstraint(fields=["account", "service", "region"], name="one_record_per_unit")]

    def __str__(self) -> str:
        return f"{self.service} in {self.region}"


class ScanEvery(models.TextChoices):
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"
    OFF = "off", "Only when asked for"


class ScanSchedule(models.Model):
    """When an account is scanned by itself. ``full_at`` is when the next of these scans is to be a full one."""

    account = models.UUIDField(primary_key=True)
    owner = models.CharField(max_length=64)
    every = models.CharField(max_length=8, choices=ScanEvery.choices, default=ScanEvery.DAILY)
    next_at = models.DateTimeField(null=True)  # empty while off
    full_at = models.DateTimeField()

    class Meta:
        db_table = "scan_schedules"
        indexes = [models.Index(fields=["next_at"], name="schedule_next")]

    def __str__(self) -> str:
        return f"{self.every}"
