"""How notices reach people: who gets which, and the digests in which they are sent."""

from __future__ import annotations

import uuid

from django.db import models


class Channel(models.TextChoices):
    MAIL = "mail", "e-mail"
    WEBHOOK = "webhook", "webhook"


class DigestState(models.TextChoices):
    READY = "ready", "to be sent"
    SENDING = "sending", "being sent"
    SENT = "sent", "sent"
    DROPPED = "dropped", "given up"  # nobody to send it to any more, or refused for days


# Sent first and marked afterwards: a kill in between sends twice under the same id, and loses nothing
# (docs/decisions/0010).
class NoticeDigest(models.Model):
    """One mail, or one call of the webhook. Its id names it at the receiver's too, however often it is tried."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient = models.CharField(max_length=64, blank=True, default="")  # str(user.pk); empty for the webhook
    state = models.CharField(max_length=8, choices=DigestState.choices, default=DigestState.READY)
    # Doubles the wait each time, up to an hour; after a week the digest is given up.
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"], name="digest_state_due"),
            models.Index(fields=["created_at"], name="digest_created"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} digest {self.state}"


class NoticeDelivery(models.Model):
    """That one recipient gets one notice, once: in the digest that took this row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient = models.CharField(max_length=64, blank=True, default="")
    digest = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        # Notices are spread again after a kill: the database lets each recipient have a fact once.
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "recipient"], name="one_delivery_per_recipient")
        ]
        indexes = [
            # What no digest has taken yet (`digest` NULL), by whom it is for.
            models.Index(fields=["digest", "channel", "recipient", "created_at"], name="delivery_waiting"),
            models.Index(fields=["created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.recipient or 'webhook'}"


class NoticePreference(models.Model):
    """What a person does not want by e-mail. Kinds that do not exist yet are wanted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64, unique=True)
    # What is declined, not what is chosen: a kind that a later version adds reaches people until they say otherwise.
    muted = models.JSONField(default=list)  # of NoticeKind

    def __str__(self) -> str:
        return self.owner
