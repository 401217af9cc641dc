"""The tables of findings, and of their numbers by day."""

from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.contract.rules import Severity
from cloudaccounts.models.account import provider_choices
from scans.search_keys import KEY_LENGTH

RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}  # 0 is critical


# Suppressed is no status: a finding that is suppressed may be resolved meanwhile, and reopened.
class FindingStatus(models.TextChoices):
    OPEN = "open", "open"
    RESOLVED = "resolved", "resolved"


class FindingChange(models.TextChoices):
    NEW = "new", "new"
    RESOLVED = "resolved", "resolved"
    REOPENED = "reopened", "reopened"


# A filter for findings that are not suppressed. As a list of one: Django writes NOT for `suppressed=False`, and SQLite
# uses no index for that.
SHOWN = {"suppressed__in": [False]}


class Finding(models.Model):
    """A check that fails, or failed, for one asset. One row for good, which is resolved, reopened and suppressed.

    Columns that a list shows of the check, the asset and the account are copied to the row, so that no list needs a
    join. ``changed_run`` and ``change`` name the last run that opened, resolved or reopened it. A suppressed finding
    stays open; until ``suppressed_until`` it is not counted, and nobody is notified of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    check_id = models.CharField(max_length=80)
    asset_key = models.CharField(max_length=64)
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=10)
    severity_rank = models.PositiveSmallIntegerField()  # 0 is critical: sorts as people do
    service = models.CharField(max_length=40)
    region = models.CharField(max_length=60)
    asset = models.UUIDField()
    asset_type = models.CharField(max_length=80)
    asset_name = models.CharField(max_length=300)
    native_id = models.CharField(max_length=2048)
    name_key = models.CharField(max_length=KEY_LENGTH)  # see scans.search_keys
    id_key = models.CharField(max_length=KEY_LENGTH)
    reason = models.CharField(max_length=1000, blank=True, default="")
    evidence = models.JSONField(default=list)  # [{path, value, expected}]; see `provider_kit.evidence`
    status = models.CharField(max_length=8, choices=FindingStatus.choices, default=FindingStatus.OPEN)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    open_since = models.DateTimeField()  # first seen, or reopened: its age counts from here
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=500, blank=True, default="")
    reopened_at = models.DateTimeField(null=True)
    reopened = models.PositiveIntegerField(default=0)  # how often; part of a notice's key
    last_run = models.UUIDField()
    changed_run = models.UUIDField()
    change = models.CharField(max_length=8, choices=FindingChange.choices, default=FindingChange.NEW)
    suppressed = models.BooleanField(default=False)
    suppressed_reason = models.CharField(max_length=500, blank=True, default="")
    suppressed_by = models.CharField(max_length=160, blank=True, default="")
    suppressed_at = models.DateTimeField(null=True)
    suppressed_until = models.DateTimeField(null=True)  # empty: until somebody takes it back
    # [{at, what, text, by?}], the latest 30 each. Scans write `history` and people write `suppressions`: in one column,
    # a scan and a person at the same moment would overwrite each other's line.
    history = models.JSONField(default=list)
    suppressions = models.JSONField(default=list)

    class Meta:
        db_table = "findings"
        # By the asset's key and not by its row: a row that was deleted for its age comes back under another id, and its
        # findings with it.
        constraints = [
            models.UniqueConstraint(fields=["account", "check_id", "asset_key"], name="one_finding_per_check_and_asset")
        ]
        indexes = [
            # In the order of a list, then all columns that it filters by: a page is found, and counted, in the index
            # alone, without reading the rows that it skips (docs/decisions/0011).
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "severity_rank", "-open_since", "id", "service", "region",
                    "provider", "check_id", "account",
                ],
                name="finding_owner_severity",
            ),
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "-open_since", "id", "severity_rank", "service", "region",
                    "provider", "check_id", "account",
                ],
                name="finding_owner_since",
            ),
            models.Index(
                fields=["owner", "status", "suppressed", "check_id", "severity_rank", "-open_since", "id"],
                name="finding_owner_check",
            ),
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "service", "severity_rank", "-open_since", "id", "region",
                    "provider", "check_id", "account",
                ],
                name="finding_owner_service",
            ),
            models.Index(
                fields=["owner", "status", "suppressed", "region", "severity_rank", "-open_since", "id"],
                name="finding_owner_region",
            ),
            models.Index(
                fields=["account", "status", "suppressed", "severity_rank", "-open_since", "id"],
                name="finding_account_severity",
            ),
            # Counted by account and check, for compliance: in the order of the groups, and from the index alone.
            models.Index(fields=["owner", "status", "suppressed", "account", "check_id"], name="finding_owner_totals"),
            models.Index(fields=["account", "asset_key"], name="finding_account_asset"),
            models.Index(fields=["changed_run", "change", "severity_rank"], name="finding_changed_run"),
            models.Index(fields=["owner", "name_key"], name="finding_owner_name_key"),
            models.Index(fields=["owner", "id_key"], name="finding_owner_id_key"),
            models.Index(fields=["suppressed", "suppressed_until"], name="finding_suppressed_until"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.title}: {self.asset_name}"

    @property
    def is_open(self) -> bool:
        return self.status == FindingStatus.OPEN

    @property
    def timeline(self) -> list[dict[str, str]]:
        """What scans and people did with it, in the order of time."""
        return sorted([*self.history, *self.suppressions], key=lambda line: line["at"])

    @property
    def state(self) -> str:
        """As people say it: open, suppressed or resolved."""
        return "suppressed" if self.suppressed and self.is_open else str(self.status)


class FindingDay(models.Model):
    """An owner's numbers of open findings after the last scan of a day, by severity: the data of the trend."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    day = models.CharField(max_length=10)  # 2026-11-23; unique constraints are on text (docs/decisions/0001)
    critical = models.PositiveIntegerField(default=0)
    high = models.PositiveIntegerField(default=0)
    medium = models.PositiveIntegerField(default=0)
    low = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "finding_days"
        constraints = [models.UniqueConstraint(fields=["owner", "day"], name="one_count_per_owner_and_day")]

    def __str__(self) -> str:
        return f"{self.owner} {self.day}"
