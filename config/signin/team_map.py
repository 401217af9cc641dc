"""`OIDC_TEAM_MAP`: which groups of the identity provider place somebody in which team, with which role.

Either ``group=team:role`` several times with commas between, or JSON, ``{"group": "team:role"}`` or
``{"group": ["team:role", …]}``, where groups have commas or equals signs in their names (as LDAP's have).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from config.signin.models import MappedMembership, MappedTeam
from teams.models import NAME_LIMIT, Membership, Team
from teams.roles import Role

logger = logging.getLogger(__name__)
_BY_POWER = list(Role)  # the least powerful first


class TeamMapError(ValueError):
    """What is wrong with the setting, in a sentence."""


@dataclass(frozen=True, slots=True)
class Placement:
    group: str
    team: str  # its key or its name
    role: Role


def placements() -> tuple[Placement, ...]:
    """Of the setting; none where it is wrong, as the system checks report."""
    try:
        return parsed(settings.OIDC_TEAM_MAP)
    except TeamMapError:
        logger.exception("team_map.unusable")
        return ()


@lru_cache(maxsize=4)
def parsed(text: str) -> tuple[Placement, ...]:
    """Raises `TeamMapError`."""
    return tuple(_placement(group, place) for group, place in _pairs(text.strip()))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    if not text.startswith("{"):
        for entry in filter(None, (part.strip() for part in text.split(","))):
            group, equals, place = entry.rpartition("=")
            if not equals:
                raise TeamMapError(f"OIDC_TEAM_MAP: “{entry}” is not group=team:role.")
            yield group.strip(), place
        return
    try:
        content = json.loads(text)
    except ValueError as error:
        raise TeamMapError(f"OIDC_TEAM_MAP is no JSON: {error}.") from error
    for group, places in content.items():
        for place in [places] if isinstance(places, str) else places:
            yield group, str(place)


def _placement(group: str, place: str) -> Placement:
    team, colon, role = place.strip().rpartition(":")
    if not (group and colon and team.strip()) or role.strip() not in Role.values:
        roles = ", ".join(Role.values)
        raise TeamMapError(f"OIDC_TEAM_MAP: “{group}={place}” is not group=team:role, with a role of {roles}.")
    return Placement(group, team.strip()[:NAME_LIMIT], Role(role.strip()))


def placed(groups: Collection[str]) -> dict[str, Role]:
    """Role by team, of these groups: the most powerful where several name one team."""
    roles: dict[str, Role] = {}
    for placement in placements():
        if placement.group in groups:
            known = roles.get(placement.team, placement.role)
            roles[placement.team] = max(known, placement.role, key=_BY_POWER.index)
    return roles


def follow(user: Any, groups: Collection[str], *, address: str) -> None:
    """Puts the user's memberships of the map where these groups want them. What people made by hand stays."""
    roles = {_team(name): role for name, role in placed(groups).items()}
    changes: list[str] = []
    with transaction.atomic(using=Membership.objects.db):
        marked = MappedMembership.objects.filter(membership__user_id=user.pk).select_related("membership__team")
        ours = {mark.membership.team_id: mark.membership for mark in marked}
        for team, role in roles.items():
            changes += _place(user, team, role, ours.pop(team.pk, None))
        for membership in ours.values():
            changes += _withdraw(membership)
    for text in changes:
        actor = Actor(str(user.pk), user.get_username(), "page", address)
        record_event(actor=actor, owner=str(user.pk), action="team.mapped", text=f"{user.get_username()}: {text}")


def _team(name: str) -> Team:
    """By its key, or the one that the name has stood for since it first placed somebody; whoever is called so since."""
    shared = Team.objects.filter(personal=False)
    if by_key := shared.filter(key=name).first():
        return by_key
    if meant := MappedTeam.objects.select_related("team").filter(name=name).first():
        return meant.team
    # Before others of that name the one that the map has members in: of databases that are older than `MappedTeam`.
    ours = MappedMembership.objects.filter(membership__team=OuterRef("pk"))
    named = shared.filter(name=name).annotate(is_ours=Exists(ours)).order_by("-is_ours", "created_at", "key")
    # Of two first sign-ins at the same moment the primary key lets one decide, and undoes what the other has made.
    meant, _ = MappedTeam.objects.get_or_create(
        name=name,
        defaults={"team": lambda: named.first() or Team.objects.create(name=name)},  # type: ignore[misc]
    )
    return meant.team


def _place(user: Any, team: Team, role: Role, ours: Membership | None) -> list[str]:
    if ours is not None:
        if ours.role == role:
            return []
        if _is_last_owner(ours):
            return _kept(ours)
        Membership.objects.filter(pk=ours.pk).update(role=role)
        return [f"{role.label.lower()} of {team.name} by the identity provider, was {ours.role}"]
    membership, made = Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
    if not made:
        return []  # by hand
    MappedMembership.objects.create(membership=membership)
    if not Membership.objects.filter(user=user, chosen_at__isnull=False).exists():
        Membership.objects.filter(pk=membership.pk).update(chosen_at=timezone.now())  # the first login begins there
    return [f"{role.label.lower()} of {team.name} by the identity provider"]


def _withdraw(membership: Membership) -> list[str]:
    if _is_last_owner(membership):
        return _kept(membership)
    membership.delete()
    return [f"no member of {membership.team.name} any more, by the identity provider"]


def _is_last_owner(membership: Membership) -> bool:
    """A team without an owner could be managed by nobody."""
    others = Membership.objects.filter(team_id=membership.team_id, role=Role.OWNER).exclude(pk=membership.pk)
    return membership.role == Role.OWNER and not others.exists()


def _kept(membership: Membership) -> list[str]:
    logger.warning("team_map.last_owner_kept", extra={"team": membership.team_id, "user": membership.user_id})
    return []
