from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from cloudaccounts.crypto.fields import SealedField


class MailRequest(models.Model):
    """A mail that a worker is to send to one person. Its row is deleted once the mail was taken.

    Encrypted: it names an address that somebody typed, which need not be anybody's here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The page that asks does the same work whether the address is somebody's or not: a worker looks it up.
    kind = models.CharField(max_length=30)
    # Bound to this row, and in the list of what `rotate_encryption_keys` encrypts anew (`credentials.reencryption`).
    content = SealedField()
    requested_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "mail_requests"
        indexes = [models.Index(fields=["due_at"], name="mail_request_due")]

    def __str__(self) -> str:
        return self.kind
