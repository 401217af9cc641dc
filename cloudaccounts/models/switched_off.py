"""The table of checks that teams have switched off."""

from __future__ import annotations

import uuid

from django.db import models


class SwitchedOffCheck(models.Model):
    """A check that scans of a team's accounts leave out. Deleted when it is switched on again; the audit keeps both.

    While ``closed_at`` is empty some of its findings are open still, and the scheduler closes them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    check_id = models.CharField(max_length=80)
    reason = models.CharField(max_length=500)
    author = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "switched_off_checks"
        # On texts: with integers MongoDB's backend would let duplicates pass (docs/decisions/0001).
        constraints = [models.UniqueConstraint(fields=["owner", "check_id"], name="one_switch_per_check")]
        indexes = [models.Index(fields=["closed_at"], name="switched_off_closed")]

    def __str__(self) -> str:
        return self.check_id

    @property
    def sentence(self) -> str:
        return f"Switched off by {self.author} on {self.created_at.day} {self.created_at:%B %Y}: {self.reason}"
