"""Small records about this installation and about owners."""

from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.crypto.fields import SealedField


class OwnerExternalId(models.Model):
    """An owner's external ID: random, stable, never taken from input (the guard against a confused deputy)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64, unique=True)
    # Unique over all owners: two with the same one could open each other's accounts through this server's identity.
    external_id = models.CharField(max_length=63, unique=True)

    def __str__(self) -> str:
        return self.external_id


class RetiredExternalId(models.Model):
    """One that a team had before. Until ``ends_at`` it opens the accounts that have not been proven with the new one.

    Kept afterwards, so that a page can say since when it is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    external_id = models.CharField(max_length=63, unique=True)
    retired_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-retired_at"], name="retired_external_id_owner"),
            models.Index(fields=["ends_at"], name="retired_external_id_ends"),
        ]

    def __str__(self) -> str:
        return self.external_id


class ServerIdentityRecord(models.Model):
    """Who this server is at a provider, as the worker last found out: pages read it instead of asking the network."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=32, unique=True)
    identity = models.JSONField(default=dict)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider


# Looked up by name, since the database knows no process: a worker that starts again under its name takes its row over.
class WorkerHeartbeat(models.Model):
    """A worker process writes here every few seconds, so that a page can tell "our worker is down" from "slow"."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    queues = models.JSONField(default=list)
    threads = models.PositiveIntegerField(default=1)  # how many tasks it does at the same time
    # `rotate_encryption_keys` refuses while a living worker lacks the newest one: it could not read what others write
    # (docs/decisions/0018-two-phases-for-a-new-encryption-key).
    keys = models.JSONField(default=list)  # fingerprints of the encryption keys that it reads with
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class KeyWitness(models.Model):
    """A known text sealed with the installation's key: opening it proves that the key fits the data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # One row: whatever key it is under is the key of the installation.
    name = models.CharField(max_length=20, unique=True, default="witness")
    sealed = SealedField()

    def __str__(self) -> str:
        return self.name
