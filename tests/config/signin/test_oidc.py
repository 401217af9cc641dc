"""Single sign-on by OpenID Connect, against a provider that runs here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from oidc_provider_mock import run_server_in_thread
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import AuditEvent
from config.signin import documents, social_adapter
from config.signin.models import MappedMembership, MappedTeam, ProviderDocument
from config.tasks import read_identity_providers
from tests.config.signin.conftest import code_of
from tests.config.signin.idp import Idp, asked
from tests.conftest import ALL_DATABASES
from tests.pages import seen

pytestmark = [
    pytest.mark.django_db(databases=ALL_DATABASES),
    # The provider's own, in its thread of this process.
    pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed in version 1.8"),
]
MAP = "cloud-admins=Platform:owner,cloud-readers=Platform:viewer,auditors=Audit:auditor"


@pytest.fixture(scope="module")
def server() -> Iterator[Idp]:
    with run_server_in_thread() as running:
        yield Idp(running.server_port)


@pytest.fixture
def idp(server: Idp, settings: Settings, db: None) -> Idp:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.issuer, "cam", "not-a-secret"
    settings.OIDC_TEAM_MAP = MAP
    read_identity_providers()
    return server


def roles_of(name: str) -> dict[str, str]:
    user = User.objects.get(username=name)
    return {row.team.name: row.role for row in user.memberships.select_related("team") if not row.team.personal}


def test_who_is_in_a_group_of_the_map_comes_in_and_into_the_team(client: Client, idp: Idp) -> None:
    idp.knows("u-1", preferred_username="carol", email="carol@example.org", groups=["cloud-readers", "auditors"])
    assert idp.sign_in(client, "u-1", "/accounts/")["Location"] == "/accounts/"
    assert client.get("/profile/").status_code == 200
    assert roles_of("carol") == {"Platform": "viewer", "Audit": "auditor"}
    carol = User.objects.get(username="carol")
    assert (carol.email, carol.has_usable_password(), carol.is_staff) == ("carol@example.org", False, False)
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == (idp.issuer, "u-1")
    assert "carol@example.org" not in json.dumps(account.extra_data)
    assert AuditEvent.objects.filter(action="team.mapped", owner=str(carol.pk)).count() == 2


def test_their_profile_knows_no_password(client: Client, idp: Idp) -> None:
    idp.knows("u-13", preferred_username="olaf", email="olaf@example.org", groups=["cloud-readers"])
    idp.sign_in(client, "u-13")
    client.post("/profile/", {"first_name": "Olaf", "email": "mallory@example.net"})
    olaf = User.objects.get(username="olaf")
    assert (olaf.first_name, olaf.email) == ("Olaf", "olaf@example.org")
    assert client.get("/profile/password/")["Location"] == "/profile/"


def test_who_is_in_none_of_them_is_refused_and_nobody_is_made(client: Client, idp: Idp) -> None:
    idp.knows("u-2", preferred_username="mallory", groups=["sales"])
    answer = idp.sign_in(client, "u-2")
    assert answer.status_code == 403
    assert "none of the groups" in seen(answer)
    assert not User.objects.exists()
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize("name", ["alice", "ALICE", "eve"])
def test_nobody_becomes_somebody_who_exists(client: Client, alice: User, idp: Idp, name: str) -> None:
    idp.knows(f"u-3{name}", preferred_username=name, email=alice.email, email_verified=True, groups=["cloud-readers"])
    assert idp.sign_in(client, f"u-3{name}").status_code == 302
    assert int(client.session["_auth_user_id"]) != alice.pk
    assert SocialAccount.objects.get().user_id != alice.pk
    alice.refresh_from_db()
    assert alice.check_password("alice-knows-this")
    assert not alice.memberships.filter(team__personal=False).exists()


def test_the_same_subject_of_another_issuer_is_somebody_else(client: Client, idp: Idp) -> None:
    idp.knows("u-4", preferred_username="dora", groups=["cloud-readers"])
    idp.sign_in(client, "u-4")
    SocialAccount.objects.update(provider="https://before.example.com")
    other = Client()
    idp.sign_in(other, "u-4")
    assert SocialAccount.objects.count() == User.objects.count() == 2


def test_memberships_of_the_map_follow_it_and_others_stay(idp: Idp, alice: User) -> None:
    from teams.models import Membership, Team

    idp.knows("u-5", preferred_username="erin", groups=["cloud-readers"])
    idp.sign_in(Client(), "u-5")
    Membership.objects.create(team=Team.objects.get(name="Platform"), user=alice, role="owner")
    erin = User.objects.get(username="erin")
    Membership.objects.create(team=Team.objects.create(name="By hand"), user=erin, role="operator")
    idp.knows("u-5", preferred_username="erin", groups=["cloud-admins", "auditors"])
    idp.sign_in(Client(), "u-5")
    assert roles_of("erin") == {"Platform": "owner", "Audit": "auditor", "By hand": "operator"}
    idp.knows("u-5", preferred_username="erin", groups=[])
    assert idp.sign_in(Client(), "u-5").status_code == 302
    assert roles_of("erin") == {"By hand": "operator"}
    assert not MappedMembership.objects.exists()


def test_a_team_that_takes_the_name_of_the_maps_gets_nobody(idp: Idp, alice: User) -> None:
    """Its owner would lead people, with what they connect, out of the team that is meant."""
    from teams.models import Team
    from teams.services import create_team, rename_team

    older = create_team(user=alice, name="Hers", actor=SYSTEM)
    idp.knows("u-20", preferred_username="heidi", groups=["cloud-readers"])
    idp.sign_in(Client(), "u-20")
    meant = Team.objects.get(name="Platform")
    rename_team(older, name="Platform", actor=SYSTEM)
    idp.knows("u-21", preferred_username="ivan", groups=["cloud-readers"])
    for sub in ("u-20", "u-21"):
        idp.sign_in(Client(), sub)
    assert set(meant.memberships.values_list("user__username", flat=True)) == {"heidi", "ivan"}
    assert list(older.memberships.values_list("user__username", flat=True)) == ["alice"]
    # And where the map's own is called otherwise by its owner, it is still the one that is meant.
    rename_team(meant, name="Platform of before", actor=SYSTEM)
    idp.sign_in(Client(), "u-21")
    assert roles_of("ivan") == {"Platform of before": "viewer"}


def test_of_a_database_that_knows_no_meaning_yet_the_team_with_the_maps_members_counts(idp: Idp, alice: User) -> None:
    from teams.services import create_team

    idp.knows("u-22", preferred_username="judy", groups=["cloud-readers"])
    idp.sign_in(Client(), "u-22")
    MappedTeam.objects.all().delete()
    impostor = create_team(user=alice, name="Platform", actor=SYSTEM)
    type(impostor).objects.filter(pk=impostor.pk).update(created_at=impostor.created_at - timedelta(days=9))
    idp.sign_in(Client(), "u-22")
    assert not impostor.memberships.filter(user__username="judy").exists()


def test_the_last_owner_of_a_team_is_not_taken_out(idp: Idp) -> None:
    idp.knows("u-6", preferred_username="frank", groups=["cloud-admins"])
    idp.sign_in(Client(), "u-6")
    idp.knows("u-6", preferred_username="frank", groups=[])
    idp.sign_in(Client(), "u-6")
    assert roles_of("frank") == {"Platform": "owner"}


def test_a_second_factor_is_asked_for_all_the_same(idp: Idp, set_up_app: Any) -> None:
    idp.knows("u-7", preferred_username="grace", groups=["cloud-readers"])
    first = Client()
    idp.sign_in(first, "u-7")
    secret, _ = set_up_app(first)
    second = Client()
    assert idp.sign_in(second, "u-7", "/accounts/")["Location"] == "/login/code/"
    assert second.get("/profile/").status_code == 302
    assert second.post("/login/code/", {"code": code_of(secret)})["Location"] == "/accounts/"
    assert Authenticator.objects.exists()


def test_an_inactive_person_stays_out(client: Client, idp: Idp) -> None:
    idp.knows("u-8", preferred_username="heidi", groups=["cloud-readers"])
    idp.sign_in(Client(), "u-8")
    User.objects.update(is_active=False)
    idp.sign_in(client, "u-8")
    assert client.get("/profile/").status_code == 302


def test_it_is_asked_with_state_and_proof_of_the_code(client: Client, idp: Idp) -> None:
    query = asked(client.get("/login/sso/?process=connect&scope=admin")["Location"])
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == "http://127.0.0.1:8000/login/sso/callback/"
    assert len(query["state"]) > 10
    assert set(query["scope"].split()) == {"openid", "profile", "email"}


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(client: Client, idp: Idp) -> None:
    idp.knows("u-9", preferred_username="ivan", groups=["cloud-readers"])
    there = Client().get("/login/sso/")["Location"]
    answer = client.get(idp.answer(there, "u-9"))
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_it_ties_nothing_to_whoever_is_signed_in(alices: Client, alice: User, idp: Idp) -> None:
    idp.knows("u-10", preferred_username="judy", groups=["cloud-readers"])
    there = alices.get("/login/sso/?process=connect")["Location"]
    assert asked(there)["prompt"] == "login"
    alices.get(idp.answer(there, "u-10"))
    assert SocialAccount.objects.get().user_id != alice.pk


NOW = object()


@pytest.mark.parametrize(
    ("auth_time", "required", "why"),
    [
        (NOW, True, ""),
        (0, False, "a session that was open there already"),
        (None, False, ""),
        (None, True, "does not say when"),
        ("soon", True, "does not say when"),
        (True, True, "does not say when"),
    ],
)
def test_a_confirmation_is_a_login_anew_at_the_provider(
    client: Client, idp: Idp, settings: Settings, auth_time: object, required: bool, why: str
) -> None:
    settings.OIDC_REQUIRE_AUTH_TIME = required
    person = {"preferred_username": "kim", "groups": ["cloud-readers"]}
    idp.knows("u-14", **person, auth_time=0)
    assert idp.sign_in(client, "u-14", "/accounts/").status_code == 302  # a login may come from a session of theirs
    session = client.session
    session["password_confirmed_at"] = 1.0
    session.save()
    there = client.get("/login/sso/")["Location"]
    assert (asked(there)["prompt"], asked(there)["max_age"]) == ("login", "0")
    told = {"auth_time": int(time.time()) if auth_time is NOW else auth_time}
    idp.knows("u-14", **person, **told)
    answer = client.get(idp.answer(there, "u-14"))
    assert answer.status_code == (403 if why else 302)
    assert (client.session["password_confirmed_at"] > 1) == (not why)
    if why:
        assert why in seen(answer)


@pytest.mark.parametrize("query", ["", "code=x", "state=x&code=y", "error=access_denied&state=x", "state=%00&code=%00"])
def test_a_forged_answer_is_no_crash(client: Client, idp: Idp, query: str) -> None:
    assert client.get(f"/login/sso/callback/?{query}").status_code == 403


def test_without_a_provider_there_is_no_such_way(client: Client, db: None) -> None:
    assert client.get("/login/sso/").status_code == client.get("/login/sso/callback/").status_code == 404
    assert "single sign-on" not in client.get("/login/").content.decode()


def test_before_the_scheduler_has_asked_nobody_waits_for_the_provider(client: Client, idp: Idp) -> None:
    ProviderDocument.objects.all().delete()
    assert "single sign-on" in client.get("/login/").content.decode()
    assert client.get("/login/sso/").status_code == 403


def test_no_row_of_an_address_is_made_that_a_link_could_go_to(client: Client, alice: User, idp: Idp) -> None:
    idp.knows("u-11", preferred_username="mia", email=alice.email, email_verified=True, groups=["cloud-readers"])
    idp.sign_in(client, "u-11")
    assert not EmailAddress.objects.filter(user=alice).exists()


class _Answers(BaseHTTPRequestHandler):
    document: dict[str, Any] = {}
    redirect = ""
    hang: threading.Event | None = None

    def do_GET(self) -> None:
        if self.redirect:
            self.send_response(302)
            self.send_header("Location", self.redirect)
            self.end_headers()
            return
        body = json.dumps(self.document).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        if self.hang is not None:
            self.hang.wait(30)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def other() -> Iterator[tuple[str, type[_Answers]]]:
    answers = type("Answers", (_Answers,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": "https://evil.example"}, "another issuer"),
        ({"token_endpoint": None}, "no token_endpoint"),
        ({"token_endpoint": "http://evil.example/token"}, "https"),
        ({"userinfo_endpoint": "file:///etc/passwd"}, "https"),
        ({"issuer": "x" * 600_000}, "half a megabyte"),
    ],
)
def test_a_document_that_is_not_this_providers_or_not_safe_is_not_taken(
    other: tuple[str, type[_Answers]], settings: Settings, db: None, change: dict[str, Any], why: str
) -> None:
    base, answers = other
    settings.OIDC_ISSUER = base
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    answers.document = {"issuer": base, **{name: f"{base}/{name}" for name in names}} | change
    assert documents.refresh() == 0
    assert why in ProviderDocument.objects.get().problem
    assert documents.document("oidc") is None


def test_the_command_says_what_is_wrong(idp: Idp, settings: Settings) -> None:
    out = StringIO()
    call_command("read_identity_providers", stdout=out)
    assert "read" in out.getvalue()
    settings.OIDC_ISSUER = "http://idp.example.com"
    with pytest.raises(CommandError):
        call_command("read_identity_providers", stdout=out)
    assert "https:// alone" in out.getvalue()


def test_it_follows_no_redirect_to_a_stranger(other: tuple[str, type[_Answers]], settings: Settings, idp: Idp) -> None:
    base, answers = other
    settings.OIDC_ISSUER = base
    answers.redirect = f"{idp.issuer}/.well-known/openid-configuration"
    documents.refresh()
    assert "another host" in ProviderDocument.objects.get().problem


def test_what_was_fetched_stays_while_the_provider_is_away(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    ProviderDocument.objects.update(fetched_at="2020-01-01T00:00:00Z")
    monkeypatch.setattr(documents, "_fetch", lambda url: (_ for _ in ()).throw(OSError()))
    assert documents.refresh() == 0
    assert documents.document("oidc") is not None
    assert ProviderDocument.objects.get().problem


def test_a_token_endpoint_that_hangs_is_given_up(
    client: Client, other: tuple[str, type[_Answers]], idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, answers = other
    answers.hang = threading.Event()
    monkeypatch.setattr(social_adapter, "EXCHANGE_SECONDS", 0.3)
    row = ProviderDocument.objects.get()
    row.content["token_endpoint"] = f"{base}/token"
    row.save()
    idp.knows("u-12", preferred_username="nina", groups=["cloud-readers"])
    answer = idp.sign_in(client, "u-12")
    answers.hang.set()
    assert answer.status_code == 403
    assert not User.objects.exists()
