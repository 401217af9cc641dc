"""A user who was here before connects an identity of the company's provider, and disconnects it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from oidc_provider_mock import run_server_in_thread
from pytest_django import Settings

from cloudaccounts.models import AuditEvent
from cloudaccounts.web import reauthentication
from config.signin import documents
from config.tasks import read_identity_providers, send_due_mails
from tests.config.signin.conftest import code_of, log_in
from tests.config.signin.idp import Idp, asked
from tests.config.signin.saml_idp import ENTITY, SamlIdp, id_of_request
from tests.conftest import ALL_DATABASES
from tests.pages import seen

pytestmark = [
    pytest.mark.django_db(databases=ALL_DATABASES),
    pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed in version 1.8"),
]
CONNECT, CONFIRM, SECURITY = "/profile/security/sso/connect/", "/profile/security/sso/confirm/", "/profile/security/"


@pytest.fixture(scope="module")
def server() -> Iterator[Idp]:
    with run_server_in_thread() as running:
        yield Idp(running.server_port)


@pytest.fixture
def idp(server: Idp, settings: Settings, db: None) -> Idp:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.issuer, "cam", "not-a-secret"
    settings.OIDC_TEAM_MAP = "people=Platform:viewer"
    read_identity_providers()
    server.knows("i-1", preferred_username="a.lovelace", email="lovelace@company.example", groups=["people"])
    return server


def come_back(client: Client, idp: Idp, sub: str = "i-1") -> Any:
    there = client.get(CONNECT)["Location"]
    assert there.startswith(idp.issuer), there
    return client.get(idp.answer(there, sub))


def connect(client: Client, idp: Idp, sub: str = "i-1") -> Any:
    assert come_back(client, idp, sub)["Location"] == CONFIRM
    return client.post(CONFIRM, follow=True)


def forget_the_password(client: Client) -> None:
    """As after ten minutes."""
    session = client.session
    session["password_confirmed_at"] = time.time() - reauthentication.LASTS - 1
    session.save()


def test_an_identity_is_connected_and_opens_the_user_who_was_here(alices: Client, alice: User, idp: Idp) -> None:
    assert CONNECT in alices.get(SECURITY).content.decode()
    assert asked(alices.get(CONNECT)["Location"])["prompt"] == "login"
    assert come_back(alices, idp)["Location"] == CONFIRM
    page = alices.get(CONFIRM).content.decode()
    for text in ("lovelace@company.example", "i-1", idp.issuer, "alice"):
        assert text in page
    assert not SocialAccount.objects.exists()  # not before she has said that it is hers
    answer = alices.post(CONFIRM, follow=True)
    assert "Connected" in seen(answer)
    account = SocialAccount.objects.get()
    assert (account.user_id, account.provider, account.uid) == (alice.pk, idp.issuer, "i-1")
    assert set(account.extra_data) == {"iss", "sub", "groups"}
    event = AuditEvent.objects.get(action="identity.connected")
    assert (event.owner, event.detail) == (str(alice.pk), {"provider": idp.issuer, "subject": "i-1"})
    # Later, in another browser: her own user, and no other is made.
    other = Client()
    assert idp.sign_in(other, "i-1", "/accounts/")["Location"] == "/accounts/"
    assert int(other.session["_auth_user_id"]) == alice.pk
    assert not User.objects.filter(username__startswith="a.lovelace").exists()
    alice.refresh_from_db()
    assert (alice.email, alice.check_password("alice-knows-this")) == ("alice@example.org", True)
    assert alice.memberships.filter(team__name="Platform", role="viewer").count() == 1


def test_she_is_told_by_mail(alices: Client, alice: User, idp: Idp) -> None:
    connect(alices, idp)
    send_due_mails()
    connected = [message for message in mail.outbox if "single sign-on connected" in message.subject]
    assert [message.to for message in connected] == [[alice.email]]


def test_a_second_factor_of_hers_is_asked_for_all_the_same(
    alices: Client, idp: Idp, set_up_app: Callable[[Client], tuple[str, list[str]]]
) -> None:
    secret, _ = set_up_app(alices)
    connect(alices, idp)
    other = Client()
    assert idp.sign_in(other, "i-1")["Location"] == "/login/code/"
    assert other.get("/profile/").status_code == 302
    other.post("/login/code/", {"code": code_of(secret, steps=1)})
    assert other.get("/profile/").status_code == 200
    assert Authenticator.objects.exists()


def test_a_changed_password_leads_to_what_else_signs_her_in(alices: Client, alice: User, idp: Idp) -> None:
    """A passkey or an identity is no part of the password: who knew the old one may have added it."""
    form = {
        "old_password": "alice-knows-this",
        "new_password1": "another-Pass-4711",
        "new_password2": "another-Pass-4711",
    }
    assert alices.post("/profile/password/", form)["Location"] == "/profile/"
    connect(alices, idp)
    form = {"old_password": "another-Pass-4711", "new_password1": "third-Pass-4711", "new_password2": "third-Pass-4711"}
    answer = alices.post("/profile/password/", form)
    assert answer["Location"] == SECURITY
    assert "Still yours to sign in with: single sign-on." in alices.get(SECURITY).content.decode()


def test_the_password_is_asked_for_again(alices: Client, idp: Idp) -> None:
    forget_the_password(alices)
    assert alices.get(CONNECT)["Location"] == "/confirm/?next=%2Fprofile%2Fsecurity%2F"
    alices.post("/confirm/", {"password": "alice-knows-this", "next": SECURITY})
    come_back(alices, idp)
    forget_the_password(alices)
    assert alices.post(CONFIRM)["Location"].startswith("/confirm/")
    assert not SocialAccount.objects.exists()


def test_one_who_is_not_signed_in_connects_nothing(client: Client, alices: Client, idp: Idp) -> None:
    assert client.get(CONNECT)["Location"].startswith("/login/")
    assert client.post(CONFIRM)["Location"].startswith("/login/")
    # Her session ends while she is at the provider.
    there = alices.get(CONNECT)["Location"]
    alices.post("/logout/")
    assert alices.get(idp.answer(there, "i-1")).status_code == 403
    assert not SocialAccount.objects.exists()


def test_what_somebody_else_prepared_connects_nothing(alices: Client, alice: User, bobs: Client, idp: Idp) -> None:
    """Bob sends alice the way back of his own identity: not asked for by her browser, and not confirmed by her."""
    idp.knows("bobs-own", preferred_username="bob", groups=["people"])
    prepared = idp.answer(bobs.get(CONNECT)["Location"], "bobs-own")
    assert alices.get(prepared).status_code == 403
    # Even where she had begun herself, and he has her provider's session be his: she sees whose it is first.
    assert come_back(alices, idp, "bobs-own")["Location"] == CONFIRM
    assert "bobs-own" in alices.get(CONFIRM).content.decode()
    assert Client(enforce_csrf_checks=True).post(CONFIRM).status_code in (302, 403)
    assert not SocialAccount.objects.exists()
    # What waits is hers, not the next person's in this browser.
    alices.post("/logout/")
    log_in(alices, User.objects.get(username="bob"), "bob-knows-this")
    alices.post(CONFIRM)
    assert not SocialAccount.objects.exists()


def test_what_waits_waits_ten_minutes_and_counts_once(
    alices: Client, idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_back(alices, idp)
    session = alices.session
    session["identity_to_connect"] = {**session["identity_to_connect"], "at": time.time() - 601}
    session.save()
    assert "Nothing waits" in seen(alices.post(CONFIRM, follow=True))
    assert not SocialAccount.objects.exists()
    connect(alices, idp)
    assert "Nothing waits" in seen(alices.post(CONFIRM, follow=True))


def test_one_identity_is_not_taken_by_two(alices: Client, alice: User, bobs: Client, idp: Idp) -> None:
    connect(alices, idp)
    answer = connect(bobs, idp)
    assert "opens another user here" in seen(answer)
    assert alice.email not in answer.content.decode()
    assert SocialAccount.objects.get().user_id == alice.pk
    assert AuditEvent.objects.filter(action="identity.connected").count() == 1


def test_whose_user_single_sign_on_has_made_already_is_told_so(alices: Client, alice: User, idp: Idp) -> None:
    idp.sign_in(Client(), "i-1")
    made = SocialAccount.objects.get().user
    come_back(alices, idp)
    assert made.username not in seen(alices.get(CONFIRM))
    assert "opens another user here" in seen(alices.post(CONFIRM, follow=True))
    assert SocialAccount.objects.get().user == made


def test_a_second_identity_of_the_provider_waits_for_the_first_to_go(alices: Client, idp: Idp) -> None:
    connect(alices, idp)
    idp.knows("i-2", preferred_username="ada", groups=[])
    assert "Disconnect that one first" in seen(connect(alices, idp, "i-2"))
    assert SocialAccount.objects.get().uid == "i-1"


# Disconnecting -------------------------------------------------------------------------------------------------------


def test_it_is_disconnected_with_her_other_sessions(alices: Client, alice: User, idp: Idp) -> None:
    connect(alices, idp)
    other = Client()
    idp.sign_in(other, "i-1")
    away = f"/profile/security/sso/{SocialAccount.objects.get().pk}/disconnect/"
    assert "i-1" in alices.get(away).content.decode()
    forget_the_password(alices)
    assert alices.post(away)["Location"].startswith("/confirm/")
    assert SocialAccount.objects.exists()
    alices.post("/confirm/", {"password": "alice-knows-this", "next": away})
    assert "Disconnected" in seen(alices.post(away, follow=True))
    assert not SocialAccount.objects.exists()
    assert AuditEvent.objects.get(action="identity.disconnected").detail["subject"] == "i-1"
    assert other.get("/profile/").status_code == 302
    # The identity is nobody's now: it comes in as a user of its own, and not as alice.
    third = Client()
    idp.sign_in(third, "i-1")
    assert int(third.session["_auth_user_id"]) != alice.pk


def test_nobody_disconnects_what_is_somebody_elses(alices: Client, bobs: Client, idp: Idp) -> None:
    connect(alices, idp)
    away = f"/profile/security/sso/{SocialAccount.objects.get().pk}/disconnect/"
    assert (bobs.get(away).status_code, bobs.post(away).status_code) == (404, 404)
    assert SocialAccount.objects.exists()


def test_the_only_way_in_stays(client: Client, idp: Idp) -> None:
    """Of a user without a password, whatever passkeys there are: those can be removed in turn."""
    idp.sign_in(client, "i-1")
    user = SocialAccount.objects.get().user
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "key", "credential": {}})
    away = f"/profile/security/sso/{SocialAccount.objects.get().pk}/disconnect/"
    assert "Your only way in" in client.get(SECURITY).content.decode()
    assert "stays" in client.get(away).content.decode()
    assert "only way in" in seen(client.post(away, follow=True))
    assert SocialAccount.objects.exists()


def test_where_single_sign_on_is_required_it_stays_too(alices: Client, idp: Idp, settings: Settings) -> None:
    connect(alices, idp)
    settings.REQUIRE_SSO = True
    client = Client()
    idp.sign_in(client, "i-1")
    client.post(f"/profile/security/sso/{SocialAccount.objects.get().pk}/disconnect/")
    assert SocialAccount.objects.exists()


def test_one_of_a_provider_that_is_gone_may_always_go(alices: Client, idp: Idp, settings: Settings) -> None:
    connect(alices, idp)
    User.objects.filter(username="alice").update(password="!")
    SocialAccount.objects.update(provider="https://former.example")
    alices.force_login(User.objects.get(username="alice"))
    alices.post(f"/profile/security/sso/{SocialAccount.objects.get().pk}/disconnect/")
    assert not SocialAccount.objects.exists()


def test_without_a_provider_nothing_is_said_of_it(alices: Client) -> None:
    assert "Single sign-on" not in alices.get(SECURITY).content.decode()
    assert alices.get(CONNECT).status_code == alices.get("/profile/security/saml/connect/").status_code == 404


# SAML ----------------------------------------------------------------------------------------------------------------


def test_the_same_by_saml(alices: Client, alice: User, settings: Settings, tmp_path: Path) -> None:
    keys = SamlIdp()
    file = tmp_path / "metadata.xml"
    file.write_text(keys.metadata())
    settings.SAML_METADATA_FILE, settings.OIDC_TEAM_MAP = str(file), "people=Platform:viewer"
    assert documents.refresh() == 1
    asked_id = id_of_request(alices.get("/profile/security/saml/connect/")["Location"])
    attributes = {"groups": ["people"], "mail": ["lovelace@company.example"]}
    posted = Client().post(
        "/login/saml/acs/", {"SAMLResponse": keys.response(asked_id, name="saml-1", attributes=attributes)}
    )
    alices.cookies.update(posted.cookies)
    assert alices.get(posted["Location"])["Location"] == CONFIRM
    assert "lovelace@company.example" in alices.get(CONFIRM).content.decode()
    alices.post(CONFIRM)
    account = SocialAccount.objects.get()
    assert (account.user_id, account.provider, account.uid) == (alice.pk, f"saml:{ENTITY}", "saml-1")
