"""The delivery log and the events behind it have an age limit; what still waits is never removed by its age."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.models import ChannelEvent, ChannelIncident, ChannelItem, ChannelMessage, NotificationChannel
from cloudaccounts.models.channel import MessageState

KEPT = timedelta(days=30)
BATCH = 1000


def purge_channel_history() -> int:
    limit = timezone.now() - KEPT
    ended = ChannelMessage.objects.filter(created_at__lt=limit, state__in=(MessageState.SENT, MessageState.FAILED))
    count = 0
    while keys := _oldest(ended):
        ChannelItem.objects.filter(message__in=keys).delete()
        count += ChannelMessage.objects.filter(pk__in=keys).delete()[0]
    while keys := _oldest(ChannelEvent.objects.filter(created_at__lt=limit).exclude(spread_at=None)):
        # Items that still wait, as of a channel that is off: what they are about is too old to be news.
        ChannelItem.objects.filter(event__in=keys).delete()
        count += ChannelEvent.objects.filter(pk__in=keys).delete()[0]
    return count


def delete_channels_of(owner: str) -> None:
    """With the team: all of its channels and what belongs to them."""
    keys = list(NotificationChannel.objects.filter(owner=owner).values_list("pk", flat=True))
    for model in (ChannelItem, ChannelMessage, ChannelIncident):
        model.objects.filter(channel__in=keys).delete()
    ChannelEvent.objects.filter(owner=owner).delete()
    NotificationChannel.objects.filter(owner=owner).delete()


def _oldest(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.values_list("pk", flat=True)[:BATCH])
