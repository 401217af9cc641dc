from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from cloudaccounts import registry
from teams.names import NameKeyField, has_in_name

if TYPE_CHECKING:  # loaded by every command
    from cloudaccounts.contract.provider import Provider
    from cloudaccounts.contract.report import CloudValidationResult


class CloudAccountStatus(models.TextChoices):
    PENDING = "pending", "pending"  # created without a proof (import, organization)
    ACTIVE = "active", "active"
    FAILED = "failed", "failed"
    SUSPENDED = "suspended", "suspended"


class AccountHealth(models.TextChoices):
    """Beside the status: what the latest checks met. `health.state_machine` alone says what follows from what."""

    UNKNOWN = "unknown", "not checked yet"
    OK = "ok", "ok"
    DEGRADED = "degraded", "degraded"  # out of reach for now, or our own trouble
    BROKEN = "broken", "broken"  # refused, or out of reach for too long: the status says failed


class Environment(models.TextChoices):
    PRODUCTION = "production", "Production"
    STAGING = "staging", "Staging"
    DEVELOPMENT = "dev", "Dev"


# What the lists' filters ask for: part of each index that a list is sorted by (docs/decisions/0011).
_KEYS = (
    "id", "account_id", "provider", "status", "environment", "credential_secretless", "credential_since",
    "credential_expires_at",
)  # fmt: skip
_AGE = ("credential_secretless", "credential_since")


class CloudAccountQuerySet(models.QuerySet["CloudAccount"]):
    def of(self, owner: str) -> CloudAccountQuerySet:
        return self.filter(owner=owner)

    def matching(self, text: str) -> CloudAccountQuerySet:
        """By part of the name or the start of the account id, as people type it (1111-2222)."""
        # AWS writes account numbers in groups of four; what is stored is canonical, without separators.
        digits = text.replace("-", "").replace(" ", "")
        # No portable index knows parts of a name. One owner's index of names is read once instead, and all that is
        # there comes up: docs/decisions/0011.
        condition = has_in_name(text) | Q(account_id=text)
        return self.filter(condition | Q(account_id__startswith=digits.lower()) if digits else condition)

    def part(self, start: int, stop: int) -> list[CloudAccount]:
        """As a slice, in two queries: the keys, for which an index is enough, and the rows that are shown."""
        keys = list(self.values_list("pk", flat=True)[start:stop])
        # Asked for whole rows at once, the databases choose indexes that are not in the list's order, and sort
        # (docs/decisions/0011).
        # Without order: for its sake SQLite, which has no statistics of its own accord, read all rows of an owner.
        rows = self.order_by().in_bulk(keys)
        # So in the order of the keys, and a row may have been deleted between the two queries.
        return [rows[key] for key in keys if key in rows]


# A callable of this module: migrations name it, and a new provider needs none of its own.
def provider_choices() -> list[tuple[str, str]]:
    return registry.choices()


class CloudAccount(models.Model):
    """An account, subscription or project of a cloud, connected by one team.

    ``owner`` is the team's key: teams live in another database, so there is no foreign key (docs/decisions/0003).
    What a list shows stands on the row, so that no list needs a join.
    """

    # UUIDs here and in all models of this product: over an integer key MongoDB's backend builds unique indexes that
    # take duplicates (docs/decisions/0001).
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Each query of a page starts with it (`of`), and what is somebody else's answers 404 (docs/decisions/0003).
    owner = models.CharField(max_length=64)
    provider = models.CharField(max_length=32, choices=provider_choices)
    # Canonical, by the provider's `clean_account_id`: the unique constraint below compares texts.
    account_id = models.CharField(max_length=128)
    name = models.CharField(max_length=120)
    name_key = NameKeyField()  # lists are in its order
    environment = models.CharField(max_length=20, choices=Environment.choices, default=Environment.PRODUCTION)
    all_regions = models.BooleanField(default=False)  # each scan resolves `regions` anew: all that are enabled then
    regions = models.JSONField(default=list)  # that scans read
    enabled_regions = models.JSONField(null=True, blank=True)  # as the cloud said last; NULL while it has not
    partition = models.CharField(max_length=32)
    tenant = models.CharField(max_length=64, blank=True, default="")  # the directory it lies in (Azure), for links
    auth_method = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=CloudAccountStatus.choices, default=CloudAccountStatus.PENDING)
    last_checked_at = models.DateTimeField(null=True, blank=True)
    # The latest full report, large because it names each permission: lists and rounds defer it. The three columns
    # after it hold what the latest check of any kind met, so that nothing has to be read from the report for a list.
    last_check = models.JSONField(
        default=dict, blank=True
    )  # the last finished report, see cloudaccounts.contract.report
    last_check_code = models.CharField(max_length=64, blank=True, default="")  # empty while access is proven
    last_check_cause = models.CharField(max_length=500, blank=True, default="")
    last_check_remedy = models.CharField(max_length=500, blank=True, default="")
    reported_at = models.DateTimeField(null=True, blank=True)  # when `last_check` was made; heartbeats are lighter
    # Status and health are written by `health.transitions` alone, by UPDATEs conditional on what the decision was made
    # from: a `save()` of the whole row would undo what a check wrote in between (docs/decisions/0006).
    health = models.CharField(max_length=10, choices=AccountHealth.choices, default=AccountHealth.UNKNOWN)
    health_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # checks in a row that did not pass
    # Only what was granted once can be lost, so both lists are kept beside the report (`health.permission_loss`).
    proven_permissions = models.JSONField(default=list, blank=True)  # names, as last granted
    lost_permissions = models.JSONField(default=list, blank=True)  # denied now: service, permission, since when
    # Due date and lease in one column: a heartbeat round claims accounts by moving it ahead, and those of a killed
    # round are due again without anything to repair (docs/decisions/0006).
    next_check_at = models.DateTimeField(null=True, blank=True, default=timezone.now)  # NULL while suspended
    next_report_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    check_claim = models.UUIDField(null=True, blank=True)  # the heartbeat round that has it; see health.heartbeats
    # Copies from `cloud_credentials`: lists by age and their filters are answered by this table's indexes, without a
    # join.
    credential_since = models.DateTimeField(null=True, blank=True)  # the cloud's key date, else the day it was given
    credential_expires_at = models.DateTimeField(null=True, blank=True)
    credential_secretless = models.BooleanField(default=False)
    # A check that began with the old credential compares it when it ends, and writes nothing over what is known of the
    # new one (docs/decisions/0009).
    credential_generation = models.PositiveIntegerField(default=0)  # grows when the credential is replaced
    # The external ID that it trusts where that is not the team's present one: written when the team's is replaced, and
    # emptied by the first check that passes with the new one (`accounts.external_id_change`).
    former_external_id = models.CharField(max_length=63, blank=True, default="")
    # Members of an organization borrow: a secret that is kept once is rotated once (docs/decisions/0008).
    connection = models.UUIDField(null=True, blank=True)  # the account whose credential opens this one, if not its own
    latest_scan_run_id = models.UUIDField(null=True, blank=True)
    # Written by `accounts.coverage` and `accounts.summaries`; lists show the numbers, one account's page the gaps too.
    coverage = models.JSONField(default=dict, blank=True)  # see `accounts.coverage.Coverage.columns`
    # The product of three shares, rounded down, so 100 only where nothing is missing (docs/coverage.md). Not known is
    # NULL and no number: zero would say that nothing is read.
    coverage_percent = models.PositiveSmallIntegerField(null=True, blank=True)  # NULL: not known
    coverage_gaps = models.JSONField(default=list, blank=True)  # [{kind, what, why, blinds, since}]
    coverage_due_at = models.DateTimeField(null=True, blank=True)  # when the next reading becomes stale
    posture = models.JSONField(default=dict, blank=True)  # {critical, high, medium, low, score}
    # The same as columns, with the weights behind the score (docs/coverage.md): lists sort by them and the dashboard
    # adds them up, which no two databases do alike inside of JSON. `accounts.summaries` writes both.
    open_critical = models.PositiveIntegerField(default=0)
    open_high = models.PositiveIntegerField(default=0)
    open_medium = models.PositiveIntegerField(default=0)
    open_low = models.PositiveIntegerField(default=0)
    passed_weight = models.PositiveBigIntegerField(default=0)
    failed_weight = models.PositiveBigIntegerField(default=0)
    score = models.PositiveSmallIntegerField(null=True, blank=True)  # NULL: nothing was evaluated
    scanned_at = models.DateTimeField(null=True, blank=True)  # when the last scan ended, however
    last_scan = models.JSONField(default=dict, blank=True)  # {run_id, scan_type, status, gaps, finished_at}
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CloudAccountQuerySet.as_manager()

    class Meta:
        db_table = "enhanced_cloud_accounts"
        # A right of its own: whoever may change accounts may not give them away for that reason alone
        # (`bulk.actions`).
        permissions = [("transfer_cloudaccount", "Can give cloud account to another owner")]
        # The last word on duplicates: whoever looked before writing may have been overtaken by a parallel call.
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "provider", "account_id"],
                name="one_account_per_owner",
                violation_error_message="This account is connected already.",
            )
        ]
        indexes = [
            # Lists: what they sort by comes first, and then all that they narrow by, so that neither counting nor
            # leafing through reads a row that is not shown (see `CloudAccountQuerySet.part`).
            models.Index(fields=["owner", "name_key", "name", *_KEYS, "last_checked_at"], name="account_owner_list"),
            models.Index(
                fields=["owner", *_AGE, "id", "credential_expires_at", "provider", "status", "environment"],
                name="account_owner_ages",
            ),
            models.Index(fields=["owner", "-created_at"], name="account_owner_created"),
            models.Index(fields=["owner", "last_checked_at", "id"], name="account_owner_checked"),
            models.Index(fields=["owner", "status"], name="account_owner_status"),
            # A round of heartbeats claims one provider's accounts, the longest due first (`health.due_accounts`).
            models.Index(fields=["provider", "next_check_at"], name="account_due"),
            # For operators, who read everybody's.
            models.Index(
                fields=["name_key", "name", *_KEYS, "owner", "health", "last_checked_at", "last_check_code"],
                name="account_list",
            ),
            models.Index(fields=[*_AGE, "id", "credential_expires_at"], name="account_ages"),
            models.Index(fields=["credential_since", "credential_secretless"], name="account_credential_since"),
            models.Index(fields=["credential_expires_at", "credential_secretless"], name="account_credential_ends"),
            # Those whose end has come are few, and counted apart (`credentials.age.overdue_parts`).
            models.Index(
                fields=["owner", "credential_expires_at", "credential_since", "credential_secretless"],
                name="account_owner_ends",
            ),
            models.Index(fields=["account_id"], name="account_number"),
            models.Index(fields=["status", "name_key", "name", "id"], name="account_status_list"),
            # Asked before an account is deleted or transferred: members that it opens would lose their access.
            models.Index(fields=["connection"], name="account_connection"),
            models.Index(fields=["owner", "coverage_percent", "name_key", "name", "id"], name="account_owner_coverage"),
            models.Index(fields=["coverage_due_at"], name="account_coverage_due"),
            models.Index(
                fields=["owner", "former_external_id", "name_key", "name", "id"], name="account_owner_former_id"
            ),
            models.Index(fields=["owner", "-open_critical", "-open_high", "id"], name="account_owner_critical"),
            models.Index(fields=["owner", "score", "id"], name="account_owner_score"),
            models.Index(fields=["owner", "scanned_at", "id"], name="account_owner_scanned"),
            # Added up by environment for the dashboard, from the index alone.
            models.Index(
                fields=[
                    "owner",
                    "environment",
                    "open_critical",
                    "open_high",
                    "open_medium",
                    "open_low",
                    "passed_weight",
                    "failed_weight",
                    "coverage_percent",
                    "id",
                ],
                name="account_owner_posture",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    @property
    def spec(self) -> Provider:
        """The provider's specification; raises `registry.UnknownProviderError` where it is not installed any more."""
        return registry.get(self.provider)

    @property
    def report_at(self) -> datetime | None:
        """When the last report was made; accounts from before heartbeats had no other check."""
        return self.reported_at or self.last_checked_at

    @property
    def report(self) -> CloudValidationResult | None:
        # Imported here: every command loads the models, and few read a report.
        data: dict[str, Any] = self.last_check
        from cloudaccounts.contract.report import CloudValidationResult

        return CloudValidationResult.from_dict(data) if data else None
