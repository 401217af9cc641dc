from __future__ import annotations

import uuid

from django.db import models


class AuditEvent(models.Model):
    """Who did what to which account, when and from where. Appended, never changed; outlives its account.

    ``actor`` is ``str(user.pk)`` or ``system``; ``address`` the client's, empty for the system's own work.
    ``times`` is 1 but for openings by heartbeats: those are one event for each account and day, counted up.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    account_label = models.CharField(max_length=160, blank=True, default="")
    actor = models.CharField(max_length=64)
    actor_label = models.CharField(max_length=160)
    address = models.CharField(max_length=45, blank=True, default="")
    via = models.CharField(max_length=20)  # page, api, admin, command, worker
    action = models.CharField(max_length=60)  # credential.opened, account.created …
    text = models.CharField(max_length=300)
    detail = models.JSONField(default=dict, blank=True)
    times = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at"], name="audit_account_created"),
            models.Index(fields=["owner", "-created_at"], name="audit_owner_created"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.account_label}"

    @property
    def told(self) -> str:
        """The text, with how often where it is a counted one: ``opened 96 times by heartbeats``."""
        return self.text if self.times == 1 else self.text.replace(" once ", f" {self.times:,} times ", 1)
