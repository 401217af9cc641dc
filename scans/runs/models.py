"""The tables of runs, of what earlier runs covered, and of schedules."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

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
    """One scan of one account. The row is the request; a message only makes a worker look at it sooner.

    ``active_account`` is the account while the run is queued or running, and NULL afterwards. Because it is unique, one
    run of an account is active at a time, on every database (docs/decisions/0004). Progress counts units, which are
    pairs of service and region.
    """

    run_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    active_account = models.UUIDField(null=True, unique=True)
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    scan_type = models.CharField(max_length=12, choices=ScanType.choices, default=ScanType.FULL)
    all_regions = models.BooleanField(default=False)  # all that the account has enabled when the run starts
    regions = models.JSONField(default=list)
    services = models.JSONField(default=list)  # empty: all
    status = models.CharField(max_length=10, choices=ScanStatus.choices, default=ScanStatus.QUEUED)
    auto_initiated = models.BooleanField(default=False)  # the first scan, which follows onboarding
    scheduled = models.BooleanField(default=False)  # started by the account's schedule
    # Who asked for it. A worker opens the credential in this name, and the audit says so.
    actor = models.JSONField(default=dict)
    units_total = models.PositiveIntegerField(default=0)
    units_done = models.PositiveIntegerField(default=0)
    now_doing = models.CharField(max_length=200, blank=True, default="")
    assets_seen = models.PositiveIntegerField(default=0)
    assets_new = models.PositiveIntegerField(default=0)
    assets_changed = models.PositiveIntegerField(default=0)
    assets_gone = models.PositiveIntegerField(default=0)
    units_unchanged = models.PositiveIntegerField(default=0)  # not collected: nothing changed there
    findings_new = models.PositiveIntegerField(default=0)
    findings_resolved = models.PositiveIntegerField(default=0)
    findings_reopened = models.PositiveIntegerField(default=0)
    # Of the whole account as it stood when the run completed.
    open_by_severity = models.JSONField(default=dict)  # {critical: 2, …}, suppressed ones left out
    verdicts = models.JSONField(default=dict)  # {pass, fail, unknown}: results of checks on present assets
    unknowns = models.JSONField(default=list)  # [{check, title, why, count}], the most frequent first
    notes = models.JSONField(default=list)  # sentences about how this run was made
    gaps = models.JSONField(default=list)  # [{service, region, code, cause, remedy}]
    error_code = models.CharField(max_length=64, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    error_remedy = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True)  # when its message was sent last
    claim = models.UUIDField(null=True)  # names the try whose worker may write
    lease_until = models.DateTimeField(null=True)  # renewed while the worker lives
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    just_requested = False  # no column: True on an instance that `request_scan` has just written

    class Meta:
        db_table = "scan_runs"
        indexes = [
            # For an account's latest run, the list of an owner's runs, and the reconciler, in this order.
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
    def took(self) -> timedelta | None:
        """How long it worked, or has worked so far; None before it started. Of its latest try."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    @property
    def outcome(self) -> str:
        """The status in words. A scan with gaps must not look like one that read everything."""
        gaps = self.status == ScanStatus.COMPLETED and bool(self.gaps)
        return "completed with gaps" if gaps else str(ScanStatus(self.status).label)

    @property
    def compliance(self) -> int | None:
        """Percent of passed evaluations among those that could be decided; None where there are none."""
        passed, failed = self.verdicts.get("pass", 0), self.verdicts.get("fail", 0)
        # Rounded down: 100 % means that nothing failed.
        return int(passed * 100 / (passed + failed)) if passed + failed else None


class ScanUnitRecord(models.Model):
    """Until when a unit of an account is known completely. Without a row it was never part of a scan.

    ``covered_at`` is the start of the last run that collected all of it, or that learned from the cloud that nothing
    changed there; empty where none has yet. ``version`` is that of the provider's collectors and checks: newer ones
    collect everything once. It is empty while the unit is a gap: ``gap_since`` is when the first of the readings
    failed that have failed since.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    service = models.CharField(max_length=40)
    region = models.CharField(max_length=60)
    also = models.JSONField(default=list)  # further regions that the unit listed
    version = models.CharField(max_length=32, blank=True, default="")
    looked_at = models.DateTimeField(null=True)  # when it was collected last
    covered_at = models.DateTimeField(null=True)
    gap_since = models.DateTimeField(null=True)
    gap_code = models.CharField(max_length=64, blank=True, default="")
    gap_cause = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "scan_unit_records"
        # One record even if two workers wrote it: what is known of a unit must be one answer.
        constraints = [models.UniqueConstraint(fields=["account", "service", "region"], name="one_record_per_unit")]

    def __str__(self) -> str:
        return f"{self.service} in {self.region}"


class ScanEvery(models.TextChoices):
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"
    CRON = "cron", "By a cron line"
    OFF = "off", "Only when asked for"


class ScanSchedule(models.Model):
    """How often an account is scanned without being asked. The first of these scans after ``full_at`` is a full one."""

    # The account is the key: a second schedule of one account cannot be written.
    account = models.UUIDField(primary_key=True)
    owner = models.CharField(max_length=64)
    every = models.CharField(max_length=8, choices=ScanEvery.choices, default=ScanEvery.DAILY)
    cron = models.CharField(max_length=100, blank=True, default="")  # see `scans.runs.cron`
    # What these scans read; empty is everything. What they leave out becomes stale, as its coverage says.
    services = models.JSONField(default=list)
    regions = models.JSONField(default=list)
    next_at = models.DateTimeField(null=True)  # empty while off
    full_at = models.DateTimeField()

    class Meta:
        db_table = "scan_schedules"
        indexes = [models.Index(fields=["next_at"], name="schedule_next")]

    def __str__(self) -> str:
        return f"{self.every}"
