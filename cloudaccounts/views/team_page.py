"""What the team's page says: who is in it, how they sign in, what each may do where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.utils import timezone

from cloudaccounts.accounts.external_id_change import state_of
from cloudaccounts.bulk import transfer_offers
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import ApiToken
from cloudaccounts.tokens.services import team_tokens
from teams.access import ROLE_ROWS
from teams.models import Invitation, Membership, Team
from teams.names import name_order
from teams.queries import members_of
from teams.roles import RIGHTS, Right, Role
from teams.scope import Scope
from teams.signin import sign_ins_of

MEMBERS = 50  # on a page
INVITATIONS = 50
NAMED = 20  # people of a line of access per group
COLUMNS = ("username", "name", "email", "role", "access", "since", "last_login", "sign_in", "second_factor")


def page_of_team(team: Team, scope: Scope, user: Any, number: str | None) -> dict[str, Any]:
    """Numbers are of all members, rows of those on the page of this number."""
    everybody = members_of(scope.owner)
    page = Paginator(everybody, MEMBERS).get_page(number)
    members = list(page.object_list)
    groups = group_queries.names_in_tree(scope)
    names = {str(group.pk): group.name for group in groups}
    rows = [_row(row, names, user) for row in members]
    context = {
        "team": team,
        "members": rows,
        "page": page,
        "member_count": len(everybody),
        "open_invitations": [],
        "everywhere": [row for row in everybody if not row.limited][:NAMED],
        "more_everywhere": max(0, sum(not row.limited for row in everybody) - NAMED),
        "access": _by_group(everybody, groups),
        "roles": list(Role),
        "rights": [(label, [right in RIGHTS[role] for role in Role]) for label, right in ROLE_ROWS],
    }
    return {**context, **_managed(team, scope, everybody, rows, names)} if scope.has(Right.MANAGE) else context


def _managed(
    team: Team, scope: Scope, everybody: Sequence[Membership], rows: list[dict[str, Any]], names: dict[str, str]
) -> dict[str, Any]:
    """What is for those alone who manage the team: how members sign in is nobody else's business."""
    sign_ins = sign_ins_of([row.user_id for row in everybody])
    for row in rows:
        row["sign_in"] = sign_ins[row["membership"].user_id]
    tokens = team_tokens(scope.owner)
    return {
        "open_invitations": _invitations(team, names),
        "with_factor": sum(bool(sign_in.factors) for sign_in in sign_ins.values()),
        "without_factor": sum(not sign_in.factors for sign_in in sign_ins.values()),
        "with_sso": sum(sign_in.single_sign_on for sign_in in sign_ins.values()),
        "tokens": len(tokens),
        "endless": sum(is_worrying(token) for token in tokens),
        "external_id": state_of(scope.owner),
        "offers": len(transfer_offers.offers_to(scope.owner)),
    }


def is_worrying(token: ApiToken) -> bool:
    """One that may change something, and never ends: whoever finds it has it for ever."""
    return token.expires_at is None and any(scope.endswith("write") for scope in token.scopes)


def member_rows(scope: Scope) -> Iterator[dict[str, Any]]:
    """Members as a file. How they sign in is in it for those alone who manage them."""
    members, names = members_of(scope.owner), _names(scope)
    manages = scope.has(Right.MANAGE)
    sign_ins = sign_ins_of([row.user_id for row in members]) if manages else {}
    for row in members:
        sign_in = sign_ins.get(row.user_id)
        yield {
            "username": row.user.get_username(), "name": row.user.get_full_name(), "email": row.user.email,
            "role": row.role, "access": access_of(row, names), "since": row.created_at,
            "last_login": row.user.last_login,
            "sign_in": "" if sign_in is None else "single sign-on" if sign_in.single_sign_on else "password",
            "second_factor": "" if sign_in is None else ", ".join(sign_in.factors) or "none",
        }  # fmt: skip


def detail_of(scope: Scope, row: Membership) -> dict[str, Any]:
    """Of one member, for who manages the team: since when, how they sign in, and which tokens they made for it."""
    tokens = [token for token in team_tokens(scope.owner) if token.user == str(row.user_id)]
    return {
        "access": access_of(row, _names(scope)),
        "sign_in": sign_ins_of([row.user_id])[row.user_id],
        "tokens": tokens,
    }


def access_of(row: Membership | Invitation, names: dict[str, str]) -> str:
    if not row.limited:
        return "All accounts"
    return ", ".join(sorted((names[key] for key in row.groups if key in names), key=name_order)) or "Nothing"


def is_own(row: Membership) -> bool:
    """Whether this is the personal team of this very member."""
    return row.team_id == str(row.user_id)


def _names(scope: Scope) -> dict[str, str]:
    return {str(group.pk): group.name for group in group_queries.names_in_tree(scope)}


def _row(row: Membership, names: dict[str, str], user: Any) -> dict[str, Any]:
    return {
        "membership": row,
        "name": row.user.get_full_name() or row.user.get_username(),
        "initials": row.user.get_username()[:2].upper(),
        "access": access_of(row, names),
        "is_self": row.user_id == user.pk,
        "is_own": is_own(row),
    }


def _invitations(team: Team, names: dict[str, str]) -> list[dict[str, Any]]:
    now = timezone.now()
    rows = Invitation.objects.filter(team=team, accepted_at=None).order_by("-created_at")[:INVITATIONS]
    return [{"row": row, "access": access_of(row, names), "is_open": row.is_open(now=now)} for row in rows]


def _by_group(members: Sequence[Membership], groups: Iterable[Any]) -> list[tuple[Any, list[Membership], int]]:
    """Groups that somebody is limited to, with these members and how many more there are; others see every group."""
    by_group: dict[str, list[Membership]] = {}
    for row in members:
        for key in row.groups if row.limited else ():
            by_group.setdefault(str(key), []).append(row)
    own = [(group, by_group.get(str(group.pk), [])) for group in groups]
    return [(group, rows[:NAMED], max(0, len(rows) - NAMED)) for group, rows in own if rows]
