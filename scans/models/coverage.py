from __future__ import annotations

import uuid

from django.db import models


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
