"""Where a second factor, or single sign-on, is required of everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from oidc_provider_mock import run_server_in_thread
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import AuditEvent
from cloudaccounts.tokens.services import create_token
from config.signin.models import BreakGlass
from config.tasks import read_identity_providers
from tests.config.signin.conftest import code_of, log_in
from tests.config.signin.idp import Idp
from tests.conftest import ALL_DATABASES

pytestmark = [
    pytest.mark.django_db(databases=ALL_DATABASES),
    pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed in version 1.8"),
]
SetUp = Callable[[Client], tuple[str, list[str]]]
OLGA = "olga-runs-this-place"


@pytest.fixture
def factor(settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.fixture(scope="module")
def server() -> Iterator[Idp]:
    with run_server_in_thread() as running:
        yield Idp(running.server_port)


@pytest.fixture
def idp(server: Idp, settings: Settings, db: None) -> Idp:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.issuer, "cam", "not-a-secret"
    settings.OIDC_TEAM_MAP, settings.REQUIRE_SSO = "people=Platform:operator", True
    read_identity_providers()
    return server


def test_who_has_no_second_factor_is_led_to_set_one_up_and_can_do_nothing_else(
    factor: None, operator: User, set_up_app: SetUp
) -> None:
    client = Client()
    log_in(client, operator, OLGA)
    for path in ("/", "/accounts/", "/profile/", "/admin/", "/admin/auth/user/", "/profile/sessions/"):
        answer = client.get(path)
        assert (answer.status_code, answer.get("Location")) == (302, "/profile/security/"), path
    assert client.post("/profile/", {"first_name": "x"})["Location"] == "/profile/security/"
    assert client.get("/scans/now/", headers={"HX-Request": "true"})["HX-Redirect"] == "/profile/security/"
    assert "asks everybody for a second factor" in client.get("/profile/security/").content.decode()
    set_up_app(client)
    for path in ("/", "/accounts/", "/admin/"):
        assert client.get(path).status_code == 200


def test_recovery_codes_alone_are_no_second_factor(factor: None, alices: Client, alice: User) -> None:
    Authenticator.objects.create(user=alice, type="recovery_codes", data={})
    assert alices.get("/accounts/")["Location"] == "/profile/security/"


def test_a_token_is_not_touched(factor: None, alice: User, client: Client) -> None:
    _, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    answer = client.get("/api/v1/cloud-accounts/", headers={"authorization": f"Bearer {text}"})
    assert answer.status_code == 200


def test_a_session_from_before_the_factor_ends(
    alice: User, set_up_app: SetUp, django_capture_on_commit_callbacks: Any
) -> None:
    stolen, own = Client(), Client()
    for client in (stolen, own):
        log_in(client, alice)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(own)
    assert stolen.get("/profile/").status_code == 302
    assert own.get("/profile/").status_code == 200


def test_the_command_line_takes_a_lost_factor_away(alice: User, alices: Client, set_up_app: SetUp) -> None:
    set_up_app(alices)
    call_command("reset_second_factor", "alice", stdout=StringIO())
    assert log_in(Client(), alice)["Location"] == "/"
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody")


def test_a_password_opens_nothing_and_does_not_tell_that_it_is_right(idp: Idp, alice: User) -> None:
    pages = []
    for password in ("alice-knows-this", "wrong"):
        answer = log_in(Client(), alice, password)
        assert answer.status_code == 200
        pages.append("do not fit together" in answer.content.decode())
    assert pages == [True, True]


def test_neither_does_a_session_that_a_password_had_opened(idp: Idp, alices: Client, operator: User) -> None:
    admin = Client()
    admin.force_login(operator)
    for client, path in ((alices, "/accounts/"), (admin, "/admin/")):
        assert client.get(path)["Location"] == "/login/"
        assert "_auth_user_id" not in client.session


def test_single_sign_on_does(idp: Idp, client: Client) -> None:
    idp.knows("r-1", preferred_username="paul", groups=["people"])
    assert idp.sign_in(client, "r-1", "/accounts/")["Location"] == "/accounts/"
    assert client.get("/accounts/").status_code == 200


def test_both_together_lead_through_single_sign_on_to_the_second_factor(
    idp: Idp, factor: None, set_up_app: SetUp
) -> None:
    idp.knows("r-2", preferred_username="quinn", groups=["people"])
    first, second = Client(), Client()
    idp.sign_in(first, "r-2")
    assert first.get("/accounts/")["Location"] == "/profile/security/"
    secret, _ = set_up_app(first)
    assert first.get("/accounts/").status_code == 200
    assert idp.sign_in(second, "r-2")["Location"] == "/login/code/"
    second.post("/login/code/", {"code": code_of(secret)})
    assert second.get("/accounts/").status_code == 200


def test_who_came_by_it_confirms_by_coming_once_more(idp: Idp, client: Client) -> None:
    idp.knows("r-3", preferred_username="ruth", groups=["people"])
    idp.sign_in(client, "r-3")
    session = client.session
    session["password_confirmed_at"] = 0.0
    session.save()
    asked = client.get("/profile/security/app/")
    assert asked["Location"].startswith("/confirm/")
    assert "single sign-on" in client.get(asked["Location"]).content.decode()
    assert idp.sign_in(client, "r-3", "/profile/security/app/")["Location"] == "/profile/security/app/"
    assert client.get("/profile/security/app/").status_code == 200


def test_a_superuser_comes_in_by_command_for_a_while(idp: Idp, operator: User) -> None:
    assert log_in(Client(), operator, OLGA).status_code == 200
    call_command("break_glass", "olga", minutes=5, stdout=StringIO())
    client = Client(REMOTE_ADDR="192.0.2.9")
    assert log_in(client, operator, OLGA)["Location"] == "/"
    assert client.get("/admin/").status_code == 200
    assert AuditEvent.objects.filter(action="break_glass.opened", owner=str(operator.pk)).exists()
    BreakGlass.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert client.get("/admin/")["Location"] == "/login/"


def test_the_command_makes_the_superuser_where_there_is_none(idp: Idp) -> None:
    out = StringIO()
    call_command("break_glass", "glass", stdout=out)
    password = out.getvalue().splitlines()[-1]
    client = Client()
    assert client.post("/login/", {"username": "glass", "password": password})["Location"] == "/"
    call_command("break_glass", "glass", end=True, stdout=StringIO())
    assert client.get("/admin/")["Location"] == "/login/"


def test_who_may_not_see_the_admin_is_told_so_and_sent_in_no_circle(alices: Client) -> None:
    assert alices.get("/admin/")["Location"].startswith("/admin/login/")
    assert alices.get("/admin/login/").status_code == 403


@pytest.mark.parametrize("minutes", [0, 1441])
def test_not_for_ever_and_not_for_everybody(alice: User, operator: User, minutes: int) -> None:
    with pytest.raises(CommandError):
        call_command("break_glass", "alice")
    with pytest.raises(CommandError):
        call_command("break_glass", "olga", minutes=minutes)
    assert not BreakGlass.objects.exists()
