from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.models.account import provider_choices
from teams.names import NameKeyField


class SyncState(models.TextChoices):
    IDLE = "idle", "up to date"
    QUEUED = "queued", "waiting"
    RUNNING = "running", "looking"


class MemberKind(models.TextChoices):
    CONTAINER = "container", "container"
    ACCOUNT = "account", "account"


# Two states for a member, because two sides decide: what the cloud says here, what was done with it in `MemberState`.
class ProviderState(models.TextChoices):
    """What the cloud says of a member; the values are those of `cloudaccounts.contract.NodeState`."""

    ACTIVE = "active", "active"
    SUSPENDED = "suspended", "suspended"
    CLOSED = "closed", "closed"


class MemberState(models.TextChoices):
    """What we have done with a member."""

    NEW = "new", "new"
    ONBOARDING = "onboarding", "onboarding"
    ONBOARDED = "onboarded", "onboarded"
    FAILED = "failed", "failed"
    IGNORED = "ignored", "left out"


NOT_CONNECTED = "organization.not_connected"  # of the audit: its first sync was refused, and the row is gone


class Organization(models.Model):
    """An organization, tenant or folder whose members are reached with the credential of one connected account.

    The row is also the request for a sync: ``sync_state`` with claim and lease, and ``cursor``, the page from which a
    sync goes on. Each sync from the first page is a ``generation``; members that it did not meet are closed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    provider = models.CharField(max_length=32, choices=provider_choices)
    # Unique: members are opened by looking for the organization of their connection, and there must be one answer.
    connection = models.UUIDField(unique=True)  # the CloudAccount whose credential is used
    root_id = models.CharField(max_length=200, blank=True, default="")
    name = models.CharField(max_length=160, blank=True, default="")  # empty until the first sync
    options = models.JSONField(default=dict)  # the provider's own, such as a role's name; never a secret
    # [{under, environment, groups, regions, auto}], see `organizations.rules`. In the row, since they are read and
    # replaced as one: a sync never goes by half of a change.
    rules = models.JSONField(default=list)
    sync_state = models.CharField(max_length=8, choices=SyncState.choices, default=SyncState.IDLE)
    # Closed is what a whole sync did not meet. A sync that was cut short goes on at `cursor` under the same
    # generation, so nothing is called closed because a worker died (docs/decisions/0008).
    generation = models.PositiveIntegerField(default=0)
    cursor = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    actor = models.JSONField(default=dict)  # cloudaccounts.audit.actor.Actor, of who asked last
    requested_at = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)  # the worker's try that may write
    lease_until = models.DateTimeField(null=True)
    last_synced_at = models.DateTimeField(null=True)
    next_sync_at = models.DateTimeField(null=True)
    seen = models.PositiveIntegerField(default=0)  # nodes met by the sync that runs, or by the last one
    code = models.CharField(max_length=64, blank=True, default="")  # of the last sync; empty where it went well
    cause = models.CharField(max_length=500, blank=True, default="")
    remedy = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "name"], name="organization_owner_name"),
            models.Index(fields=["sync_state", "next_sync_at"], name="organization_sync"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.name or "Organization"

    @property
    def is_looking(self) -> bool:
        return self.sync_state in {SyncState.QUEUED, SyncState.RUNNING}


class OrganizationMember(models.Model):
    """One node of an organization's tree: a container, or an account that is connected or could be."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.UUIDField()
    owner = models.CharField(max_length=64)
    # As the cloud names it, cut to the column by `clean_identifier`, which keeps different ids different.
    node_id = models.CharField(max_length=200)
    parent_id = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=10, choices=MemberKind.choices)
    account_id = models.CharField(max_length=128, blank=True, default="")
    name = models.CharField(max_length=160, blank=True, default="")
    name_key = NameKeyField()  # lists are in its order
    provider_state = models.CharField(max_length=10, choices=ProviderState.choices, default=ProviderState.ACTIVE)
    state = models.CharField(max_length=10, choices=MemberState.choices, default=MemberState.NEW)
    account = models.UUIDField(null=True)  # the CloudAccount, once onboarded
    # Drawn before the account is written: a repetition after a kill writes the same row, and the unique key refuses a
    # second.
    becomes = models.UUIDField(default=uuid.uuid4)  # the UUID that its account gets: onboarding twice is one account
    tested_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=64, blank=True, default="")  # of the last test or onboarding
    cause = models.CharField(max_length=500, blank=True, default="")
    remedy = models.CharField(max_length=500, blank=True, default="")
    seen_in = models.PositiveIntegerField(default=0)  # the generation that met it last
    first_seen_at = models.DateTimeField()

    class Meta:
        # A page of the tree may come twice: providers promise no more (`OrganizationProvider.organization_pages`).
        constraints = [models.UniqueConstraint(fields=["organization", "node_id"], name="one_member_per_node")]
        indexes = [
            models.Index(fields=["organization", "parent_id", "kind", "name_key", "name"], name="member_of_parent"),
            models.Index(fields=["organization", "kind", "state"], name="member_state"),
            # Counted by place, from the index alone.
            models.Index(fields=["organization", "kind", "parent_id", "state", "provider_state"], name="member_counts"),
            models.Index(fields=["account"], name="member_account"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id or self.node_id})"
