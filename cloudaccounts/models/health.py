"""What heartbeats record: a history for each account, and whether each provider answers at all."""

from __future__ import annotations

import uuid

from django.db import models


class CheckKind(models.TextChoices):
    LIGHT = "light", "heartbeat"
    FULL = "full", "full report"


class HealthRecord(models.Model):
    """One check of an account, in a compact row. Routine ones (``notable`` False) are kept a few days only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=6, choices=CheckKind.choices)
    ok = models.BooleanField()
    code = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=500, blank=True, default="")
    duration_ms = models.PositiveIntegerField(default=0)
    # Copied, since the account's own changes: the strip of an account's history is drawn from these rows alone.
    status = models.CharField(max_length=12)  # of the account, after it
    # Two ages: checks that passed as the one before say nothing after HEALTH_ROUTINE_DAYS, the others stay
    # HEALTH_HISTORY_DAYS.
    notable = models.BooleanField(default=False)  # it failed, was a full report or changed something

    class Meta:
        indexes = [
            models.Index(fields=["account", "-at"], name="health_account_at"),
            models.Index(fields=["notable", "at"], name="health_notable_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code or 'ok'}"


class HeartbeatRound(models.Model):
    """A process that checks accounts of a provider now. They share the provider's limit; see health.provider_round."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=32)
    # A lease like all others: a killed process's share of the provider's limit is free again half a minute later.
    until = models.DateTimeField()  # renewed while it lives

    class Meta:
        indexes = [models.Index(fields=["provider", "until"], name="heartbeat_round_provider")]

    def __str__(self) -> str:
        return self.provider


class ProviderReach(models.Model):
    """Whether a provider's accounts answer at all. ``suspected_since`` is set while an outage is suspected."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=32, unique=True)
    answered_at = models.DateTimeField(null=True)  # when the last check of any account of it passed
    # The UPDATE that sets or clears it is conditional on what was read, so of several workers one notifies.
    suspected_since = models.DateTimeField(null=True)
    accounts = models.PositiveIntegerField(default=0)  # that failed since
    code = models.CharField(max_length=64, blank=True, default="")  # what most of them met
    cause = models.CharField(max_length=500, blank=True, default="")
    remedy = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return self.provider
