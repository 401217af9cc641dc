"""What follows people in and out of teams: the audit, tokens that end, and the mail with an invitation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.dispatch import receiver
from django.urls import reverse

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.notifications.mail_requests import request_mail
from cloudaccounts.tokens.services import revoke_all
from teams.events import invitation_made, member_left, team_event
from teams.models import Invitation

INVITATION = "team_invitation"  # the kind of mail, which `config.site.mails` sends


def link_of(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('invitation', args=[token])}"


@receiver(team_event)
def on_team_event(
    sender: Any, team: str, actor: Actor, action: str, text: str, detail: dict[str, Any], **_: Any
) -> None:
    record_event(actor=actor, owner=team, action=action, text=text, **detail)


@receiver(member_left)
def on_member_left(sender: Any, team: str, user: str, actor: Actor, **_: Any) -> None:
    # They are refused already, since each call looks for the membership: revoked, they stay so if it comes back.
    revoke_all(user, team=team, actor=actor)


@receiver(invitation_made)
def on_invitation_made(sender: Any, invitation: Invitation, token: str, actor: Actor, **_: Any) -> None:
    if invitation.email:
        request_mail(
            INVITATION, to=invitation.email, team=invitation.team.name, by=actor.label, link=link_of(token),
            role=invitation.get_role_display(), until=f"{invitation.expires_at:%d %B %Y %H:%M} UTC",
        )  # fmt: skip
