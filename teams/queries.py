"""Reads of teams and of who is in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from teams.models import Membership, Team
from teams.names import name_order
from teams.roles import Role

CHUNK = 500  # keys in one query


def find_team(key: str) -> Team | None:
    return Team.objects.filter(key=key).first()


def teams_named(text: str) -> list[Team]:
    """The team of this key; else those of this name, maybe several. A personal team's name is its user's."""
    team = find_team(text)
    return [team] if team else list(Team.objects.filter(name=text).order_by("key")[:10])


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Names of teams by key, a personal team's is its user's name. Those that are gone are missing."""
    names: dict[str, str] = {}
    unique = sorted(set(keys))
    for first in range(0, len(unique), CHUNK):
        chunk = Team.objects.filter(key__in=unique[first : first + CHUNK])
        names.update(chunk.values_list("key", "name"))
    return names


def user_of(key: str) -> Any:
    """The user that a row names by ``str(user.pk)``; None where the text is no such key, or nobody's any more."""
    users = get_user_model()
    try:
        value = users._meta.pk.to_python(key)
    except ValidationError:
        return None
    # Only as it is written: " 7" and "07" are the same number, and not the same key.
    return users._default_manager.filter(pk=value).first() if str(value) == key else None


def members_of(team: str) -> list[Membership]:
    """With their users: owners first, then by name."""
    rows = list(Membership.objects.filter(team_id=team).select_related("user"))
    order = ["owner", "operator", "auditor", "viewer"]
    return sorted(rows, key=lambda row: (order.index(row.role), name_order(row.user.get_username())))


def team_keys_of(user: str) -> set[str]:
    """The keys of the teams that the user of this key is in. The personal one counts, where it has no row yet too."""
    return {user, *Membership.objects.filter(user_id=user).values_list("team_id", flat=True)}


def find_member(team: str, user: str) -> Membership | None:
    """By the user's key, with the user."""
    known = user_of(user)
    if known is None:
        return None
    return Membership.objects.filter(team_id=team, user=known).select_related("user").first()


def teams_without_owner_but(user: Any) -> list[Team]:
    """Shared teams whose only owner this user is."""
    owned = Membership.objects.filter(user_id=user.pk, role=Role.OWNER, team__personal=False).values("team_id")
    others = Membership.objects.filter(role=Role.OWNER).exclude(user_id=user.pk).values("team_id")
    rows = Team.objects.filter(key__in=owned).exclude(key__in=others)
    return sorted(rows, key=lambda team: name_order(team.name))
