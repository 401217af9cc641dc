"""What the HTTP API remembers: who may call it, what a repeated call was answered, how often something failed."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone

from cloudaccounts.crypto.fields import SealedField


class ApiToken(models.Model):
    """A bearer token of one team. Only its SHA-256 is stored: it has 256 random bits, so nothing slower is needed.

    ``user`` is ``str(user.pk)`` of whom it acts for, with their role as it is at each call; None for a service token,
    which belongs to the team alone. ``groups`` counts only where ``limited``, so that an emptied list means nothing.
    ``window`` and ``window_count`` count the calls of the minute that runs; ``uses`` counts them all.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)  # the team's key
    user = models.CharField(max_length=64, null=True)  # noqa: DJ001  # a service token has none; empty is no user
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=400, default="read")  # with blanks between: cloudaccounts/tokens/scopes.py
    limited = models.BooleanField(default=False)
    groups = models.JSONField(default=list, blank=True)
    # Six random bits a character, four of them: enough to tell tokens apart in a list, and far too few to guess the
    # rest.
    hint = models.CharField(max_length=16)  # how it begins: enough to recognise it by
    # Unique, so the look-up of each call is one index entry; the time it takes tells nothing of other tokens.
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Written with the first call of a minute's window, by the UPDATE that begins it: no call costs a second write.
    last_used_at = models.DateTimeField(null=True)  # the minute, not the moment
    window = models.PositiveBigIntegerField(default=0)  # minutes since 1970
    window_count = models.PositiveIntegerField(default=0)
    uses = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "api_tokens"
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="api_token_owner_created"),
            models.Index(fields=["user", "-created_at"], name="api_token_user_created"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def is_alive(self, *, now: datetime | None = None) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > (now or timezone.now()))

    @property
    def state(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.is_alive() else "expired"

    @property
    def scope_words(self) -> str:
        return {"read": "read only", "write": "read and write"}.get(self.scope) or self.scope.replace(" ", ", ")

    @property
    def scopes(self) -> list[str]:
        return self.scope.split()

    @property
    def limit(self) -> frozenset[uuid.UUID] | None:
        return frozenset(uuid.UUID(key) for key in self.groups) if self.limited else None


class IdempotentCall(models.Model):
    """A call that named an Idempotency-Key, and what it was answered. Of its body only a keyed hash is kept.

    Its id becomes the id of what the call makes, so that a call whose process was killed can be repeated.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The token is part of what is hashed: two tokens may choose the same key and never see each other's answers.
    key = models.CharField(max_length=64, unique=True)  # keyed hash of the token and the caller's key
    # Keyed by SECRET_KEY, since bodies hold secrets: from a plain hash they could be guessed.
    fingerprint = models.CharField(max_length=64)  # keyed hash of method, address and body
    # Claim and lease as in docs/decisions/0004: where a process was killed, the caller's next try takes the row over.
    claim = models.UUIDField(null=True)  # the try that may write; NULL once it was answered
    lease_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(default=0)  # of the answer; 0 while there is none
    answer = models.JSONField(default=dict)  # of calls that a release before `sealed` answered
    # Encrypted, bound to row and column: an answer may hold what is shown once, such as a webhook's signing secret.
    sealed = SealedField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "api_idempotent_calls"
        indexes = [models.Index(fields=["expires_at"], name="api_idempotent_expires")]

    def __str__(self) -> str:
        return f"idempotent call {self.status}"


class CallInFlight(models.Model):
    """One of the calls that a team may have waiting for a cloud at the same time; free while ``claim`` is NULL."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Two processes that add a team's next slot at the same moment collide here, and one of them looks again.
    key = models.CharField(max_length=80, unique=True)  # owner and number
    owner = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    claim = models.UUIDField(null=True)
    until = models.DateTimeField()  # free again then, whatever became of its process

    class Meta:
        db_table = "api_calls_in_flight"
        indexes = [models.Index(fields=["owner", "number"], name="api_in_flight_owner")]

    def __str__(self) -> str:
        return self.key


class ChangeUnderWay(models.Model):
    """A record that an API call is changing just now, by the hash of its team and address."""

    key = models.CharField(primary_key=True, max_length=64)
    claim = models.UUIDField()
    lease_until = models.DateTimeField()

    class Meta:
        db_table = "api_changes_under_way"

    def __str__(self) -> str:
        return self.key


class RateCounter(models.Model):
    """How often something happened in one stretch of time. Counted in the database: web processes share it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Windows by the clock: one row for each subject and window, counted up by the database, so parallel failures all
    # count.
    key = models.CharField(max_length=120, unique=True)  # what is counted, of whom (hashed), in which stretch
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "api_rate_counters"
        indexes = [models.Index(fields=["expires_at"], name="api_rate_expires")]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
