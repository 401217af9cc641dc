"""Puts the events that wait for a channel into messages. Only the worker that holds the channel does."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.channels.findings_source import findings_of
from cloudaccounts.channels.queries import scope_of_channel
from cloudaccounts.models import ChannelEvent, ChannelIncident, ChannelItem, ChannelMessage, NotificationChannel
from cloudaccounts.models.channel import MessageState
from cloudaccounts.notifications.channels import wording
from cloudaccounts.notifications.channels.base import ChannelKind
from cloudaccounts.notifications.channels.message import Event, Message

MOST_GROUPS = 20  # where each of their findings is sent
MOST_EVENTS = 500  # in one message; kinds show fewer, and say how many more there are


def next_message(channel: NotificationChannel, kind: ChannelKind) -> ChannelMessage | None:
    """The oldest that is to be sent; a new one of what has waited for the channel's minutes; None where nothing is."""
    _finish_gathering(channel)
    ready = ChannelMessage.objects.filter(channel=channel.pk, state=MessageState.READY)
    return ready.order_by("created_at", "id").first() or _gather(channel, kind)


def next_due(channel: NotificationChannel) -> datetime | None:
    """When there is something to send."""
    unfinished = ChannelMessage.objects.filter(
        channel=channel.pk, state__in=(MessageState.READY, MessageState.GATHERING), is_test=False
    )
    if unfinished.exists():
        return timezone.now()
    oldest = _waiting(channel).order_by("created_at").values_list("created_at", flat=True).first()
    return oldest + timedelta(minutes=channel.digest_minutes) if oldest else None


def as_message(channel: NotificationChannel, kind: ChannelKind, row: ChannelMessage) -> Message:
    events = _events(row)
    incidents = ChannelIncident.objects.filter(
        channel=channel.pk, incident__in=[event.incident for event in events if event.incident]
    )
    references = dict(incidents.values_list("incident", "reference"))
    groups = [(UUID(event.account), event.check_id) for event in events if event.account and event.check_id]
    # As they are now, and not as they were: a try that is late brings its receiver to the present. So they are read
    # within the channel's groups: an account may have left them since its event was given to the channel.
    findings = findings_of(scope_of_channel(channel), groups) if kind.takes_findings else ()
    return Message(row.pk, row.created_at, events, references=references, findings=findings)


def _gather(channel: NotificationChannel, kind: ChannelKind) -> ChannelMessage | None:
    now = timezone.now()
    most = 1 if kind.keeps_incidents else MOST_GROUPS if kind.takes_findings else MOST_EVENTS
    items = list(_waiting(channel).order_by("created_at", "id")[:most])
    if not items or items[0].created_at > now - timedelta(minutes=channel.digest_minutes):
        return None
    row = ChannelMessage.objects.create(channel=channel.pk, owner=channel.owner, created_at=now)
    # Conditional on being in no message: a worker that was paused past its lease takes none that another has.
    ChannelItem.objects.filter(pk__in=[item.pk for item in items], message=None).update(message=row.pk)
    return _finish(row)


def _finish_gathering(channel: NotificationChannel) -> None:
    """Messages of a worker that died while it put them together."""
    for row in ChannelMessage.objects.filter(channel=channel.pk, state=MessageState.GATHERING, is_test=False):
        _finish(row)


def _finish(row: ChannelMessage) -> ChannelMessage | None:
    message = Message(row.pk, row.created_at, _events(row))
    if not message.events:
        row.delete()
        return None
    row.title, row.events, row.state = wording.headline(message)[:200], len(message.events), MessageState.READY
    row.save(update_fields=["title", "events", "state"])
    return row


def _events(row: ChannelMessage) -> tuple[Event, ...]:
    keys = ChannelItem.objects.filter(message=row.pk, channel=row.channel).values_list("event", flat=True)
    rows = sorted(ChannelEvent.objects.filter(pk__in=list(keys)), key=lambda event: (event.created_at, event.pk))
    return tuple(Event.of(event.content) for event in rows)


def _waiting(channel: NotificationChannel) -> QuerySet[ChannelItem]:
    return ChannelItem.objects.filter(message=None, channel=channel.pk)
