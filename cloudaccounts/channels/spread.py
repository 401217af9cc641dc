"""Gives each event to the channels that ask for it, by event, severity and group."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cloudaccounts.contract.rules import Severity
from cloudaccounts.group_scope import inside
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import AccountGroup, ChannelEvent, ChannelItem, CloudAccount, NotificationChannel
from cloudaccounts.work.databases import SECURITY

BATCH = 2000  # events in one round
_RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}


class Rules:
    """Which channels get an event. Rows are read once a round: a changed rule counts from the next one on."""

    def __init__(self) -> None:
        self._channels: dict[str, list[NotificationChannel]] = {}
        self._inside: dict[tuple[UUID, UUID], bool] = {}

    def channels_for(self, event: ChannelEvent) -> list[NotificationChannel]:
        return [channel for channel in self._of(event.owner) if self._matches(channel, event)]

    def _of(self, owner: str) -> list[NotificationChannel]:
        if owner not in self._channels:
            rows = NotificationChannel.objects.filter(owner=owner, enabled=True)
            self._channels[owner] = list(rows.order_by("name"))
        return self._channels[owner]

    def _matches(self, channel: NotificationChannel, event: ChannelEvent) -> bool:
        if event.kind not in channel.events:
            return False
        if event.severity and _RANKS.get(event.severity, 0) > _RANKS.get(channel.min_severity, len(_RANKS)):
            return False
        if channel.groups is None:
            return True
        # What is of no account is in no group.
        return event.account is not None and self._is_inside(channel, event.account)

    def _is_inside(self, channel: NotificationChannel, account: UUID) -> bool:
        key = (channel.pk, account)
        if key not in self._inside:
            named = [UUID(group) for group in channel.groups or ()]
            groups = AccountGroup.objects.filter(owner=channel.owner, pk__in=named)
            nested = {nested for group in groups for nested in group_queries.with_descendants(group)}
            rows = CloudAccount.objects.filter(pk=account, owner=channel.owner)
            self._inside[key] = bool(nested) and rows.filter(inside(nested)).exists()
        return self._inside[key]


def spread_events() -> int:
    """Writes an item for each channel of each new event, and wakes the channels. Returns the number of events."""
    rules = Rules()
    events = list(ChannelEvent.objects.filter(spread_at=None).order_by("created_at")[:BATCH])
    due: dict[UUID, datetime] = {}
    for event in events:
        now = timezone.now()
        with transaction.atomic(using=SECURITY):
            for channel in rules.channels_for(event):
                ChannelItem.objects.get_or_create(channel=channel.pk, event=event.pk, defaults={"created_at": now})
                due.setdefault(channel.pk, now + timedelta(minutes=channel.digest_minutes))
            # Last: a kill before it spreads the event again, and get_or_create keeps its items single.
            ChannelEvent.objects.filter(pk=event.pk, spread_at=None).update(spread_at=now)
    for key, at in due.items():
        wake(key, at)
    return len(events)


def wake(channel: UUID, at: datetime) -> None:
    """Has the channel looked at by then. What is due earlier already stays so."""
    rows = NotificationChannel.objects.filter(pk=channel)
    rows.filter(Q(requested_at=None) | Q(requested_at__gt=at)).update(requested_at=at)
