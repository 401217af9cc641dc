"""The tables of mute rules, and of what a team decided about checks."""

from __future__ import annotations

import uuid

from django.db import models


class MuteRule(models.Model):
    """Which findings of an owner are muted: those that match all criteria that are not empty.

    Rules are ended and never deleted, so that it stays known why a finding did not count. While ``ended_at`` is empty
    it holds for findings to come as well.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    check_id = models.CharField(max_length=80, blank=True, default="")
    severity = models.CharField(max_length=10, blank=True, default="")
    account = models.UUIDField(null=True)
    group = models.UUIDField(null=True)  # with the groups nested in it
    environment = models.CharField(max_length=20, blank=True, default="")
    region = models.CharField(max_length=60, blank=True, default="")
    resource = models.CharField(max_length=300, blank=True, default="")  # a glob over the asset's name and identifier
    tag = models.CharField(max_length=400, blank=True, default="")  # ``key`` or ``key=value``
    reason = models.CharField(max_length=500)
    author = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    until = models.DateTimeField(null=True)  # empty: until somebody ends it
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=160, blank=True, default="")  # empty where its end had come

    class Meta:
        db_table = "mute_rules"
        indexes = [
            models.Index(fields=["owner", "ended_at", "-created_at"], name="mute_rule_owner"),
            models.Index(fields=["ended_at", "until"], name="mute_rule_until"),
        ]

    def __str__(self) -> str:
        return f"{self.check_id or 'findings'}: {self.reason[:40]}"


class SeverityOverride(models.Model):
    """The severity that a team gives to a check, in place of the check's own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    check_id = models.CharField(max_length=80)
    severity = models.CharField(max_length=10)
    reason = models.CharField(max_length=500, blank=True, default="")
    author = models.CharField(max_length=160)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "severity_overrides"
        constraints = [models.UniqueConstraint(fields=["owner", "check_id"], name="one_severity_per_check")]

    def __str__(self) -> str:
        return f"{self.check_id}: {self.severity}"


class ThresholdSetting(models.Model):
    """A team's own number for a threshold that checks have (`cloudaccounts.contract.rules.Threshold`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=60)
    value = models.PositiveIntegerField()
    author = models.CharField(max_length=160)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "threshold_settings"
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_value_per_threshold")]

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"
