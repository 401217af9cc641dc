"""The table of drafts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from cloudaccounts.crypto.fields import SealedField

if TYPE_CHECKING:  # every command loads this module
    from cloudaccounts.contract.report import CloudValidationResult

PROOF_LIFETIME = timedelta(minutes=15)  # access that was proven longer ago may have been taken away since


class Step(models.TextChoices):
    PROVIDER = "provider", "Provider"
    ENVIRONMENT = "environment", "Environment"
    AUTHENTICATION = "authentication", "Authentication"
    VALIDATION = "validation", "Validation"


class ValidationState(models.TextChoices):
    IDLE = "idle", "not run yet"
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"


class WizardSessionQuerySet(models.QuerySet["WizardSession"]):
    def of(self, owner: str) -> WizardSessionQuerySet:
        return self.filter(owner=owner)

    # By `account` and the end alone: a draft that is being finished is open until its account exists, and is listed
    # until then.
    def open(self) -> WizardSessionQuerySet:
        """Drafts that can be worked on: neither turned into an account nor expired."""
        return self.filter(account__isnull=True, expires_at__gt=timezone.now())


class WizardSession(models.Model):
    """A draft of an account. Everything that a person entered is encrypted in ``data``; a finished draft has none.

    ``version`` grows with every write of ``data`` and keeps two tabs from overwriting each other. ``revision`` grows
    when something changes that a validation proves (account, partition, regions, credentials): a report counts only
    while ``validation_revision`` equals it. ``claim`` names the worker's try that may write the report. A draft's id
    becomes its account's id, so that finishing can be repeated.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Text and no foreign key: users are in another database (docs/decisions/0003).
    owner = models.CharField(max_length=64)
    # Ids of groups with commas between them, where whoever began it is limited to those (`cloudaccounts.group_scope`).
    limited_to = models.TextField(null=True)  # noqa: DJ001 # empty is a limit to nothing
    data = SealedField(null=True)
    version = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    step = models.CharField(max_length=20, choices=Step.choices, default=Step.PROVIDER)
    # Not secret: shown in the list of drafts, which decrypts none of them.
    provider = models.CharField(max_length=32, blank=True, default="")
    account_id = models.CharField(max_length=128, blank=True, default="")
    name = models.CharField(max_length=120, blank=True, default="")

    validation = models.CharField(max_length=10, choices=ValidationState.choices, default=ValidationState.IDLE)
    validation_revision = models.PositiveIntegerField(null=True, blank=True)
    # As `cloudaccounts.contract.report` writes it. Not encrypted: it names permissions and causes, never a secret.
    report = models.JSONField(default=dict, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.JSONField(default=dict, blank=True)  # Actor of the request, for audit events
    nudged_at = models.DateTimeField(null=True, blank=True)  # when its message was sent last
    broker_refused = models.BooleanField(default=False)  # whether the broker did not take it
    lease_until = models.DateTimeField(null=True, blank=True)
    validated_at = models.DateTimeField(null=True, blank=True)

    # Set in this order: the draft is marked, then its account exists, then the draft is empty (see drafts.completion).
    finishing_at = models.DateTimeField(null=True, blank=True)  # from then on the draft cannot be changed
    finishing_actor = models.JSONField(default=dict, blank=True)
    finishing_attempts = models.PositiveSmallIntegerField(default=0)  # tries of the reconciler to complete it
    account = models.UUIDField(null=True, blank=True)  # once finished

    others = models.JSONField(default=list, blank=True)  # [{account_id, name, enabled}] that the credential can see too
    finishes_itself = models.BooleanField(default=False)  # once it is proven, in the name of ``finishing_actor``

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    objects = WizardSessionQuerySet.as_manager()

    class Meta:
        db_table = "wizard_sessions"
        verbose_name = "draft"
        indexes = [
            # The list of drafts; then what the reconciler and the purge look for.
            models.Index(fields=["owner", "-updated_at"], name="draft_owner_updated"),
            models.Index(fields=["validation", "requested_at"], name="draft_validation_requested"),
            models.Index(fields=["finishing_at"], name="draft_finishing"),
            models.Index(fields=["expires_at"], name="draft_expires"),
        ]

    def __str__(self) -> str:
        return self.name or f"Draft of {self.created_at.day} {self.created_at:%B, %H:%M}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def is_finishing(self) -> bool:
        return self.finishing_at is not None and self.account is None

    @property
    def result(self) -> CloudValidationResult | None:
        """The report of the present data, also while it grows; None where there is none."""
        report: dict[str, Any] = self.report
        if not report or self.validation_revision != self.revision:
            return None
        # Here and not at the head: every command loads the models, and few need a report (docs/decisions/0012).
        from cloudaccounts.contract.report import CloudValidationResult

        return CloudValidationResult.from_dict(report)

    @property
    def proof(self) -> CloudValidationResult | None:
        """The report that allows finishing: good, of the present data, and younger than `PROOF_LIFETIME`."""
        result = self.result
        if self.validation != ValidationState.FINISHED or result is None or not (result.ok and result.finished):
            return None
        return result if self.proof_is_fresh else None

    @property
    def proof_is_fresh(self) -> bool:
        return self.validated_at is not None and timezone.now() - self.validated_at < PROOF_LIFETIME


def new_expiry() -> datetime:
    return timezone.now() + timedelta(days=settings.WIZARD_SESSION_DAYS)
