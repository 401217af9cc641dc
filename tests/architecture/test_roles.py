"""Every page, call and view of the admin, asked as each role: it answers as docs/roles.md says.

One fixture and one process: unsafe requests end before their view, so that nothing changes on any database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client

from cloudaccounts.api import auth
from cloudaccounts.api.answers import ApiError
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group
from cloudaccounts.tokens.services import create_token
from teams.access import CALLS, PAGES, SAFE, WHOLE_TEAM, right_for
from teams.models import Membership, Team
from teams.present import SESSION_KEY
from teams.roles import RIGHTS, Role
from teams.scope import Scope
from tests import roles
from tests.api.conftest import Caller
from tests.architecture.test_ownership import WORDS, alices_records
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
__all__ = ["alices_records"]  # a fixture

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|{(\w+)}")
PASSED = 299  # what a request is answered that was let through to a view which changes things
OF_ACCOUNTS = {"account_id", "run_id", "asset_id", "finding_id"}  # records that a group limit hides
OPEN = {"healthz", "readyz", "metrics", "api-docs", "api-description", "registry-schema"}
# Answered to people who are not signed in as well; the sandbox asks behind its own guard.
OF_NOBODY = ("login/", "logout/", "password-reset/", "sandbox/")


class StopMiddleware:
    """Stands after `RoleMiddleware`: what comes here was let through."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        # Calls have still to meet their token, and are stopped behind it.
        return None if request.method in SAFE or request.path.startswith("/api/") else HttpResponse(status=PASSED)


class Persona:
    def __init__(self, user: User, team: Team, role: Role, *, limited: bool = False) -> None:
        self.name = f"{role.value}{' of a group' if limited else ''}"
        self.role, self.limited = role, limited
        self.browser = Client(raise_request_exception=False)
        self.browser.force_login(user)
        session = self.browser.session
        session[SESSION_KEY] = team.key
        session.save()
        token, text = create_token(owner=team.key, user=str(user.pk), actor=SYSTEM, name="script", scope="write")
        self.calls = Caller(text, token, Client(raise_request_exception=False))


@pytest.fixture
def records(alices_records: dict[str, UUID], alice: User) -> dict[str, str]:
    return {**{key: str(value) for key, value in alices_records.items()}, "team": str(alice.pk), "user": str(alice.pk)}


@pytest.fixture
def personas(records: dict[str, str], alice: User) -> list[Persona]:
    """Four roles in alice's team, and an operator who sees a group in which there is none of her accounts."""
    team = Team.objects.get(key=str(alice.pk))
    elsewhere = create_group(scope=Scope(team.key), actor=SYSTEM, name="elsewhere")
    made = []
    for role in Role:
        user = User.objects.create_user(f"as-{role.value}", password="known-to-them")
        Membership.objects.create(team=team, user=user, role=role)
        made.append(Persona(user, team, role))
    user = User.objects.create_user("as-limited", password="known-to-them")
    Membership.objects.create(team=team, user=user, role=Role.OPERATOR, limited=True, groups=[str(elsewhere.pk)])
    return [*made, Persona(user, team, Role.OPERATOR, limited=True)]


@pytest.fixture
def nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    middleware = list(settings.MIDDLEWARE)
    at = middleware.index("config.roles.RoleMiddleware") + 1
    middleware.insert(at, f"{__name__}.StopMiddleware")
    monkeypatch.setattr(settings, "MIDDLEWARE", middleware)
    authenticate = auth.BearerToken.authenticate

    def stop(self: auth.BearerToken, request: HttpRequest, token: str) -> Any:
        found = authenticate(self, request, token)
        if request.method not in SAFE:
            raise ApiError(JsonResponse({}, status=PASSED))
        return found

    monkeypatch.setattr(auth.BearerToken, "authenticate", stop)
    monkeypatch.setattr(settings, "API_CALLS_PER_MINUTE", 10_000)


def filled(route: str, records: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return records.get(name) or WORDS.get(name) or (str(uuid4()) if name.endswith("_id") else "1")

    return _PARAMETER.sub(value, route)


def hidden_by_limit(route: str) -> bool:
    return any(one in OF_ACCOUNTS for match in _PARAMETER.findall(route) for one in match)


def test_the_document_is_what_the_table_says() -> None:
    """Where this fails: ``python -m tests.roles --write``, and look at what the new route takes."""
    assert roles.text() == roles.DOCUMENT.read_text()


@pytest.mark.timeout(900)  # each page as each role
def test_every_page_asks_for_its_role(personas: list[Persona], records: dict[str, str], nothing_changes: None) -> None:
    wrong = []
    for route, name in roles.pages():
        if name in OPEN | {"logout"}:
            continue
        path = f"/{filled(route, records)}"
        for persona in personas:
            for method in ("GET", "POST"):
                right = right_for(PAGES, method, name)
                answer = persona.browser.generic(method, path)
                allowed = right in RIGHTS[persona.role] and not (persona.limited and (method, name) in WHOLE_TEAM)
                fine = (
                    (answer.status_code != 403 and answer.status_code < 500) if allowed else answer.status_code == 403
                )
                if allowed and persona.limited and method == "GET" and hidden_by_limit(route):
                    fine = answer.status_code in {404, 405}
                if not fine:
                    wrong.append(f"{persona.name}: {method} {path} ({name}) takes {right.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_every_call_asks_for_its_role(personas: list[Persona], records: dict[str, str], nothing_changes: None) -> None:
    wrong = []
    for method, route in roles.calls():
        path = filled(route, records)
        for persona in personas:
            right = right_for(CALLS, method, route)
            answer = persona.calls.ask(method, path, None if method in SAFE else {})
            allowed = right in RIGHTS[persona.role]
            if allowed and persona.limited and (method, route) in WHOLE_TEAM:
                fine = answer.status_code == 403 and answer.json()["code"] == "membership_limited"
            elif not allowed:
                fine = answer.status_code == 403 and answer.json()["code"] == "role_required"
            elif method not in SAFE:
                fine = answer.status_code == PASSED
            elif persona.limited and hidden_by_limit(route):
                fine = answer.status_code == 404
            else:
                fine = answer.status_code != 403 and answer.status_code < 500
            if not fine:
                wrong.append(f"{persona.name}: {method} {route} takes {right.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_file_takes_an_auditor(personas: list[Persona], records: dict[str, str]) -> None:
    for persona in personas:
        allowed = persona.role in {Role.AUDITOR, Role.OWNER}
        for page in ("accounts", "findings", "assets", "rotation"):
            assert (persona.browser.get(f"/{page}/?format=csv").status_code != 403) == allowed, (persona.name, page)
        assert (persona.calls.get("findings/?format=ocsf").status_code != 403) == allowed, persona.name


def test_nobody_and_another_team_meet_nothing(records: dict[str, str], bob: User, nothing_changes: None) -> None:
    stranger, nobody = Client(raise_request_exception=False), Client(raise_request_exception=False)
    stranger.force_login(bob)
    token, text = create_token(owner=str(bob.pk), actor=SYSTEM, name="script", scope="write")
    calls, without = Caller(text, token), Caller("", None)  # type: ignore[arg-type]  # nobody's
    wrong = []
    for route, name in roles.pages():
        path = f"/{filled(route, records)}"
        named = set(records) & {one for match in _PARAMETER.findall(route) for one in match if one}
        answer = stranger.get(path)
        if named and answer.status_code not in {404, 405, 302}:
            wrong.append(f"another team: {path}: {answer.status_code}")
        if name not in OPEN and not route.startswith(OF_NOBODY):
            for method in ("GET", "POST"):
                answer = nobody.generic(method, path)
                if answer.status_code != 302 or not answer["Location"].startswith("/login/"):
                    wrong.append(f"nobody: {method} {path} ({name}): {answer.status_code}")
    for method, route in roles.calls():
        path = filled(route, records)
        if without.ask(method, path, None if method in SAFE else {}).status_code != 401:
            wrong.append(f"nobody: {method} {route}")
        named = set(records) & {one for match in _PARAMETER.findall(route) for one in match if one}
        if method in SAFE and named and calls.ask(method, path).status_code != 404:
            wrong.append(f"another team: {method} {route}")
    assert not wrong, "\n".join(wrong)


def admin_pages() -> Iterator[str]:
    for address in roles.admin_addresses():
        yield from (f"/{address}", f"/{address}add/", f"/{address}1/change/")
    yield from ("/admin/", "/admin/overview/")


def test_no_role_opens_the_admin(personas: list[Persona], operator: User) -> None:
    assert admin.site._registry
    olga = Client()
    olga.force_login(operator)
    for path in admin_pages():
        for persona in personas:
            answer = persona.browser.get(path)
            assert answer.status_code == 302, (persona.name, path)
            assert "/login/" in answer["Location"]
    for address in roles.admin_addresses():
        assert olga.get(f"/{address}").status_code == 200, address
