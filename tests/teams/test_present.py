"""The present team of a session: whose rows a page shows, and what it lets its reader do."""

from __future__ import annotations

import importlib
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory

from teams.access import May
from teams.models import Membership, Team
from teams.present import SESSION_KEY, scope_of, switch
from teams.roles import Role
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def request_of(user: Any, team: str = "") -> HttpRequest:
    request = RequestFactory().get("/")
    request.user, request.session = user, SessionStore()
    if team:
        request.session[SESSION_KEY] = team
    return request


def test_a_new_user_has_a_personal_team_whose_key_is_the_users_number(alice: User) -> None:
    team = Team.objects.get(key=str(alice.pk))
    assert (team.name, team.personal) == ("alice", True)
    assert Membership.objects.get(team=team).role == Role.OWNER


def test_the_migration_gives_one_to_users_of_before_and_can_be_repeated(alice: User, bob: User) -> None:
    Team.objects.filter(key=str(bob.pk)).delete()
    migration = importlib.import_module("teams.migrations.0002_personal_teams")
    for _ in range(2):
        with connection.schema_editor() if connection.vendor != "sqlite" else _Editor() as editor:
            migration.make_personal_teams(apps, editor)
    assert Team.objects.get(key=str(bob.pk)).name == "bob"
    assert Membership.objects.filter(user=bob, role="owner").count() == 1


class _Editor:
    """SQLite's own cannot be opened within a transaction; the migration asks it for the connection alone."""

    connection = connection

    def __enter__(self) -> _Editor:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_new_user_name_is_the_personal_teams_too(alice: User) -> None:
    alice.username = "alicia"
    alice.save()
    assert Team.objects.get(key=str(alice.pk)).name == "alicia"


def test_the_personal_team_ends_with_its_user(alice: User, bob: User, crew: Team, join: Join) -> None:
    join(bob)
    key = str(bob.pk)
    bob.delete()
    assert not Team.objects.filter(key=key).exists()
    assert [row.user_id for row in crew.memberships.all()] == [alice.pk]


def test_without_a_team_in_the_session_it_is_the_personal_one_without_a_query(
    alice: User, django_assert_num_queries: Any
) -> None:
    request = request_of(alice)
    request.session.get("anything")  # signed-in requests have read their session already
    with django_assert_num_queries(0):
        assert scope_of(request) == Scope(str(alice.pk), Role.OWNER)


def test_a_member_has_the_role_and_the_groups_of_the_membership(bob: User, crew: Team, join: Join) -> None:
    group = uuid4()
    join(bob, Role.OPERATOR, limited=True, groups=[str(group)])
    assert scope_of(request_of(bob, crew.key)) == Scope(crew.key, Role.OPERATOR, frozenset({group}))


def test_an_emptied_limit_means_nothing_and_not_everything(bob: User, crew: Team, join: Join) -> None:
    join(bob, limited=True, groups=[])
    assert scope_of(request_of(bob, crew.key)).groups == frozenset()


def test_the_session_is_not_believed(bob: User, alice: User, crew: Team) -> None:
    for team in (crew.key, str(alice.pk), "nonsense"):
        request = request_of(bob, team)
        assert scope_of(request) == Scope(str(bob.pk))
        assert SESSION_KEY not in request.session


def test_a_membership_that_ended_falls_back_to_the_personal_team(bob: User, crew: Team, join: Join) -> None:
    membership = join(bob)
    request = request_of(bob, crew.key)
    membership.delete()
    assert scope_of(request).owner == str(bob.pk)


def test_nobody_switches_to_a_team_of_others(bob: User, crew: Team) -> None:
    request = request_of(bob)
    assert not switch(request, crew.key)
    assert scope_of(request).owner == str(bob.pk)


def test_a_login_begins_in_the_team_that_was_left_last(bob: User, crew: Team, join: Join) -> None:
    join(bob)
    client = Client()
    client.force_login(bob)
    assert SESSION_KEY not in client.session
    assert switch(request_of(bob), crew.key)
    client.force_login(bob)
    assert client.session[SESSION_KEY] == crew.key


def test_a_page_of_another_role_says_what_it_takes(bob: User, crew: Team, join: Join) -> None:
    join(bob, Role.VIEWER)
    client = Client()
    client.force_login(bob)
    session = client.session
    session[SESSION_KEY] = crew.key
    session.save()
    answer = client.get("/audit/")
    assert answer.status_code == 403
    assert "auditor or owner" in answer.content.decode()
    assert client.get("/accounts/").status_code == 200
    assert client.get("/accounts/?format=csv").status_code == 403


def test_templates_learn_what_the_role_may_do() -> None:
    may = May(Role.OPERATOR)
    assert (may.read, may.operate, may.audit, may.manage) == (True, True, False, False)
    assert not May(None).read
    assert not hasattr(may, "fly")


def test_nobody_has_a_team() -> None:
    from teams import context

    assert not context.team(request_of(AnonymousUser()))["own_teams"]
