from __future__ import annotations

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from cloudaccounts.models import OwnerExternalId
from config.tasks import send_due_mails
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_one_logs_in_and_lands_where_one_wanted_to_go(client: Client, alice: User) -> None:
    assert client.get("/accounts/")["Location"] == "/login/?next=/accounts/"
    data = {"username": "alice", "password": "alice-knows-this", "next": "/accounts/"}
    assert client.post("/login/", data)["Location"] == "/accounts/"


def test_a_login_never_leads_elsewhere(client: Client, alice: User) -> None:
    data = {"username": "alice", "password": "alice-knows-this", "next": "https://evil.example/"}
    assert client.post("/login/", data)["Location"] == "/"


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_wrong_credentials_get_one_friendly_message(client: Client, alice: User, name: str) -> None:
    page = client.post("/login/", {"username": name, "password": "wrong"}).content.decode()
    assert "do not fit together" in page
    assert 'role="alert"' in page
    assert "wrong" not in page


def test_a_disabled_person_learns_nothing_more(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    page = client.post("/login/", {"username": "alice", "password": "alice-knows-this"}).content.decode()
    assert "do not fit together" in page


def test_a_panel_of_an_ended_session_reloads_the_whole_page(client: Client, db: None) -> None:
    response = client.get("/login/?next=/scans/now/", headers={"HX-Request": "true"})
    assert response["HX-Refresh"] == "true"


def test_one_logs_out_by_post_alone(alices: Client) -> None:
    assert alices.get("/logout/").status_code == 405
    assert alices.post("/logout/")["Location"] == "/login/"
    assert alices.get("/profile/").status_code == 302


def test_the_profile_shows_the_external_id_and_changes_the_name(alices: Client, alice: User) -> None:
    page = alices.get("/profile/").content.decode()
    assert OwnerExternalId.objects.get(owner=str(alice.pk)).external_id in page
    alices.post("/profile/", {"first_name": "Alice", "last_name": "Liddell", "email": alice.email})
    alice.refresh_from_db()
    assert alice.get_full_name() == "Alice Liddell"


def test_the_profile_refuses_a_broken_address(alices: Client, alice: User) -> None:
    response = alices.post("/profile/", {"first_name": "Mallory", "email": "nowhere"})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    alice.refresh_from_db()
    assert alice.first_name == ""


def test_the_profile_changes_nothing_else(alices: Client, alice: User) -> None:
    own = {"first_name": "A", "email": alice.email}
    assert alices.post("/profile/", {**own, "is_superuser": "1", "username": "root"}).status_code == 302
    alice.refresh_from_db()
    assert (alice.username, alice.is_superuser) == ("alice", False)


def test_one_changes_ones_password(alices: Client, alice: User) -> None:
    new = "a-longer-word-than-that"
    data = {"old_password": "alice-knows-this", "new_password1": new, "new_password2": new}
    assert alices.post("/profile/password/", data)["Location"] == "/profile/"
    assert Client().post("/login/", {"username": "alice", "password": new})["Location"] == "/"


def test_a_weak_password_is_refused_beside_its_field(alices: Client) -> None:
    data = {"old_password": "alice-knows-this", "new_password1": "123", "new_password2": "123"}
    page = alices.post("/profile/password/", data).content.decode()
    assert "too short" in page
    assert 'id="id_new_password2_error"' in page


def test_a_reset_link_comes_by_mail_from_base_url_whatever_host_was_asked(client: Client, alice: User) -> None:
    response = client.post("/password-reset/", {"email": alice.email}, headers={"host": "localhost"})
    assert response["Location"] == "/password-reset/sent/"
    send_due_mails()
    body = str(mail.outbox[0].body)
    match = re.search(r"http://127\.0\.0\.1:8000(/password-reset/\S+)", body)
    assert match is not None
    assert "localhost" not in body
    landed = client.get(match[1], follow=True)
    assert "Choose a password" in landed.content.decode()
    new = "a-longer-word-than-that"
    done = client.post(landed.redirect_chain[-1][0], {"new_password1": new, "new_password2": new})
    assert done["Location"] == "/login/"
    assert client.post("/login/", {"username": "alice", "password": new})["Location"] == "/"


def test_who_resets_a_password_is_told_of_other_ways_in(client: Client, alice: User) -> None:
    SocialAccount.objects.create(user=alice, provider="sso", uid="i-1")
    client.post("/password-reset/", {"email": alice.email})
    send_due_mails()
    match = re.search(r"http://127\.0\.0\.1:8000(/password-reset/\S+)", str(mail.outbox[0].body))
    assert match
    new = "a-longer-word-than-that"
    form = client.get(match[1], follow=True).redirect_chain[-1][0]
    client.post(form, {"new_password1": new, "new_password2": new})
    assert "There are other ways to sign in as you." in client.get("/login/").content.decode()


def test_a_reset_for_nobody_answers_the_same(client: Client, db: None) -> None:
    assert client.post("/password-reset/", {"email": "no@example.org"})["Location"] == "/password-reset/sent/"
    send_due_mails()
    assert not mail.outbox


def test_a_used_link_says_so(client: Client, db: None) -> None:
    assert "This link has ended" in client.get("/password-reset/eA/set-password/").content.decode()
