"""The tables of compliance: what each check came to in each account, what people answered, and the course by day."""

from __future__ import annotations

import uuid

from django.db import models


class CheckTotal(models.Model):
    """How one check stands in one account, as its last completed scan left it. Written in bulk at the end of a run.

    Without such a row a check was never evaluated there, which is unknown and no pass. ``unread`` counts readings that
    the check needs and that no scan has completed; what an earlier scan stored of them may be out of date. Suppressed
    failures are in ``failed``: whether they count, findings say at the moment of a report.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    # Copied of the account, so that reports need no join; `scans.account_sync` follows a transfer.
    owner = models.CharField(max_length=64)
    check_id = models.CharField(max_length=80)
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    inapplicable = models.PositiveIntegerField(default=0)  # assets of its type that the check is not about
    unread = models.PositiveIntegerField(default=0)
    unread_places = models.JSONField(default=list)  # ["ec2 in eu-west-1", …], the first `totals.PLACES`
    read_at = models.DateTimeField(null=True)  # the oldest of the readings that it rests on; NULL where there is none
    run = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "check_totals"
        # On UUID and text: with integers MongoDB's backend would let duplicates pass (docs/decisions/0001).
        constraints = [models.UniqueConstraint(fields=["account", "check_id"], name="one_total_per_account_and_check")]
        indexes = [models.Index(fields=["owner", "account"], name="check_total_owner")]

    def __str__(self) -> str:
        return self.check_id


class AccountTotals(models.Model):
    """What the `CheckTotal`s of an account say, in one row: a report of 350 accounts reads 350 rows, and not 50,000.

    They are the truth; `scans.compliance.account_totals` writes this from them, in the transaction that wrote them.
    ``checks`` are ids by spaces, ``states`` has a letter for each of them and ``ages`` a number: the place in ``times``
    of the oldest reading that it rests on. `scans.compliance.packing` makes them and reads them.
    """

    account = models.UUIDField(primary_key=True)
    owner = models.CharField(max_length=64)  # `scans.account_sync` follows a transfer
    provider = models.CharField(max_length=32)
    layout = models.CharField(max_length=64)  # a digest of ``checks``, which are the same in most rows, and long
    states = models.TextField()
    times = models.TextField(blank=True)  # milliseconds since 1970 by spaces, the oldest first
    ages = models.TextField(blank=True)  # by spaces
    undecided = models.PositiveIntegerField()
    at = models.DateTimeField()
    unread_places = models.JSONField(default=list)
    # Last: databases find the columns before it without reading on.
    checks = models.TextField()

    class Meta:
        db_table = "account_totals"
        indexes = [models.Index(fields=["owner"], name="account_totals_owner")]

    def __str__(self) -> str:
        return str(self.account)


class AnswerState(models.TextChoices):
    PASSED = "passed", "passed"
    FAILED = "failed", "failed"


class ControlAnswer(models.Model):
    """What a person answered for a control that no rule decides. The latest answer only: earlier ones are in the audit.

    ``framework`` is the slug. From ``until`` on it counts no more, and the control waits for a person again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Of the owner and no account: a control that a person answers is answered for the whole framework.
    owner = models.CharField(max_length=64)
    framework = models.CharField(max_length=40)
    control = models.CharField(max_length=40)
    state = models.CharField(max_length=6, choices=AnswerState.choices)
    note = models.CharField(max_length=1000)
    evidence_file = models.CharField(max_length=200, blank=True, default="")  # its name: where it lies, the note says
    until = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=160)
    answered_at = models.DateTimeField()

    class Meta:
        db_table = "control_answers"
        constraints = [
            models.UniqueConstraint(fields=["owner", "framework", "control"], name="one_answer_per_owner_and_control")
        ]

    def __str__(self) -> str:
        return f"{self.framework} {self.control}"


class ComplianceDay(models.Model):
    """An account's numbers of controls of a framework after its last scan of a day: the data of the course over time.

    Only what rules decided: answers of people are of the whole framework and no account.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    account = models.UUIDField()
    framework = models.CharField(max_length=40)
    day = models.CharField(max_length=10)  # 2026-11-23; unique constraints are on text (docs/decisions/0001)
    passed = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    muted = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "compliance_days"
        constraints = [
            models.UniqueConstraint(fields=["account", "framework", "day"], name="one_course_per_account_and_day")
        ]
        # In the order in which `course.course_of` filters and sorts.
        indexes = [models.Index(fields=["owner", "framework", "day"], name="compliance_day_owner")]

    def __str__(self) -> str:
        return f"{self.framework} {self.day}"
