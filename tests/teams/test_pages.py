"""The team's pages."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import ApiToken, AuditEvent, CloudAccount, MailRequest
from cloudaccounts.tokens.services import create_token, find_token
from cloudaccounts.views import team_page
from teams.models import Invitation, Membership, Team
from teams.roles import Role
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def alices(alice: User, crew: Team) -> Client:
    return there(alice, crew)


def there(user: User, team: Team) -> Client:
    client = Client()
    client.force_login(user)
    assert client.post("/team/switch/", {"team": team.key}).status_code == 302
    return client


def test_two_people_of_one_team_see_the_same_accounts(
    alice: User, bob: User, alices: Client, crew: Team, join: Join, make_account: MakeAccount
) -> None:
    account = make_account(alice, name="shared-one")
    CloudAccount.objects.filter(pk=account.pk).update(owner=crew.key)
    join(bob, Role.VIEWER)
    bobs = there(bob, crew)
    for client in (alices, bobs):
        assert "shared-one" in client.get("/accounts/").content.decode()
    assert bobs.get(f"/accounts/{account.pk}/").status_code == 200
    assert bobs.post(f"/accounts/{account.pk}/revalidate/").status_code == 403
    assert alices.get(f"/accounts/{account.pk}/delete/").status_code == 200
    bobs.post("/team/switch/", {"team": str(bob.pk)})
    assert bobs.get(f"/accounts/{account.pk}/").status_code == 404


def test_an_invitation_by_link(alices: Client, bob: User, crew: Team) -> None:
    answer = alices.post("/team/invitations/", {"role": "operator"})
    assert answer.status_code == 201
    (path,) = set(re.findall(r"/invitations/[\w-]+/", answer.content.decode()))
    client = Client()
    assert client.get(path)["Location"].startswith("/login/")
    client.force_login(bob)
    assert "Join Crew?" in client.get(path).content.decode()
    assert not Membership.objects.filter(team=crew, user=bob).exists()
    assert client.post(path).status_code == 302
    assert Membership.objects.get(team=crew, user=bob).role == Role.OPERATOR
    assert "Crew" in client.get("/team/").content.decode()
    assert client.get(path).status_code == 410


def test_by_mail_and_withdrawn(alices: Client, crew: Team) -> None:
    assert alices.post("/team/invitations/", {"role": "viewer", "email": "runa@example.org"}).status_code == 302
    assert "runa@example.org" in alices.get("/team/").content.decode()
    row = Invitation.objects.get()
    assert alices.post(f"/team/invitations/{row.pk}/withdraw/").status_code == 302
    assert not Invitation.objects.exists()
    assert alices.post("/team/invitations/", {"role": "viewer", "email": "nonsense"}).status_code == 422


def test_an_owner_changes_role_and_groups(alices: Client, bob: User, crew: Team, join: Join) -> None:
    join(bob)
    group = create_group(scope=Scope(crew.key), actor=SYSTEM, name="Payments")
    page = f"/team/members/{bob.pk}/"
    assert alices.get(page).status_code == 200
    values = {"role": "operator", "access": "groups", "groups": [str(group.pk)]}
    assert alices.post(page, values).status_code == 302
    row = Membership.objects.get(team=crew, user=bob)
    assert (row.role, row.limited, row.groups) == (Role.OPERATOR, True, [str(group.pk)])
    assert alices.post(page, {"role": "operator", "access": "groups"}).status_code == 422
    assert alices.post(page, {"role": "owner", "access": "groups", "groups": [str(group.pk)]}).status_code == 422
    assert "Payments" in alices.get("/team/").content.decode()


def test_members_go(alices: Client, alice: User, bob: User, crew: Team, join: Join) -> None:
    join(bob)
    bobs = there(bob, crew)
    assert bobs.post(f"/team/members/{alice.pk}/remove/").status_code == 403
    answer = alices.post("/team/leave/", follow=True).content.decode()
    assert "last one" in answer
    assert alices.post(f"/team/members/{bob.pk}/remove/").status_code == 302
    assert bobs.get("/team/").status_code == 200
    assert "Crew" not in bobs.get("/team/").content.decode()
    assert bobs.post("/team/switch/", {"team": crew.key}).status_code == 404


def test_somebody_elses_are_not_there(alices: Client, bob: User, crew: Team) -> None:
    other = Team.objects.create(name="Other")
    row = Invitation.objects.create(
        team=other, role="viewer", digest="d", invited_by_label="x", created_at=crew.created_at,
        expires_at=crew.created_at,
    )  # fmt: skip
    _, text = create_token(owner=str(bob.pk), actor=SYSTEM, name="bobs")
    token = find_token(text)
    assert token is not None
    assert alices.post(f"/team/invitations/{row.pk}/withdraw/").status_code == 404
    assert alices.post(f"/team/tokens/{token.pk}/revoke/").status_code == 404
    assert alices.get(f"/team/members/{bob.pk}/").status_code == 404
    assert alices.get("/team/members/nobody/").status_code == 404
    assert find_token(text) is not None


def test_an_owner_revokes_any_token_of_the_team(alices: Client, bob: User, crew: Team, join: Join) -> None:
    join(bob)
    token, text = create_token(owner=crew.key, user=str(bob.pk), actor=SYSTEM, name="bobs")
    assert "bobs" in alices.get("/team/tokens/").content.decode()
    assert alices.post(f"/team/tokens/{token.pk}/revoke/").status_code == 302
    assert find_token(text) is None


def test_a_new_team_is_gone_to(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert client.post("/team/new/", {"name": "Fresh"}, follow=True).status_code == 200
    assert "Fresh" in client.get("/team/").content.decode()
    assert client.post("/team/new/", {"name": ""}).status_code == 422
    assert "Fresh" in client.get("/team/switch/").content.decode()


def test_the_number_of_queries_is_fixed(
    alices: Client, alice: User, crew: Team, join: Join, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        join(User.objects.create_user(f"user{number}"))
    with django_assert_max_num_queries(22):
        assert alices.get("/team/").status_code == 200


def test_many_members_are_paged_and_all_of_them_are_counted(
    alices: Client, alice: User, crew: Team, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team_page, "MEMBERS", 3)
    people = [User.objects.create_user(f"member-{number}") for number in range(4)]
    for person in people:
        join(person, Role.VIEWER)
    Authenticator.objects.create(user=people[-1], type=Authenticator.Type.TOTP, data={})
    first, second = alices.get("/team/"), alices.get("/team/?page=2")
    assert [row["name"] for row in first.context["members"]] == ["alice", "member-0", "member-1"]
    assert [row["name"] for row in second.context["members"]] == ["member-2", "member-3"]
    for page in (first, second):
        assert "5 members" in seen(page)
        # Of all members, whatever page is looked at.
        assert (page.context["with_factor"], page.context["without_factor"]) == (1, 4)
    assert "page 1 of 2" in seen(first)


def test_access_per_group_names_who_is_limited_to_it_and_who_is_limited_to_none_once(
    alices: Client, crew: Team, join: Join
) -> None:
    named = [create_group(scope=Scope(crew.key), actor=SYSTEM, name=name) for name in ("Payments", "Data", "Other")]
    join(User.objects.create_user("everywhere"), Role.VIEWER)
    for number in range(2):
        membership = join(User.objects.create_user(f"limited-{number}"), Role.OPERATOR)
        Membership.objects.filter(pk=membership.pk).update(limited=True, groups=[str(named[number].pk)])
    Membership.objects.filter(user__username="limited-0").update(groups=[str(group.pk) for group in named[:2]])
    panel = seen(alices.get("/team/")).split('id="access-title"')[1].split("</section>")[0]
    lines = [re.sub(r"<[^>]+>", " ", line).split() for line in panel.split("<dt>")[1:]]
    assert lines == [
        ["All", "accounts", "alice", "Owner", ",", "everywhere", "Viewer"],
        ["Data", "limited-0", "Operator", ",", "limited-1", "Operator"],
        ["Payments", "limited-0", "Operator"],
    ]


def test_a_team_is_renamed_by_its_owners_and_a_personal_one_by_nobody(alices: Client, alice: User, crew: Team) -> None:
    assert alices.post("/team/rename/", {"name": "  Deck   hands "}).status_code == 302
    assert Team.objects.get(key=crew.key).name == "Deck hands"
    assert alices.post("/team/rename/", {"name": ""}).status_code == 422
    alices.post("/team/switch/", {"team": str(alice.pk)})
    assert alices.post("/team/rename/", {"name": "Mine"}).status_code == 404


@pytest.mark.parametrize(
    ("role", "panel", "status"),
    [("viewer", "history", 403), ("operator", "history", 403), ("auditor", "history", 200), ("viewer", "health", 200)],
)
def test_a_panel_of_an_account_takes_what_its_tab_does(
    crew: Team, join: Join, bob: User, bobs: Client, make_account: MakeAccount, alice: User, role: str, panel: str,
    status: int,
) -> None:  # fmt: skip
    """The history is the audit's, by whatever address it is asked for."""
    account = make_account(alice)
    CloudAccount.objects.filter(pk=account.pk).update(owner=crew.key)
    join(bob, Role(role))
    bobs.post("/team/switch/", {"team": crew.key})
    assert bobs.get(f"/accounts/{account.pk}/panels/{panel}/").status_code == status


def test_who_manages_members_sees_how_they_sign_in_and_nobody_else(
    alices: Client, alice: User, bob: User, crew: Team, join: Join
) -> None:
    join(bob, Role.AUDITOR)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={})
    # Codes for emergencies alone are no second factor.
    Authenticator.objects.create(user=bob, type=Authenticator.Type.RECOVERY_CODES, data={})
    page = alices.get("/team/").content.decode()
    assert "Password, authenticator app, passkey" in page
    assert "Password, no second factor" in page
    assert "1 without a second factor" in page
    bobs = there(bob, crew)
    assert "second factor" not in bobs.get("/team/").content.decode()
    assert "no second factor" in alices.get(f"/team/members/{bob.pk}/").content.decode()


def test_members_as_a_file(alices: Client, alice: User, bob: User, crew: Team, join: Join) -> None:
    join(bob, Role.VIEWER)
    bobs = there(bob, crew)
    assert bobs.get("/team/?format=csv").status_code == 403
    SocialAccount.objects.create(user=bob, provider="oidc", uid="subject")
    rows = list(csv.DictReader(file_of(alices).splitlines()))
    assert [(row["username"], row["role"], row["access"]) for row in rows] == [
        (alice.username, "owner", "All accounts"), (bob.username, "viewer", "All accounts"),
    ]  # fmt: skip
    assert [(row["sign_in"], row["second_factor"]) for row in rows] == [
        ("password", "none"),
        ("single sign-on", "none"),
    ]
    Membership.objects.filter(team=crew, user=bob).update(role=Role.AUDITOR)
    assert {row["second_factor"] for row in csv.DictReader(file_of(bobs).splitlines())} == {""}
    assert AuditEvent.objects.filter(owner=crew.key, action="export.taken").count() == 2


def file_of(client: Client) -> str:
    answer: Any = client.get("/team/?format=csv")
    return b"".join(answer.streaming_content).decode()


def test_an_invitation_sent_again_has_another_link(alices: Client, bob: User, crew: Team) -> None:
    first = link_in(alices.post("/team/invitations/", {"role": "operator"}))
    row = Invitation.objects.get()
    Invitation.objects.update(expires_at=crew.created_at)
    answer = alices.post(f"/team/invitations/{row.pk}/send/")
    assert answer.status_code == 201
    second = link_in(answer)
    client = Client()
    client.force_login(bob)
    assert client.post(first).status_code == 410
    assert client.post(second).status_code == 302
    assert Membership.objects.get(team=crew, user=bob).role == Role.OPERATOR
    assert alices.post(f"/team/invitations/{row.pk}/send/").status_code == 404


def test_one_by_mail_is_mailed_again(alices: Client, crew: Team) -> None:
    alices.post("/team/invitations/", {"role": "viewer", "email": "runa@example.org"})
    row = Invitation.objects.get()
    assert alices.post(f"/team/invitations/{row.pk}/send/").status_code == 302
    assert Invitation.objects.get().digest != row.digest
    assert MailRequest.objects.count() == 2


def link_in(answer: Any) -> str:
    paths: set[str] = set(re.findall(r"/invitations/[\w-]+/", answer.content.decode()))
    (path,) = paths
    return path


def test_a_service_token_is_made_listed_and_revoked(alices: Client, crew: Team) -> None:
    group = create_group(scope=Scope(crew.key), actor=SYSTEM, name="Payments")
    values = {"name": "pipeline", "may": "chosen", "chosen": ["scans:write", "accounts:read"], "days": "30"}
    answer = alices.post("/team/tokens/new/", {**values, "groups": [str(group.pk)]})
    assert answer.status_code == 201
    (text,) = set(re.findall(r"cam_[\w-]{20,}", answer.content.decode()))
    token = find_token(text)
    assert token is not None
    assert (token.owner, token.user, token.scopes, token.groups) == (
        crew.key, None, ["accounts:read", "scans:write"], [str(group.pk)],
    )  # fmt: skip
    page = alices.get("/team/tokens/").content.decode()
    assert "pipeline" in page
    assert "Payments" in page
    assert text not in page
    assert alices.post(f"/team/tokens/{token.pk}/revoke/").status_code == 302
    assert find_token(text) is None


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"may": "chosen"}, {"may": "chosen", "chosen": ["all:write"]}, {"days": "9999"},
              {"groups": ["0e3e1a3c-6a51-4f0b-9d3c-2f6b1a7c9d10"]}]
)  # fmt: skip
def test_a_service_token_that_is_wrong_is_refused(alices: Client, crew: Team, wrong: dict[str, Any]) -> None:
    create_group(scope=Scope(crew.key), actor=SYSTEM, name="Payments")
    answer = alices.post("/team/tokens/new/", {"name": "pipeline", "may": "read", "days": "", **wrong})
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_one_that_never_ends_and_may_write_is_named(alices: Client, bob: User, crew: Team, join: Join) -> None:
    assert alices.post("/team/tokens/new/", {"name": "for ever", "may": "write", "days": ""}).status_code == 201
    assert "1 can write and never ends" in alices.get("/team/").content.decode()
    join(bob, Role.OPERATOR)
    bobs = there(bob, crew)
    assert bobs.get("/team/tokens/").status_code == 403
    assert bobs.post("/team/tokens/new/", {"name": "x", "may": "write", "days": "30"}).status_code == 403
