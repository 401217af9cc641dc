"""Who comes into a team, what they become, and who cannot leave it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.models import AuditEvent, MailRequest
from cloudaccounts.tokens.services import create_token, find_token
from config.site.mails import SENDERS
from teams import services
from teams.errors import AlreadyMemberError, InvitationGoneError, LastOwnerError, OwnTeamError, TeamError
from teams.models import Invitation, Membership, Team
from teams.roles import Role
from tests.conftest import ALL_DATABASES
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def invite(team: Team, by: User, **fields: object) -> str:
    values: dict[str, object] = {"role": Role.VIEWER, "by": by, "actor": SYSTEM, **fields}
    return services.invite(team, **values)[1]  # type: ignore[arg-type]  # by name


def test_a_link_works_once(alice: User, bob: User, operator: User, crew: Team) -> None:
    group = uuid4()
    token = invite(crew, alice, role=Role.OPERATOR, groups=[group])
    joined = services.accept(token, user=bob, actor=SYSTEM)
    assert (joined.role, joined.limited, joined.groups) == (Role.OPERATOR, True, [str(group)])
    with pytest.raises(InvitationGoneError):
        services.accept(token, user=operator, actor=SYSTEM)
    assert list(AuditEvent.objects.filter(owner=crew.key, action="team.joined")) != []


def test_only_its_hash_is_stored(alice: User, crew: Team) -> None:
    token = invite(crew, alice)
    row = Invitation.objects.get()
    assert token not in str(vars(row))
    assert all(token not in f"{event.text}{event.detail}" for event in AuditEvent.objects.all())


def test_it_opens_nothing_once_it_ended_or_is_withdrawn(alice: User, bob: User, crew: Team) -> None:
    token = invite(crew, alice)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationGoneError):
        services.accept(token, user=bob, actor=SYSTEM)
    token = invite(crew, alice)
    services.withdraw(Invitation.objects.order_by("-created_at")[0], actor=SYSTEM)
    for text in (token, "", "x" * 5000, "nonsense"):
        with pytest.raises(InvitationGoneError):
            services.accept(text, user=bob, actor=SYSTEM)
    assert not Membership.objects.filter(team=crew, user=bob).exists()


def test_a_member_does_not_use_it_up(alice: User, bob: User, crew: Team) -> None:
    token = invite(crew, alice)
    with pytest.raises(AlreadyMemberError):
        services.accept(token, user=alice, actor=SYSTEM)
    assert services.accept(token, user=bob, actor=SYSTEM).team == crew


def test_a_mail_carries_the_link_and_no_row_in_clear(
    alice: User, crew: Team, mailoutbox: list[object], settings: object
) -> None:
    token = invite(crew, alice, email="runa@example.org")
    request = MailRequest.objects.get()
    assert request.content is not None
    assert token not in str(request.content)
    SENDERS[request.kind](request.content.open(bound_to=request.pk, column="content"))
    (mail,) = mailoutbox
    assert f"/invitations/{token}/" in mail.body  # type: ignore[attr-defined]
    assert mail.to == ["runa@example.org"]  # type: ignore[attr-defined]


def test_the_last_owner_stays_and_stays_owner(alice: User, bob: User, crew: Team, join: Join) -> None:
    join(bob, Role.OPERATOR)
    with pytest.raises(LastOwnerError):
        services.remove_member(crew.key, alice, actor=SYSTEM)
    with pytest.raises(LastOwnerError):
        services.change_member(crew.key, alice, role=Role.VIEWER, groups=None, actor=SYSTEM)
    services.change_member(crew.key, bob, role=Role.OWNER, groups=None, actor=SYSTEM)
    services.remove_member(crew.key, alice, actor=SYSTEM)
    with pytest.raises(LastOwnerError):
        services.remove_member(crew.key, bob, actor=SYSTEM)


def test_nobody_is_put_out_of_the_own_personal_team(alice: User, bob: User) -> None:
    own = Team.objects.get(key=str(alice.pk))
    Membership.objects.create(team=own, user=bob, role=Role.OWNER)
    for _ in range(2):
        with pytest.raises(OwnTeamError):
            services.remove_member(own.key, alice, actor=SYSTEM)
    with pytest.raises(OwnTeamError):
        services.change_member(own.key, alice, role=Role.VIEWER, groups=None, actor=SYSTEM)
    services.remove_member(own.key, bob, actor=SYSTEM)


def test_who_leaves_loses_the_tokens_for_that_team(bob: User, crew: Team, join: Join) -> None:
    join(bob)
    key = str(bob.pk)
    _, of_team = create_token(owner=crew.key, user=key, actor=SYSTEM, name="team's")
    _, own = create_token(owner=key, actor=SYSTEM, name="own")
    services.remove_member(crew.key, bob, actor=Actor(key, "bob", "page"))
    assert find_token(of_team) is None
    assert find_token(own) is not None
    assert AuditEvent.objects.get(owner=crew.key, action="team.left").text == "bob left the team"


def test_an_owner_is_never_limited(alice: User, crew: Team) -> None:
    with pytest.raises(TeamError):
        invite(crew, alice, role=Role.OWNER, groups=[uuid4()])
    with pytest.raises(TeamError):
        invite(crew, alice, role="admiral")


def test_a_team_has_a_name_and_its_maker_as_owner(alice: User) -> None:
    team = services.create_team(user=alice, name="  Cloud   Platform ", actor=SYSTEM)
    assert (team.name, team.personal) == ("Cloud Platform", False)
    assert Membership.objects.get(team=team).role == Role.OWNER
    for name in ("", " ", "x" * 81, "a\x00b", "a\nb\x07"):
        with pytest.raises(TeamError):
            services.create_team(user=alice, name=name, actor=SYSTEM)
