"""Teams over the HTTP API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group
from cloudaccounts.tokens.services import create_token
from teams.models import Membership, Team
from teams.roles import Role
from teams.scope import Scope
from teams.services import accept
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def caller(user: User) -> Caller:
    token, text = create_token(owner=str(user.pk), actor=SYSTEM, name="script", scope="write")
    return Caller(text, token)


def test_a_team_is_made_and_listed(alice: User) -> None:
    calls = caller(alice)
    made = calls.post("teams/", {"name": "Platform"})
    assert made.status_code == 201
    items = calls.get("teams/").json()["items"]
    assert [(row["name"], row["personal"], row["role"]) for row in items] == [
        ("alice", True, "owner"),
        ("Platform", False, "owner"),
    ]
    assert made.json() == items[1]
    assert_problem(calls.post("teams/", {"name": ""}), 422, "input_invalid")


def test_an_invitations_answer_holds_its_link_once(alice: User, bob: User, crew: Team) -> None:
    calls = caller(alice)
    answer = calls.post(f"teams/{crew.key}/invitations", {"role": "operator"})
    assert answer.status_code == 201
    token = answer.json()["link"].rstrip("/").rsplit("/", 1)[1]
    assert accept(token, user=bob, actor=SYSTEM).role == Role.OPERATOR
    names = [row["username"] for row in calls.get(f"teams/{crew.key}/members").json()["items"]]
    assert names == ["alice", "bob"]
    bodies: list[dict[str, object]] = [{"role": "admiral"}, {"email": "nonsense"}, {"groups": []}, {"more": 1}]
    for body in bodies:
        assert calls.post(f"teams/{crew.key}/invitations", body).status_code == 422
    group = create_group(scope=Scope(crew.key), actor=SYSTEM, name="ours")
    limited = calls.post(f"teams/{crew.key}/invitations", {"groups": [str(group.pk)]})
    if limited.status_code == 201:
        assert limited.json()["groups"] == [str(group.pk)]


def test_leaving_and_removing(alice: User, bob: User, crew: Team, join: Join) -> None:
    join(bob)
    alices, bobs = caller(alice), caller(bob)
    assert_problem(bobs.delete(f"teams/{crew.key}/members/{alice.pk}"), 403, "role_required")
    assert_problem(alices.delete(f"teams/{crew.key}/members/{alice.pk}"), 409, "last_owner")
    assert bobs.delete(f"teams/{crew.key}/members/{bob.pk}").status_code == 204
    assert_problem(bobs.get(f"teams/{crew.key}/members"), 404, "not_found")
    assert_problem(alices.delete(f"teams/{crew.key}/members/{bob.pk}"), 404, "not_found")
    assert_problem(alices.delete(f"teams/{crew.key}/members/x"), 404, "not_found")


def test_a_viewer_does_not_invite(bob: User, crew: Team, join: Join) -> None:
    join(bob)
    assert_problem(caller(bob).post(f"teams/{crew.key}/invitations", {}), 403, "role_required")


def test_another_team_is_not_there(bob: User, crew: Team) -> None:
    calls = caller(bob)
    assert_problem(calls.get(f"teams/{crew.key}/members"), 404, "not_found")
    assert_problem(calls.post(f"teams/{crew.key}/invitations", {}), 404, "not_found")
    assert_problem(calls.delete(f"teams/{crew.key}/members/{bob.pk}"), 404, "not_found")


def test_a_service_token_knows_its_team_alone(alice: User, crew: Team) -> None:
    token, text = create_token(owner=crew.key, user=None, actor=SYSTEM, name="ci", scope="write")
    calls = Caller(text, token)
    assert [row["id"] for row in calls.get("teams/").json()["items"]] == [crew.key]
    assert calls.get(f"teams/{crew.key}/members").json()["count"] == 1
    assert_problem(calls.get(f"teams/{alice.pk}/members"), 404, "not_found")
    assert_problem(calls.post("teams/", {"name": "x"}), 403, "user_required")
    assert calls.post(f"teams/{crew.key}/invitations", {"role": "viewer"}).status_code == 201
    assert Membership.objects.filter(team=crew).count() == 1
