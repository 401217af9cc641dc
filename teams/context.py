"""Context of every page: what the present person may do, and in which team."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from teams.access import May
from teams.models import Membership, Team
from teams.names import name_order
from teams.present import scope_of


def team(request: HttpRequest) -> dict[str, Any]:
    """``may`` costs nothing beyond the request's scope, ``present_team`` and ``own_teams`` a query each where shown."""
    return {
        "may": SimpleLazyObject(lambda: May(scope_of(request).role if _signed_in(request) else None)),
        "present_role": SimpleLazyObject(lambda: scope_of(request).role.label if _signed_in(request) else ""),
        "present_team": SimpleLazyObject(lambda: _present(request)),
        "own_teams": SimpleLazyObject(lambda: teams_of(request.user) if _signed_in(request) else []),
    }


def teams_of(user: Any) -> list[Membership]:
    """The user's memberships with their teams: the personal one first, then by name."""
    rows = Membership.objects.filter(user_id=user.pk).select_related("team")
    return sorted(rows, key=lambda row: (not row.team.personal, name_order(row.team.name), row.team.key))


def _signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated


def _present(request: HttpRequest) -> Team | None:
    if not _signed_in(request):
        return None
    key = scope_of(request).owner
    return Team.objects.filter(key=key).first() or Team(key=key, name=request.user.get_username(), personal=True)
