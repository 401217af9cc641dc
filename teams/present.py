"""The team that a person works in: a key in the session, and what their membership there allows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from teams.models import Membership
from teams.scope import Scope

SESSION_KEY = "team"
_SCOPE = "_teams_scope"


def scope_of(request: HttpRequest) -> Scope:
    """What the caller may see and do: of a token what `set_scope` said, of a session the present team.

    Costs no query in one's personal team, one in another, and each request asks once.
    """
    scope = getattr(request, _SCOPE, None)
    if scope is None:
        scope = _scope_of_session(request)
        set_scope(request, scope)
    assert isinstance(scope, Scope)
    return scope


def set_scope(request: HttpRequest, scope: Scope) -> None:
    setattr(request, _SCOPE, scope)


def known_scope(request: HttpRequest) -> Scope | None:
    """What was found out already; None where nothing of this request needed it."""
    return getattr(request, _SCOPE, None)


def _scope_of_session(request: HttpRequest) -> Scope:
    personal = str(request.user.pk)
    session = getattr(request, "session", None)
    key = session.get(SESSION_KEY, personal) if session is not None else personal
    # Nobody leaves, or is put out of, the own personal team: it needs no look.
    if session is None or key == personal:
        return personal_scope(request.user)
    # The session only says where the person wants to be: what they may do there is read each time.
    membership = membership_of(request.user, str(key))
    if membership is None:
        del session[SESSION_KEY]
        return personal_scope(request.user)
    return membership.scope


def personal_scope(user: Any, limit: frozenset[UUID] | None = None) -> Scope:
    """Of a person in the own personal team. ``limit`` is a token's. By the user's row as it is now."""
    key = str(user.pk)
    return Scope(key, groups=limit, staff=key if user.is_staff else "")


def membership_of(user: Any, team: str) -> Membership | None:
    return Membership.objects.filter(team_id=team, user_id=user.pk).first()


def switch(request: HttpRequest, team: str) -> bool:
    """Goes to another of one's own teams. False where the person is no member of it."""
    own = str(request.user.pk)
    chosen = Membership.objects.filter(team_id=team, user_id=own).update(chosen_at=timezone.now())
    # A personal team may have no row yet (`teams.personal`), and is its person's all the same.
    if not chosen and team != own:
        return False
    request.session[SESSION_KEY] = team
    if hasattr(request, _SCOPE):
        delattr(request, _SCOPE)
    return True


def begin_in_last_team(request: HttpRequest, user: Any) -> None:
    rows = Membership.objects.filter(user_id=user.pk, chosen_at__isnull=False).order_by("-chosen_at")
    if (team := rows.values_list("team_id", flat=True).first()) is not None:
        request.session[SESSION_KEY] = team
