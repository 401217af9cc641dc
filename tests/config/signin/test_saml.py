"""Single sign-on by SAML, against a provider that signs here."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from config.signin import documents
from config.signin.models import ProviderDocument
from tests.config.signin.saml_idp import ENTITY, SSO, SamlIdp, id_of_request
from tests.conftest import ALL_DATABASES
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
GROUPS = {"groups": ["cloud-admins", *(f"group-{number}" for number in range(500))]}
PERSON = {**GROUPS, "uid": ["carol"], "mail": ["carol@example.org"]}


@pytest.fixture(scope="module")
def keys() -> SamlIdp:
    return SamlIdp()


@pytest.fixture
def idp(keys: SamlIdp, settings: Settings, tmp_path: Path, db: None) -> SamlIdp:
    file = tmp_path / "metadata.xml"
    file.write_text(keys.metadata())
    settings.SAML_METADATA_FILE = str(file)
    settings.OIDC_TEAM_MAP = '{"cloud-admins": "Platform:owner"}'
    assert documents.refresh() == 1
    return keys


def asks(client: Client, back: str = "/accounts/") -> str:
    there = client.get("/login/saml/", {"next": back})
    assert there["Location"].startswith(SSO)
    return id_of_request(there["Location"])


def comes_back(client: Client, response: str) -> Any:
    """The provider's page posts, to which the browser adds no session; then it follows ours."""
    posted = Client().post("/login/saml/acs/", {"SAMLResponse": response})
    if posted.status_code != 303:
        return posted
    client.cookies.update(posted.cookies)
    return client.get(posted["Location"])


def test_who_is_in_a_group_of_the_map_comes_in(client: Client, idp: SamlIdp) -> None:
    answer = comes_back(client, idp.response(asks(client), name="s-1", attributes=PERSON))
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")
    assert client.get("/profile/").status_code == 200
    carol = User.objects.get(username="carol")
    assert (carol.email, carol.has_usable_password()) == ("carol@example.org", False)
    assert carol.memberships.get(team__personal=False).role == "owner"
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == (f"saml:{ENTITY}", "s-1")
    again = Client()
    comes_back(again, idp.response(asks(again), name="s-1", attributes=PERSON))
    assert User.objects.count() == 1


def test_who_is_in_none_is_refused(client: Client, idp: SamlIdp) -> None:
    answer = comes_back(client, idp.response(asks(client), name="s-2", attributes={"groups": ["sales"]}))
    assert answer.status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"sign": False},
        {"tamper": ("cloud-readers", "cloud-admins")},
        {"tamper": ("s-3", "s-1")},
        {"audience": "https://somebody.else.example"},
        {"minutes": -5},
        {"name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
    ],
)
def test_what_does_not_prove_who_it_is_is_refused(client: Client, idp: SamlIdp, change: dict[str, Any]) -> None:
    attributes = {"groups": ["cloud-readers", "cloud-admins"]}
    response = idp.response(asks(client), name="s-3", attributes=attributes, **change)
    assert comes_back(client, response).status_code == 403
    assert not User.objects.exists()


def test_a_stranger_s_key_proves_nothing(client: Client, idp: SamlIdp) -> None:
    assert comes_back(client, SamlIdp().response(asks(client), name="s-4", attributes=GROUPS)).status_code == 403


def test_it_counts_once_and_in_the_browser_that_asked(client: Client, idp: SamlIdp) -> None:
    response = idp.response(asks(client), name="s-5", attributes=GROUPS)
    other = Client()
    asks(other)
    assert comes_back(other, response).status_code == 403
    assert comes_back(client, response).status_code == 302
    client.post("/logout/")
    assert comes_back(client, response).status_code == 403


def test_a_confirmation_is_a_login_anew_at_the_provider(client: Client, idp: SamlIdp) -> None:
    """Which must not rely on a session of its own where ForceAuthn is asked for (SAML 2.0 Core, 3.4.1)."""
    an_hour: dict[str, Any] = {"name": "s-1", "attributes": PERSON, "seen": timedelta(hours=1)}
    assert comes_back(client, idp.response(asks(client), **an_hour)).status_code == 302  # a login may
    session = client.session
    session["password_confirmed_at"] = 1.0
    session.save()
    answer = comes_back(client, idp.response(asks(client), **an_hour))
    assert answer.status_code == 403
    assert "a session that was open there already" in seen(answer)
    assert client.session["password_confirmed_at"] == 1
    assert comes_back(client, idp.response(asks(client), name="s-1", attributes=PERSON)).status_code == 302
    assert client.session["password_confirmed_at"] > 1


@pytest.mark.parametrize("request_id", ["", "_never-asked"])
def test_what_nobody_asked_for_is_refused(client: Client, idp: SamlIdp, request_id: str) -> None:
    assert comes_back(client, idp.response(request_id, name="s-6", attributes=GROUPS)).status_code == 403


def test_an_assertion_that_answers_no_request_is_not_made_an_answer_by_its_envelope(
    client: Client, idp: SamlIdp
) -> None:
    """One of a provider's portal, which somebody got hold of and posts as the answer to a request of their own."""
    response = idp.response(asks(client), name="s-8", attributes=GROUPS, asked=False)
    assert comes_back(client, response).status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize("text", ["", "x", "PHg+", "PCFET0NUWVBFIGEgWzwhRU5USVRZIGIgImMiPl0+PGE+JmI7PC9hPg==", "%00"])
def test_garbage_is_no_crash(client: Client, idp: SamlIdp, text: str) -> None:
    assert comes_back(client, text).status_code == 403
    client.cookies["cam_saml"] = text
    assert client.get("/login/saml/finish/").status_code == 403


def test_a_key_that_is_about_to_follow_counts_already(
    client: Client, keys: SamlIdp, settings: Settings, tmp_path: Path, db: None
) -> None:
    both = SamlIdp([*keys.keys, *SamlIdp().keys])
    file = tmp_path / "both.xml"
    file.write_text(both.metadata())
    settings.SAML_METADATA_FILE, settings.OIDC_TEAM_MAP = str(file), "cloud-admins=Platform:owner"
    documents.refresh()
    for number in (0, 1):
        visitor = Client()
        answer = comes_back(visitor, both.response(asks(visitor), name="s-7", attributes=GROUPS, key=number))
        assert answer.status_code == 302


def test_nobody_becomes_somebody_who_exists(client: Client, alice: User, idp: SamlIdp) -> None:
    attributes = {**GROUPS, "uid": ["alice"], "mail": [alice.email]}
    comes_back(client, idp.response(asks(client), name="alice", attributes=attributes))
    assert int(client.session["_auth_user_id"]) != alice.pk


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no xml", "cannot be read"),
        ("<a/>", "not exactly one"),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "cannot be read"),
        (SamlIdp([]).metadata(), "no certificate"),
        (SamlIdp().metadata(sso="http://idp.example.com/sso"), "https"),
    ],
)
def test_metadata_that_cannot_be_relied_on_are_not_taken(
    settings: Settings, tmp_path: Path, db: None, text: str, why: str
) -> None:
    file = tmp_path / "metadata.xml"
    file.write_text(text)
    settings.SAML_METADATA_FILE = str(file)
    assert documents.refresh() == 0
    assert why in ProviderDocument.objects.get().problem


def test_ours_are_for_the_providers_administrator(client: Client, idp: SamlIdp) -> None:
    page = client.get("/login/saml/metadata/")
    assert page.status_code == 200
    assert b"http://127.0.0.1:8000/login/saml/acs/" in page.content


def test_without_it_there_is_no_such_way(client: Client, db: None) -> None:
    for path in ("", "finish/", "metadata/"):
        assert client.get(f"/login/saml/{path}").status_code == 404
    assert client.post("/login/saml/acs/").status_code == 404
