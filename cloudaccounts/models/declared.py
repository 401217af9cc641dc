from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from cloudaccounts.crypto.fields import SealedField


class ApplyDocument(models.Model):
    """What a job of the registry as code makes, while it needs it. Encrypted: it holds secrets of new accounts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    # Bound to this row and column; `declared.applying` registers it for re-encryption.
    content = SealedField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "apply_documents"
        indexes = [models.Index(fields=["created_at"], name="apply_document_created")]

    def __str__(self) -> str:
        return f"to apply, of {self.created_at:%Y-%m-%d %H:%M}"
