from __future__ import annotations

import uuid

from django.db import models


class NoticeKind(models.TextChoices):
    ACCOUNT_FAILED = "account.failed", "account failed"
    ACCOUNT_RECOVERED = "account.recovered", "account recovered"
    PERMISSION_LOST = "permission.lost", "permission lost"
    PERMISSION_BACK = "permission.back", "permission back"
    COVERAGE_LOST = "coverage.lost", "coverage lost"
    COVERAGE_BACK = "coverage.back", "coverage back"
    ROTATION_WARNING = "rotation.warning", "rotation due soon"
    ROTATION_CRITICAL = "rotation.critical", "rotation overdue"
    CREDENTIAL_EXPIRING = "credential.expiring", "credential expiring"
    CREDENTIAL_RETIRED = "credential.retired", "old credential to delete"
    CREDENTIAL_UNUSED = "credential.unused", "credential not used"
    ROTATION_DONE = "rotation.done", "credential rotated"
    ROTATION_HELD = "rotation.held", "automatic rotation held up"
    ROTATION_FAILED = "rotation.failed", "automatic rotation failed"
    TRANSFER_OFFERED = "transfer.offered", "accounts offered by another team"
    TRANSFER_DECIDED = "transfer.decided", "offered accounts accepted or declined"
    EXTERNAL_ID_ENDING = "external_id.ending", "old external ID ending"
    SCAN_FAILED = "scan.failed", "scan failed"
    FINDING_CRITICAL = "finding.critical", "critical finding"
    MUTE_ENDED = "mute.ended", "mute rule ended"
    MEMBER_CLOSED = "member.closed", "account closed at the cloud"
    CHANNEL_FAILED = "channel.failed", "channel failing"
    SYSTEM = "system", "this product itself"


class Notice(models.Model):
    """A fact that people are notified of once. Written with the change itself; delivered later, in digests.

    ``key`` names the fact (``account.failed:<account>:<since>``): writing it again changes nothing. ``owner`` is empty
    for what concerns operators alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Unique: of several workers that see the same fact, and of a repetition after a kill, one writes it
    # (docs/decisions/0010).
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=24, choices=NoticeKind.choices)
    owner = models.CharField(max_length=64, blank=True, default="")
    account = models.UUIDField(null=True)
    account_label = models.CharField(max_length=160, blank=True, default="")
    text = models.CharField(max_length=500)
    remedy = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    # Who gets it and by which channel is decided within a minute of the fact, outside of the transaction that wrote
    # it.
    spread_at = models.DateTimeField(null=True)  # when its deliveries were written
    read_at = models.DateTimeField(null=True)  # of before `NoticeReader`; written no more

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="notice_owner_created"),
            models.Index(fields=["owner", "read_at"], name="notice_owner_read"),
            models.Index(fields=["spread_at", "created_at"], name="notice_spread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.account_label}"


class NoticeReader(models.Model):
    """Up to when a person has read the notices of a team: read marks are a person's, and notices are the team's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.CharField(max_length=64)  # str(user.pk)
    owner = models.CharField(max_length=64)
    read_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "owner"], name="one_read_mark_per_person_and_team")]

    def __str__(self) -> str:
        return f"{self.person} {self.owner}"
