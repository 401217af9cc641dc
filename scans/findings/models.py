"""The tables of findings, and of their numbers by day."""

from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.contract.severity import Severity
from cloudaccounts.models.account import provider_choices
from scans.search_keys import KEY_LENGTH
from teams.names import NameKeyField

RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}  # 0 is critical


# Suppressed and muted are no status: a finding that is suppressed or muted may be resolved meanwhile, and reopened.
class FindingStatus(models.TextChoices):
    OPEN = "open", "open"
    RESOLVED = "resolved", "resolved"


class FindingChange(models.TextChoices):
    NEW = "new", "new"
    RESOLVED = "resolved", "resolved"
    REOPENED = "reopened", "reopened"


# A filter for findings that are neither suppressed nor muted. As lists of one: Django writes NOT for
# `suppressed=False`, and SQLite uses no index for that.
SHOWN: dict[str, list[bool]] = {"suppressed__in": [False], "muted__in": [False]}
# Both values of both are named, because the indexes of lists have these columns behind `status`.
SHOWN_OR_NOT: dict[str, list[bool]] = {"suppressed__in": [False, True], "muted__in": [False, True]}


class Finding(models.Model):
    """A check that fails, or failed, for one asset. One row for good, which is resolved, reopened and suppressed.

    Columns that a list shows of the check, the asset and the account are copied to the row, so that no list needs a
    join. ``changed_run`` and ``change`` name the last run that opened, resolved or reopened it. A suppressed finding
    stays open; until ``suppressed_until`` it is not counted, and nobody is notified of it. The same holds for a muted
    one, as long as ``mute_rule`` does. Which of them people see first: `state`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    check_id = models.CharField(max_length=80)
    asset_key = models.CharField(max_length=64)
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    account_key = NameKeyField(of="account_name")  # lists by account are in its order, as those of accounts are
    environment = models.CharField(max_length=20, blank=True, default="")  # the account's, see `scans.account_sync`
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
    # The asset's, as lines of `key=value` between line breaks: no query looks inside JSON (see `scans.tags`).
    tags = models.TextField(blank=True, default="")
    tag_set = models.BigIntegerField(default=0, db_default=0)  # names the same text (`scans.findings.tag_sets`)
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
    muted = models.BooleanField(default=False)
    mute_rule = models.UUIDField(null=True)  # which rule mutes it (`scans.muting`)
    assignee = models.CharField(max_length=150, blank=True, default="")  # a user name; empty: nobody
    due = models.DateField(null=True)
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
            # alone, without reading the rows that it skips (docs/decisions/0011). Facets count in the same indexes.
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "severity_rank", "-open_since", "id", "service", "region",
                    "provider", "check_id", "account", "environment", "assignee", "tag_set",
                ],
                name="finding_owner_severity",
            ),
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "-open_since", "id", "severity_rank", "service", "region",
                    "provider", "check_id", "account", "environment", "assignee", "tag_set",
                ],
                name="finding_owner_since",
            ),
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "check_id", "severity_rank", "-open_since", "id",
                    "account", "service", "region", "provider", "environment", "assignee", "tag_set",
                ],
                name="finding_owner_check",
            ),
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "service", "severity_rank", "-open_since", "id", "region",
                    "provider", "check_id", "account", "environment", "assignee", "tag_set",
                ],
                name="finding_owner_service",
            ),
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "region", "severity_rank", "-open_since", "id", "service",
                    "provider", "check_id", "account", "environment", "assignee", "tag_set",
                ],
                name="finding_owner_region",
            ),
            models.Index(
                fields=["account", "status", "suppressed", "muted", "severity_rank", "-open_since", "id"],
                name="finding_account_severity",
            ),
            # Counted by account and check, for compliance and facets: in the order of the groups, from the index alone.
            # Behind the account what follows from it, and behind the check (`scans.findings.lines`).
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "account", "provider", "environment", "check_id",
                    "service", "severity_rank", "open_since", "region", "assignee", "tag_set",
                ],
                name="finding_owner_counts",
            ),
            # Grouped by resource: in the order of the groups.
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "account", "asset_key", "severity_rank", "open_since",
                    "service", "region", "provider", "check_id", "environment", "assignee", "tag_set",
                ],
                name="finding_owner_resource",
            ),
            # Counted by combinations of tags: in their order.
            models.Index(
                fields=[
                    "owner", "status", "suppressed", "muted", "tag_set", "severity_rank", "open_since", "service",
                    "region", "provider", "check_id", "account", "environment", "assignee",
                ],
                name="finding_owner_tag_set",
            ),
            models.Index(fields=["account", "asset_key"], name="finding_account_asset"),
            models.Index(fields=["changed_run", "change", "severity_rank"], name="finding_changed_run"),
            models.Index(fields=["owner", "name_key"], name="finding_owner_name_key"),
            models.Index(fields=["owner", "id_key"], name="finding_owner_id_key"),
            models.Index(fields=["suppressed", "suppressed_until"], name="finding_suppressed_until"),
            models.Index(fields=["owner", "assignee"], name="finding_owner_assignee"),
            models.Index(fields=["owner", "due"], name="finding_owner_due"),  # most are due on no day
            models.Index(fields=["mute_rule"], name="finding_mute_rule"),
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
        """As people say it: resolved before suppressed before muted before open (docs/findings.md)."""
        if not self.is_open:
            return str(self.status)
        return "suppressed" if self.suppressed else "muted" if self.muted else str(self.status)


class TagSet(models.Model):
    """A combination of cloud tags that findings of an owner have; see `scans.findings.tag_sets`."""

    id = models.UUIDField(primary_key=True, editable=False)  # of owner and lines
    owner = models.CharField(max_length=64)
    key = models.BigIntegerField()  # `Finding.tag_set`
    lines = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "finding_tag_sets"
        indexes = [models.Index(fields=["owner", "key"], name="tag_set_owner_key")]

    def __str__(self) -> str:
        return self.lines.strip()


class FindingComment(models.Model):
    """What a person wrote about a finding. Rows are added and never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    finding = models.UUIDField()
    account = models.UUIDField()  # its comments are deleted with it
    owner = models.CharField(max_length=64)
    author = models.CharField(max_length=160)
    text = models.CharField(max_length=2000)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "finding_comments"
        indexes = [
            models.Index(fields=["finding", "created_at"], name="comment_finding"),
            models.Index(fields=["account"], name="comment_account"),
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"


class SeverityDay(models.Model):
    """Numbers of open findings after the last scan of a day, by severity: the data of a trend."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    day = models.CharField(max_length=10)  # 2026-11-23; unique constraints are on text (docs/decisions/0001)
    critical = models.PositiveIntegerField(default=0)
    high = models.PositiveIntegerField(default=0)
    medium = models.PositiveIntegerField(default=0)
    low = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.owner} {self.day}"


class FindingDay(SeverityDay):
    """Of all of an owner's accounts: for scopes without a limit, which would add up thousands of rows for each day.

    ``covered`` is the sum of the coverage, in percent, of the ``accounts`` of which it is known, so that a day says how
    much was seen when it counted less.
    """

    accounts = models.PositiveIntegerField(default=0)
    covered = models.PositiveBigIntegerField(default=0)
    passed_weight = models.PositiveBigIntegerField(default=0)
    failed_weight = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "finding_days"
        constraints = [models.UniqueConstraint(fields=["owner", "day"], name="one_count_per_owner_and_day")]


class AccountFindingDay(SeverityDay):
    """Of one account: what limited scopes add up."""

    account = models.UUIDField()
    covered = models.PositiveSmallIntegerField(null=True)  # percent; NULL: not known

    class Meta:
        db_table = "finding_account_days"
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="one_count_per_account_and_day")]
        # In the order in which `counts.daily_counts` filters and sorts.
        indexes = [models.Index(fields=["owner", "day", "account"], name="finding_account_day")]
