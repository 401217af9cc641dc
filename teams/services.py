"""Makes teams, and says who is in them. Whether the caller may do it, `teams.access` has asked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from teams.errors import AlreadyMemberError, InvitationGoneError, LastOwnerError, OwnTeamError, TeamError
from teams.events import invitation_made, member_left, team_event
from teams.models import NAME_LIMIT, Invitation, Membership, Team
from teams.roles import Role

INVITATION_DAYS = 7
OPEN_INVITATIONS = 100  # of one team
TEAMS_PER_USER = 50
LONGEST_TOKEN = 100


def create_team(*, user: Any, name: str, actor: Any) -> Team:
    """A team with this user as its owner. Raises `TeamError`."""
    name = _clean_name(name)
    if Membership.objects.filter(user=user, team__personal=False, role=Role.OWNER).count() >= TEAMS_PER_USER:
        raise TeamError(
            "too_many_teams", f"You own {TEAMS_PER_USER} teams already.", "Leave one of them first.", field="name"
        )
    with transaction.atomic(using=Team.objects.db):
        team = Team.objects.create(name=name)
        Membership.objects.create(team=team, user=user, role=Role.OWNER)
    _tell(team.key, actor, "team.created", f"Team “{name}” created by {actor.label}")
    return team


def rename_team(team: Team, *, name: str, actor: Any) -> None:
    """Raises `TeamError`, also for a personal team, which is called as its person is."""
    if team.personal:
        raise TeamError("personal_team", "A personal team has its person's user name.", "Make a team with a name.")
    before, team.name = team.name, _clean_name(name)
    if team.name != before:
        team.save(update_fields=["name"])
        _tell(team.key, actor, "team.renamed", f"Team renamed to “{team.name}” by {actor.label}", before=before)


def invite(
    team: Team, *, by: Any, actor: Any, role: str, email: str = "", groups: Iterable[UUID] | None = None
) -> tuple[Invitation, str]:
    """The invitation and its token, which is in no row. ``by`` is the inviting user, None for a service token.

    ``groups`` None: the whole team. Raises `TeamError`.
    """
    _check_role(role, groups)
    now = timezone.now()
    if Invitation.objects.filter(team=team, accepted_at=None, expires_at__gt=now).count() >= OPEN_INVITATIONS:
        raise TeamError(
            "too_many_invitations",
            f"{OPEN_INVITATIONS} invitations to this team are open.",
            "Withdraw those that nobody will use.",
        )
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        team=team, email=email, role=role, **_limit(groups), digest=digest_of(token), invited_by=by,
        invited_by_label=actor.label[:160], created_at=now, expires_at=now + timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    whom = email or "whoever has the link"
    _tell(
        team.key, actor, "team.invited", f"{whom} invited as {Role(role).label.lower()} by {actor.label}",
        invitation=str(invitation.pk), role=role, limited=invitation.limited, groups=invitation.groups,
    )  # fmt: skip
    invitation_made.send(sender=Invitation, invitation=invitation, token=token, actor=actor)
    return invitation, token


def renew(invitation: Invitation, *, actor: Any) -> tuple[Invitation, str]:
    """A new link with a new end, mailed where there is an address; the link before opens nothing from now on.

    Raises `InvitationGoneError` where it was accepted or withdrawn meanwhile.
    """
    token = secrets.token_urlsafe(32)
    ends = timezone.now() + timedelta(days=INVITATION_DAYS)
    # Of its token the hash alone is kept, so what is sent again is another one.
    own = Invitation.objects.filter(pk=invitation.pk, accepted_at=None)
    if not own.update(digest=digest_of(token), expires_at=ends):
        raise InvitationGoneError
    invitation.refresh_from_db()
    whom = invitation.email or "a link"
    _tell(
        invitation.team_id, actor, "team.invited_again", f"Invitation of {whom} sent again by {actor.label}",
        invitation=str(invitation.pk), role=invitation.role,
    )  # fmt: skip
    invitation_made.send(sender=Invitation, invitation=invitation, token=token, actor=actor)
    return invitation, token


def withdraw(invitation: Invitation, *, actor: Any) -> None:
    """Its link opens nothing from now on."""
    deleted, _ = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()
    if deleted:
        whom = invitation.email or "a link"
        _tell(invitation.team_id, actor, "team.invitation_withdrawn", f"Invitation of {whom} withdrawn")


def find_invitation(token: str) -> Invitation:
    """The open invitation of this token. Raises `InvitationGoneError`."""
    row = None
    # Looked up by its hash, so that the time it takes reveals nothing of other tokens.
    if len(token) <= LONGEST_TOKEN:
        row = Invitation.objects.select_related("team").filter(digest=digest_of(token)).first()
    if row is None or not row.is_open():
        raise InvitationGoneError
    return row


def accept(token: str, *, user: Any, actor: Any) -> Membership:
    """Makes the user a member. Of two who use a link at once one is let in. Raises `TeamError`."""
    invitation = find_invitation(token)
    now = timezone.now()
    with transaction.atomic(using=Team.objects.db):
        if Membership.objects.filter(team=invitation.team, user=user).exists():
            raise AlreadyMemberError
        own = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, expires_at__gt=now)
        # Conditional: what the row says now decides, and not what was read.
        if not own.update(accepted_at=now, accepted_by=user):
            raise InvitationGoneError
        membership, new = Membership.objects.get_or_create(
            team=invitation.team,
            user=user,
            defaults={"role": invitation.role, "limited": invitation.limited, "groups": invitation.groups},
        )
        if not new:
            raise AlreadyMemberError
    text = f"{user.get_username()} joined as {Role(membership.role).label.lower()}"
    _tell(
        invitation.team_id, actor, "team.joined", text,
        user=str(user.pk), role=membership.role, invitation=str(invitation.pk),
    )  # fmt: skip
    return membership


def change_member(team: str, user: Any, *, role: str, groups: Iterable[UUID] | None, actor: Any) -> None:
    """Another role, another limit. Raises `TeamError`, and `Membership.DoesNotExist` for who is no member."""
    _check_role(role, groups)
    with transaction.atomic(using=Team.objects.db):
        membership = _locked(team, user)
        before = {"role": membership.role, "limited": membership.limited, "groups": membership.groups}
        if membership.role == Role.OWNER and role != Role.OWNER:
            _keep_an_owner(membership)
        after = {"role": role, **_limit(groups)}
        for name, value in after.items():
            setattr(membership, name, value)
        membership.save(update_fields=list(after))
    if after != before:
        text = f"{user.get_username()} is {Role(role).label.lower()} now, by {actor.label}"
        _tell(team, actor, "team.member_changed", text, user=str(user.pk), before=before, after=after)


def remove_member(team: str, user: Any, *, actor: Any) -> None:
    """Ends a membership: somebody is put out, or leaves. Raises as `change_member`."""
    with transaction.atomic(using=Team.objects.db):
        membership = _locked(team, user)
        _keep_an_owner(membership)
        membership.delete()
    name, own = user.get_username(), str(user.pk) == actor.id
    text = f"{name} left the team" if own else f"{name} removed from the team by {actor.label}"
    _tell(team, actor, "team.left", text, user=str(user.pk))
    member_left.send(sender=Membership, team=team, user=str(user.pk), actor=actor)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _locked(team: str, user: Any) -> Membership:
    # The team's row is the lock: of two owners who demote each other at once, the second sees what the first did.
    Team.objects.select_for_update().filter(key=team).first()
    return Membership.objects.select_related("team").get(team_id=team, user=user)


def _keep_an_owner(membership: Membership) -> None:
    if membership.team.personal and membership.team_id == str(membership.user_id):
        raise OwnTeamError
    others = Membership.objects.filter(team_id=membership.team_id, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise LastOwnerError


def _check_role(role: str, groups: Iterable[UUID] | None) -> None:
    if role not in Role.values:
        raise TeamError(
            "input_invalid", "There is no such role.", f"Choose one of {', '.join(Role.values)}.", field="role"
        )
    # Owners say who sees what, so a limit would not hold them.
    if role == Role.OWNER and groups is not None:
        raise TeamError(
            "input_invalid", "An owner sees all of the team's accounts.", "Choose all accounts, or another role.",
            field="groups",
        )  # fmt: skip


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        raise TeamError(
            "input_invalid", f"Give the team a name of at most {NAME_LIMIT} characters.", "Correct it.", field="name"
        )
    return name


def _limit(groups: Iterable[UUID] | None) -> dict[str, Any]:
    return {"limited": groups is not None, "groups": sorted(str(key) for key in groups or ())}


def _tell(team: str, actor: Any, action: str, text: str, **detail: Any) -> None:
    team_event.send(sender=Team, team=team, actor=actor, action=action, text=text, detail=detail)
