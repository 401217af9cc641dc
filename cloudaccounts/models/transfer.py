from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class OfferState(models.TextChoices):
    OPEN = "open", "open"
    ACCEPTED = "accepted", "accepted"
    DECLINED = "declined", "declined"
    CANCELLED = "cancelled", "cancelled"


class TransferOffer(models.Model):
    """Accounts that one team offers to another. They move when an owner there accepts, by a job of that team.

    ``accounts`` are ids as texts. What each is called is asked when it is shown, for it may be deleted meanwhile.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    owner_label = models.CharField(max_length=150)
    # As it was typed: whether there is such a team is told to nobody.
    to_owner = models.CharField(max_length=64)
    accounts = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.OPEN)
    offered_by = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.CharField(max_length=160, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    # Once it is there, accepting again starts no other: what was given back meanwhile would be taken a second time.
    job = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="transfer_offer_owner"),
            models.Index(fields=["to_owner", "state", "-created_at"], name="transfer_offer_to"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_label}: {len(self.accounts)} accounts, {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == OfferState.OPEN and self.expires_at > timezone.now()
