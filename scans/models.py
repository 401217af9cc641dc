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
    actor = models.JSONField(default=dict)
    units_total = models.PositiveIntegerField(default=0)
    units_done = models.PositiveIntegerField(default=0)
    now_doing = models.CharField(max_length=200, blank=True, default="")
    assets_seen = models.PositiveIntegerField(default=0)
    assets_new = models.PositiveIntegerField(default=0)
    assets_changed = models.PositiveIntegerField(default=0)
    assets_gone = models.PositiveIntegerField(default=0)
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


class Asset(models.Model):
    """A discovered resource. ``gone_at`` is set when a complete look at its unit did not find it any more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    asset_key = models.CharField(max_length=64)  # SHA-256 of type, region and native id: short enough for every index
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    type = models.CharField(max_length=80)
    service = models.CharField(max_length=40)
    region = models.CharField(max_length=60)
    unit_region = models.CharField(max_length=60)  # of the scan unit that finds it: a bucket's is "global"
    native_id = models.CharField(max_length=2048)
    name = models.CharField(max_length=300)
    tags = models.JSONField(default=dict)
    properties = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    last_run = models.UUIDField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "assets"
        constraints = [models.UniqueConstraint(fields=["account", "asset_key"], name="one_asset_per_account")]
        indexes = [
            models.Index(fields=["owner", "gone_at", "type", "name"], name="asset_owner_type_name"),
            models.Index(fields=["account", "service", "unit_region"], name="asset_account_unit"),
            models.Index(fields=["account", "type", "name"], name="asset_account_type_name"),
        ]

    def __str__(self) -> str:
        return self.name
