"""Channels of a team: where its events go, what waits to be sent there, and what was sent."""

from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.crypto.fields import SealedField


class WorkState(models.TextChoices):
    WAITING = "waiting", "waiting"  # due at `requested_at`; nothing to do where that is empty
    SENDING = "sending", "being sent"


class MessageState(models.TextChoices):
    GATHERING = "gathering", "being put together"
    READY = "ready", "to be sent"
    SENT = "sent", "sent"
    FAILED = "failed", "given up"


class NotificationChannel(models.Model):
    """One place that a team's events go to, with the rules by which they do.

    The row is also the unit of work: one worker holds it and sends what waits, in order, so that a ticket is opened
    before it is closed. ``settings`` are open; what is secret of them is in ``secret``, encrypted and bound to this row
    and column. A webhook's signing secrets are there as well: two while one replaces the other.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    kind = models.CharField(
        max_length=20
    )  # of `notifications.channels.registry`; no choices, so none needs a migration
    name = models.CharField(max_length=80)
    events = models.JSONField(default=list)
    min_severity = models.CharField(
        max_length=10
    )  # of findings; events without a severity are chosen by `events` alone
    # None: accounts of all groups, and what is of no account. An empty list, as after a group was deleted, is none.
    groups = models.JSONField(null=True)
    digest_minutes = models.PositiveSmallIntegerField(default=1)
    settings = models.JSONField(default=dict)
    secret = SealedField(null=True)
    # Shown in lists, without anything secret: no list opens an encrypted value.
    place = models.CharField(max_length=200, blank=True, default="")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=160, blank=True, default="")
    updated_at = models.DateTimeField(null=True)  # by people: what a call's If-Match is held to; empty where never
    secret_until = models.DateTimeField(null=True)  # the older signing secret counts until then

    last_sent_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)  # empty after each success
    error_code = models.CharField(max_length=64, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")
    remedy = models.CharField(max_length=300, blank=True, default="")

    state = models.CharField(max_length=8, choices=WorkState.choices, default=WorkState.WAITING)
    requested_at = models.DateTimeField(null=True)  # when there is something to do next
    held_until = models.DateTimeField(null=True)  # after a failure, or as long as the receiver asked to wait
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)  # claims; `ChannelMessage.attempts` decides what is given up

    class Meta:
        db_table = "channels"
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_channel_per_name")]
        indexes = [models.Index(fields=["state", "requested_at", "owner"], name="channel_state_requested")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ChannelEvent(models.Model):
    """Something that happened, as channels say it: a `notifications.channels.message.Event` in ``content``.

    Written only for teams that have channels, with the fact that it is about. ``key`` names the fact: written again it
    changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)
    owner = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    kind = models.CharField(max_length=24)
    severity = models.CharField(max_length=10, blank=True, default="")
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    spread_at = models.DateTimeField(null=True)  # when its `ChannelItem`s were written

    class Meta:
        db_table = "channel_events"
        indexes = [
            models.Index(fields=["spread_at", "created_at"], name="channel_event_spread"),
            models.Index(fields=["created_at"], name="channel_event_created"),
        ]

    def __str__(self) -> str:
        return self.key


class ChannelItem(models.Model):
    """That one channel gets one event, once: in the message that took this row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.UUIDField()
    event = models.UUIDField()
    message = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "channel_items"
        constraints = [models.UniqueConstraint(fields=["channel", "event"], name="one_item_per_channel_and_event")]
        indexes = [
            models.Index(fields=["message", "channel", "created_at"], name="channel_item_waiting"),
            models.Index(fields=["created_at"], name="channel_item_created"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.channel}"


class ChannelMessage(models.Model):
    """One message to a channel, and the line of its delivery log. ``id`` names it at the receiver's, try by try."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.UUIDField()
    owner = models.CharField(max_length=64)
    is_test = models.BooleanField(default=False)
    title = models.CharField(max_length=200, blank=True, default="")
    events = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.GATHERING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=200, blank=True, default="")  # what the receiver said: an issue's key
    error_code = models.CharField(max_length=64, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "channel_messages"
        indexes = [
            models.Index(fields=["channel", "-created_at", "id"], name="channel_message_log"),
            models.Index(fields=["channel", "state", "created_at"], name="channel_message_state"),
            models.Index(fields=["owner", "sent_at"], name="channel_message_owner_sent"),
            models.Index(fields=["created_at"], name="channel_message_created"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"


class ChannelIncident(models.Model):
    """What a channel has opened at its receiver and not closed yet: an issue, an alert."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.UUIDField()
    owner = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    incident = models.CharField(max_length=200)  # `Event.incident`
    check_id = models.CharField(max_length=80, blank=True, default="")
    reference = models.CharField(max_length=120)
    is_open = models.BooleanField(default=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "channel_incidents"
        constraints = [
            models.UniqueConstraint(fields=["channel", "incident"], name="one_reference_per_channel_and_incident")
        ]
        indexes = [models.Index(fields=["account", "is_open"], name="channel_incident_account")]

    def __str__(self) -> str:
        return f"{self.incident}: {self.reference}"
