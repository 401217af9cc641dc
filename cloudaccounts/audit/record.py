"""Writes the audit. Callers pass facts for people; secrets never come here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, router, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.models import AuditEvent, CloudAccount
from cloudaccounts.models.audit import COUNTED


def record_event(
    *, actor: Actor, owner: str, action: str, text: str, account: UUID | None = None, label: str = "", **detail: Any
) -> AuditEvent:
    """Writes an event. ``text`` is for people, ``detail`` for programs: ids, names, counts, as JSON types."""
    # Where the caller has a transaction the event is part of it: a change that is rolled back leaves none.
    return AuditEvent.objects.create(
        owner=owner,
        account=account,
        # Cut to the columns: PostgreSQL refuses longer texts, and no event may be lost to a long name.
        account_label=label[:160],
        actor=actor.id,
        actor_label=actor.label[:160],
        actor_team=actor.team,
        actor_role=actor.role,
        address=actor.address,
        via=actor.via,
        action=action,
        text=text[:300],
        detail=detail,
        created_at=timezone.now(),
    )


def count_openings(labels: Mapping[CloudAccount, str]) -> None:
    """Counts an opening of the credential by a heartbeat: one event for each account and day, in three queries.

    The one kind of event that changes after it was written: 96 rows a day for each account would bury what people did.
    ``labels`` name the credentials.
    """
    now = timezone.now()
    # The same id for all heartbeats of a day: whoever writes second finds the row of the first.
    keys = {uuid5(account.pk, f"opened by heartbeats on {now:%Y-%m-%d}"): account for account in labels}
    known = set(AuditEvent.objects.filter(pk__in=keys).values_list("pk", flat=True))
    AuditEvent.objects.count_again(known)
    new = [
        AuditEvent(
            id=key,
            owner=account.owner,
            account=account.pk,
            account_label=account.name[:160],
            actor=SYSTEM.id,
            actor_label=SYSTEM.label,
            via=SYSTEM.via,
            action=COUNTED,
            text=f"{labels[account]} opened once by heartbeats on {now:%d %B %Y}",
            created_at=now,
        )
        for key, account in keys.items()
        if key not in known
    ]
    try:
        # A transaction of its own: on PostgreSQL a refused INSERT would spoil the one around it.
        with transaction.atomic(using=router.db_for_write(AuditEvent)):
            AuditEvent.objects.bulk_create(new)
    except IntegrityError:  # another round wrote one of them since they were read
        for event in new:
            if not AuditEvent.objects.count_again([event.pk]):
                event.save(force_insert=True)
