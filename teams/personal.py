"""Each user's own team. Its key is the user's number, so that rows from before there were teams belong to it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from teams.models import Membership, Team
from teams.roles import Role


def make_personal_team(user: Any) -> Team:
    """The user's personal team, made where it is missing, as it is for rows that a bulk write made."""
    with transaction.atomic(using=Team.objects.db):
        team, _ = Team.objects.get_or_create(key=str(user.pk), defaults={"name": user.get_username(), "personal": True})
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": Role.OWNER})
    return team


def follow_name(user: Any) -> None:
    Team.objects.filter(key=str(user.pk), personal=True).update(name=user.get_username())


def delete_personal_team(user_key: str) -> None:
    """With its memberships and invitations. Whether the user may be deleted at all, others have decided."""
    Team.objects.filter(key=user_key, personal=True).delete()
