"""Tokens of a team: never more than their user's role now, and their scopes."""

from __future__ import annotations

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import ApiToken, AuditEvent, CloudAccount
from cloudaccounts.tokens.scopes import ACROSS, AREAS, allows, area_of
from cloudaccounts.tokens.services import create_token, tokens_of
from config.api.assembly import ROOT, description
from teams.models import Team
from teams.roles import Role
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.teams.conftest import Join

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def caller(team: Team, user: User | None, scope: Any = "write", **more: Any) -> Caller:
    key = str(user.pk) if user else None
    token, text = create_token(owner=team.key, user=key, actor=SYSTEM, name="script", scope=scope, **more)
    return Caller(text, token)


@pytest.fixture
def account(alice: User, crew: Team, make_account: MakeAccount) -> CloudAccount:
    account = make_account(alice)
    CloudAccount.objects.filter(pk=account.pk).update(owner=crew.key)
    account.refresh_from_db()
    return account


def test_it_reaches_its_team_and_not_its_users_own(bob: User, crew: Team, join: Join, account: CloudAccount) -> None:
    join(bob)
    assert caller(crew, bob).get("cloud-accounts/").json()["count"] == 1
    own, text = create_token(owner=str(bob.pk), actor=SYSTEM, name="own")
    assert Caller(text, own).get("cloud-accounts/").json()["count"] == 0


def test_it_has_the_role_that_its_user_has_now(bob: User, crew: Team, join: Join, account: CloudAccount) -> None:
    membership = join(bob, Role.OPERATOR)
    calls = caller(crew, bob)
    path = f"cloud-accounts/{account.pk}"
    assert calls.patch(path, {"name": "renamed"}).status_code == 200
    refused = assert_problem(calls.delete(path), 403, "role_required")
    assert refused["details"] == {"role": "operator", "roles": ["owner"]}
    membership.role = Role.VIEWER
    membership.save()
    assert_problem(calls.patch(path, {"name": "again"}), 403, "role_required")
    event = AuditEvent.objects.get(action="account.changed")
    assert (event.actor_label, event.actor_team, event.actor_role) == ("bob", crew.key, "operator")


def test_it_dies_with_the_membership(bob: User, crew: Team, join: Join) -> None:
    membership = join(bob)
    calls = caller(crew, bob)
    membership.delete()
    assert_problem(calls.get("cloud-accounts/"), 401, "token_invalid")


def test_it_dies_with_the_password(bob: User, crew: Team, join: Join) -> None:
    join(bob)
    calls = caller(crew, bob)
    bob.set_password("another-one-altogether")
    bob.save()
    assert_problem(calls.get("cloud-accounts/"), 401, "token_invalid")


def test_a_service_token_outlives_whoever_made_it(alice: User, bob: User, crew: Team, account: CloudAccount) -> None:
    calls = caller(crew, None)
    alice.set_password("another-one-altogether")
    alice.save()
    assert calls.get("cloud-accounts/").json()["count"] == 1
    assert calls.patch(f"cloud-accounts/{account.pk}", {"name": "renamed"}).status_code == 200
    event = AuditEvent.objects.get(action="account.changed")
    assert (event.actor, event.actor_label) == (f"token:{calls.token.pk}", "service token script")
    assert tokens_of(str(alice.pk)) == []


def test_scopes_take_away(alice: User, crew: Team, account: CloudAccount) -> None:
    calls = caller(crew, alice, ["scans:write", "accounts:read"])
    assert calls.get("cloud-accounts/").status_code == 200
    assert calls.get("scans/").status_code == 200
    refused = assert_problem(calls.get("findings/"), 403, "token_scope_missing")
    assert refused["details"] == {"scope": "findings:read"}
    assert_problem(calls.patch(f"cloud-accounts/{account.pk}", {"name": "x"}), 403, "token_scope_missing")
    reading = caller(crew, alice, "read")
    assert_problem(reading.patch(f"cloud-accounts/{account.pk}", {"name": "x"}), 403, "token_read_only")


def test_it_is_narrowed_to_groups_within_those_of_its_user(
    alice: User, bob: User, crew: Team, join: Join, account: CloudAccount
) -> None:
    ours = create_group(scope=Scope(crew.key), actor=SYSTEM, name="ours")
    inner = create_group(scope=Scope(crew.key), actor=SYSTEM, name="inner", parent=ours.pk)
    other = create_group(scope=Scope(crew.key), actor=SYSTEM, name="other")
    join(bob, limited=True, groups=[str(ours.pk)])
    from cloudaccounts.api.auth import _scope_of

    for given, seen in ((inner, [inner]), (ours, [ours, inner]), (other, [])):
        token = caller(crew, bob, groups=[given.pk]).token
        scope = _scope_of(token, bob)
        assert scope is not None
        assert scope.groups == frozenset(group.pk for group in seen)
    assert _scope_of(caller(crew, alice, groups=[]).token, alice).groups == frozenset()  # type: ignore[union-attr]


def test_every_call_has_an_area() -> None:
    areas = {path.removeprefix(ROOT): area_of(path.removeprefix(ROOT)) for path in description()["paths"]}
    assert set(areas.values()) <= {*AREAS, ACROSS}
    # The only one that asks by itself, for each section: tests/api/test_apply_scopes.py.
    assert [path for path, area in areas.items() if area == ACROSS] == ["apply/"]
    assert allows(["accounts:write"], "accounts", write=False)
    assert not allows(["accounts:read"], "accounts", write=True)
    assert not allows([], "accounts", write=False)


def test_unknown_scopes_are_refused(alice: User) -> None:
    for scope in ("", "admin", "accounts:fly", "read,write"):
        with pytest.raises(InputError):
            create_token(owner=str(alice.pk), actor=SYSTEM, name="x", scope=scope)


def made(*arguments: str) -> ApiToken:
    out = StringIO()
    call_command("create_api_token", *arguments, stdout=out, stderr=StringIO())
    assert out.getvalue().strip().startswith("cam_")
    return ApiToken.objects.order_by("-created_at")[0]


def test_the_command_takes_a_team_and_scopes(alice: User, bob: User, crew: Team) -> None:
    token = made("alice", "--team", "Crew", "--scope", "scans:read", "--scope", "accounts:write")
    assert (token.owner, token.user, token.scope) == (crew.key, str(alice.pk), "accounts:write scans:read")
    token = made("--team", crew.key)
    assert (token.owner, token.user, token.scope) == (crew.key, None, "write")
    assert made("alice").owner == str(alice.pk)
    for wrong in (["bob", "--team", "Crew"], ["--team", "none"], [], ["--scope", "fly", "alice"]):
        with pytest.raises(CommandError):
            call_command("create_api_token", *wrong)


def test_a_name_that_two_teams_have_is_asked_by_key(crew: Team, alice: User) -> None:
    other = Team.objects.create(key=str(uuid4()), name="Crew")
    with pytest.raises(CommandError, match=other.key):
        made("--team", "Crew")
