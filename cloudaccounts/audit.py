"""Writes the audit trail. Callers pass facts for people; nothing here ever sees a secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudaccounts.actors import Actor
from cloudaccounts.models import AuditEvent


def record(
    *, actor: Actor, owner: str, action: str, text: str, account: UUID | None = None, label: str = "", **detail: Any
) -> AuditEvent:
    """``detail`` holds JSON types: ids, names, counts."""
    return AuditEvent.objects.create(
        owner=owner,
        account=account,
        account_label=label[:160],
        actor=actor.id,
        actor_label=actor.label[:160],
        address=actor.address,
        via=actor.via,
        action=action,
        text=text[:300],
        detail=detail,
        created_at=timezone.now(),
    )
