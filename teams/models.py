"""Teams, who is in them, and who is invited. In the users' database; rows of other databases name a team by its key."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from teams.roles import Role
from teams.scope import Scope

NAME_LIMIT = 80


def new_key() -> str:
    return str(uuid.uuid4())


class Team(models.Model):
    """``key`` is what rows of accounts hold as their ``owner``: ``str(user.pk)`` of a personal team, else a UUID."""

    key = models.CharField(primary_key=True, max_length=64, default=new_key, editable=False)
    name = models.CharField(max_length=150)  # a personal team's is the user name, which may have 150 characters
    personal = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["name"], name="team_name")]

    def __str__(self) -> str:
        return self.name


class GroupLimit(models.Model):
    """``groups`` counts only where ``limited``: so that an emptied list means nothing, and never everything.

    Groups lie in another database: UUIDs as texts, and one that is deleted there adds nothing.
    """

    limited = models.BooleanField(default=False)
    groups = models.JSONField(default=list, blank=True)

    class Meta:
        abstract = True

    @property
    def limit(self) -> frozenset[UUID] | None:
        return frozenset(UUID(key) for key in self.groups) if self.limited else None


class Membership(GroupLimit):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)
    chosen_at = models.DateTimeField(null=True)  # when the person last went to this team; the next login begins there

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="membership_team_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id}: {self.role}"

    @property
    def scope(self) -> Scope:
        return Scope(self.team_id, Role(self.role), self.limit)


class Invitation(GroupLimit):
    """A link that makes whoever opens it, signed in, a member: once, until it ends. Only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    # Empty for a link that is handed over some other way.
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=16, choices=Role.choices)
    # A plain hash is enough: the token has 256 random bits.
    digest = models.CharField(max_length=64, unique=True)
    # The name is kept beside the key: it is shown after its user is gone.
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    invited_by_label = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"], name="invitation_team_created")]

    def __str__(self) -> str:
        return f"{self.email or 'link'} to {self.team_id}: {self.role}"

    def is_open(self, *, now: datetime | None = None) -> bool:
        return self.accepted_at is None and self.expires_at > (now or timezone.now())
