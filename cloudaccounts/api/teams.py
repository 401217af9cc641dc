"""Calls about teams. No postponed annotations here: ninja reads them through decorators."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.answers import ApiError, problem, reply
from cloudaccounts.api.auth import actor_of, scope_of, token_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, Page, Text
from cloudaccounts.errors import InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.users.invitation_mails import take_mail
from cloudaccounts.users.teams import link_of
from teams import access, services
from teams.context import teams_of
from teams.errors import TeamError
from teams.models import Membership, Team
from teams.present import membership_of
from teams.queries import find_member, find_team, members_of
from teams.roles import Right, Role
from teams.scope import Scope

teams = Router(tags=["Teams"])
RoleName = Literal["viewer", "auditor", "operator", "owner"]


class TeamRow(BaseModel):
    id: Annotated[str, Field(description="The key that accounts name as their owner.", examples=["7"])]
    name: Annotated[str, Field(examples=["Platform"])]
    personal: bool
    role: RoleName | None


class TeamPage(Listed):
    items: list[TeamRow]


class MemberRow(BaseModel):
    user: Annotated[str, Field(description="The user's id.", examples=["7"])]
    username: Annotated[str, Field(examples=["runa"])]
    role: RoleName
    groups: Annotated[list[UUID] | None, Field(description="Null: all of the team's accounts.")]
    since: datetime


class MemberPage(Listed):
    items: list[MemberRow]


class NewTeam(Input):
    name: Annotated[Text, Field(examples=["Platform"])]


class NewInvitation(Input):
    role: RoleName = "viewer"
    email: Annotated[Text, Field(description="Where the link is mailed to. Empty: you hand it over.")] = ""
    groups: Annotated[list[UUID] | None, Field(description="Null: all of the team's accounts.")] = None


class InvitationRow(BaseModel):
    id: UUID
    link: Annotated[str, Field(description="Shown this once; it works once.")]
    email: str
    role: RoleName
    groups: list[UUID] | None
    expires_at: datetime


@teams.get("/", summary="List your teams", **answers({200: TeamPage}, 422))
def list_teams(request: HttpRequest, query: Query[Page]) -> HttpResponse:
    """The teams that the token's user is in; of a service token its own."""
    refuse_unknown(request, Page)
    scope = scope_of(request)
    rows = [] if _is_service(request) else teams_of(request.user)
    items = [_team(row.team, row.role) for row in rows]
    if not items and (team := find_team(scope.owner)):
        items = [_team(team, None)]
    return slice_of(items, query, list)


@teams.post(
    "/", summary="Create a team", **answers({201: TeamRow}, body=True, examples={"A team": {"name": "Platform"}})
)
def add_team(request: HttpRequest, body: NewTeam) -> HttpResponse:
    """The token's user becomes its owner. Accounts are reached with a token that is made for the new team."""
    if _is_service(request):
        raise ApiError(_no_user())
    try:
        team = services.create_team(user=request.user, name=body.name, actor=actor_of(request))
    except TeamError as error:
        raise ApiError(refused(error)) from None
    return reply(_team(team, Role.OWNER), 201)


@teams.get("/{str:team}/members", summary="Who is in a team", **answers({200: MemberPage}, 404, 422))
def list_members(request: HttpRequest, team: str, query: Query[Page]) -> HttpResponse:
    """Of any team that the token's user is in. Owners first."""
    refuse_unknown(request, Page)
    row, _scope = _team_or_404(request, team)
    return slice_of(members_of(row.key), query, lambda rows: [_member(member) for member in rows])


@teams.post(
    "/{str:team}/invitations",
    summary="Invite somebody",
    **answers(
        {201: InvitationRow}, 404, 409, body=True,
        examples={"By mail": {"email": "runa@example.org", "role": "operator"}, "A link": {"role": "viewer"}},
    ),
)  # fmt: skip
def invite(request: HttpRequest, team: str, body: NewInvitation) -> HttpResponse:
    """The answer holds the link once. It works once, until it ends; whoever opens it, logged in, joins."""
    row, scope = _team_or_404(request, team)
    _refuse_unless(scope, Right.MANAGE)
    groups = None if body.groups is None else _groups_of(scope, body.groups)
    email = _email(body.email)
    take_mail(scope.owner if _is_service(request) else str(request.user.pk), email)
    try:
        invitation, token = services.invite(
            row, by=None if _is_service(request) else request.user, actor=actor_of(request), role=body.role,
            email=email, groups=groups,
        )  # fmt: skip
    except TeamError as error:
        raise ApiError(refused(error)) from None
    answer = {
        "id": invitation.pk,
        "link": link_of(token),
        "email": invitation.email,
        "role": invitation.role,
        "groups": invitation.groups if invitation.limited else None,
        "expires_at": invitation.expires_at,
    }
    return reply(answer, 201)


@teams.get("/{str:team}/members/{str:user}", summary="One member", **answers({200: MemberRow}, 404))
def get_member(request: HttpRequest, team: str, user: str) -> HttpResponse:
    row, _scope = _team_or_404(request, team)
    member = _member_or_404(row, user)
    return tagged(reply(_member(member)), _state(member))


@teams.delete(
    "/{str:team}/members/{str:user}",
    summary="Remove a member, or leave",
    **answers({204: None}, 404, 409, matched=True),
)
@one_at_a_time
def remove_member(request: HttpRequest, team: str, user: str) -> HttpResponse:
    """Oneself: leaving. Somebody else: owners alone. The last owner stays, and so does who owns a personal team."""
    row, scope = _team_or_404(request, team)
    if user != str(request.user.pk):
        _refuse_unless(scope, Right.MANAGE)
        if scope.limited:
            raise ApiError(problem(403, "membership_limited", *access.LIMITED))
    member = _member_or_404(row, user)
    check_match(request, _state(member))
    try:
        services.remove_member(row.key, member.user, actor=actor_of(request))
    except Membership.DoesNotExist:
        raise Http404 from None
    except TeamError as error:
        raise ApiError(refused(error)) from None
    return HttpResponse(status=204)


def refused(error: TeamError) -> Any:
    if error.field:
        return problem(422, error.code, error.cause, error.remedy, details={"fields": {error.field: error.cause}})
    return problem(409, error.code, error.cause, error.remedy)


def _team_or_404(request: HttpRequest, key: str) -> tuple[Team, Scope]:
    """A team that the caller is in, and what the caller may do there: its user's role in that very team.

    A token that was narrowed to groups of one team stays with that team.
    """
    scope = scope_of(request)
    if key != scope.owner:
        alone = _is_service(request) or token_of(request).limited
        membership = None if alone else membership_of(request.user, key)
        if membership is None:
            raise Http404
        scope = membership.scope
    team = find_team(key)
    if team is None:
        raise Http404
    return team, scope


def _member_or_404(team: Team, user: str) -> Membership:
    member = find_member(team.key, user)
    if member is None:
        raise Http404
    return member


def _refuse_unless(scope: Scope, right: Right) -> None:
    if not scope.has(right):
        cause, remedy = access.why_refused(right, scope.role)
        raise ApiError(problem(403, "role_required", cause, remedy, details={"role": scope.role.value}))


def _groups_of(scope: Scope, asked: list[UUID]) -> list[UUID]:
    """Raises `InputError` for a group that is not there: a limit to nothing would be made by a slip."""
    own = {UUID(key) for key, _ in group_queries.choices(scope)}
    if not asked or set(asked) - own:
        raise InputError({"groups": "Name groups of this team, or leave it out for all of its accounts."})
    return asked


def _email(text: str) -> str:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    if text:
        try:
            validate_email(text)
        except ValidationError:
            raise InputError({"email": "This is no e-mail address."}) from None
    return text


def _is_service(request: HttpRequest) -> bool:
    return not isinstance(request.user.pk, int)


def _no_user() -> Any:
    return problem(403, "user_required", "A service token has no user who could own the team.", "Use a user's token.")


def _team(team: Team, role: str | None) -> dict[str, Any]:
    return {"id": team.key, "name": team.name, "personal": team.personal, "role": role}


def _member(row: Membership) -> dict[str, Any]:
    return {
        "user": str(row.user_id),
        "username": row.user.get_username(),
        "role": row.role,
        "groups": row.groups if row.limited else None,
        "since": row.created_at,
    }


def _state(row: Membership) -> list[Any]:
    """What others may change of it: not when its user last went to the team."""
    return [row.pk, row.role, row.limited, sorted(row.groups)]
