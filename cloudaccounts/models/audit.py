from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from django.db import models

from teams.roles import Role

# Rows in one transaction: nobody who writes waits long for the lock.
PURGE_BATCH = 1000
# Otherwise heartbeats alone would add 96 rows a day for each account, and what people did would be buried.
COUNTED = "credential.opened_by_heartbeats"  # one event for each account and day, counted up


class AppendOnlyError(TypeError):
    """Audit events were to be changed or deleted, which nothing here may do."""

    def __init__(self) -> None:
        super().__init__("audit events are appended, never changed; `purge_before` alone removes them, by age")


# The guard is for mistakes in this code. Whoever writes to the database itself is not held by it.
class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError

    def count_again(self, keys: Iterable[UUID]) -> int:
        """One more time for each of these counted events: the one thing of an event that changes. How many."""
        # By action as well: no key that is given by mistake can change an event of another kind.
        return super().filter(pk__in=list(keys), action=COUNTED)._count_up()

    def _count_up(self) -> int:
        return super().update(times=models.F("times") + 1)

    def purge_before(self, moment: datetime) -> int:
        """Removes the oldest events before then, a batch of them; how many. Call it until it says 0."""
        # Keys first: MongoDB's backend deletes no slice. `_raw_delete` goes past `delete` above, which refuses.
        oldest = list(
            self.filter(created_at__lt=moment).order_by("created_at").values_list("pk", flat=True)[:PURGE_BATCH]
        )
        return int(super().filter(pk__in=oldest)._raw_delete(using=self.db)) if oldest else 0


class AuditEvent(models.Model):
    """Who did what to which account, when and from where. Appended, never changed; outlives its account.

    ``actor`` is ``str(user.pk)``, ``token:`` and a service token's id, or ``system``; ``actor_team`` and ``actor_role``
    are the team and role that a person or a token acted in, empty for commands, operators and workers; ``address`` is
    the client's, empty for the system's own work.
    ``times`` is 1 but for openings by heartbeats: those are one event for each account and day, counted up.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Plain columns and copied names, no foreign keys: an event outlives its user and its account
    # (docs/decisions/0003).
    owner = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    account_label = models.CharField(max_length=160, blank=True, default="")
    actor = models.CharField(max_length=64)
    actor_label = models.CharField(max_length=160)
    # What the actor was at that moment: roles change, and an event of a transfer stands in both teams' audit.
    actor_team = models.CharField(max_length=64, blank=True, default="")
    actor_role = models.CharField(max_length=16, choices=Role.choices, blank=True, default="")
    # The longest text of an IPv6 address, with an IPv4 address in its end, has 45 characters.
    address = models.CharField(max_length=45, blank=True, default="")
    via = models.CharField(max_length=20)  # page, api, admin, command, worker
    action = models.CharField(max_length=60)  # credential.opened, account.created …
    text = models.CharField(max_length=300)
    detail = models.JSONField(default=dict, blank=True)
    times = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at"], name="audit_account_created"),
            models.Index(fields=["owner", "-created_at"], name="audit_owner_created"),
            models.Index(fields=["owner", "actor_label", "-created_at"], name="audit_owner_actor"),
            models.Index(fields=["-created_at"], name="audit_created"),  # operators read everybody's; the purge, too
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.account_label}"

    # `save` of a row that was loaded would be an UPDATE past the queryset's refusal.
    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    @property
    def full_text(self) -> str:
        """The text, with how often where it is a counted one: ``opened 96 times by heartbeats``."""
        return self.text if self.times == 1 else self.text.replace(" once ", f" {self.times:,} times ", 1)
