"""A new password ends the user's API tokens and sessions, through whichever door it comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import AuditEvent
from cloudaccounts.tokens.services import create_token, find_token
from config.tasks import send_due_mails
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
NEW = "quite-another-sentence"
Door = Callable[[User], str]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Door:
    """The real command, with somebody typing."""

    def change(user: User) -> str:
        monkeypatch.setattr("getpass.getpass", lambda prompt: NEW)
        call_command("changepassword", user.username)
        return "the command line"

    return change


@pytest.fixture
def profile() -> Door:
    def change(user: User) -> str:
        client = Client()
        client.force_login(user)
        fields = {"old_password": "alice-knows-this", "new_password1": NEW, "new_password2": NEW}
        assert client.post("/profile/password/", fields).status_code == 302
        assert client.get("/profile/").status_code == 200  # the session that did it goes on
        return "alice"

    return change


@pytest.fixture
def admin_form(operator: User) -> Door:
    def change(user: User) -> str:
        client = Client()
        client.force_login(operator)
        fields = {"password1": NEW, "password2": NEW, "usable_password": "true"}
        assert client.post(f"/admin/auth/user/{user.pk}/password/", fields).status_code == 302
        return "olga"

    return change


@pytest.fixture
def admin_disabling(operator: User) -> Door:
    """Password-based log-in is taken away."""

    def change(user: User) -> str:
        client = Client()
        client.force_login(operator)
        fields = {"password1": "", "password2": "", "usable_password": "false", "unset-password": "1"}
        assert client.post(f"/admin/auth/user/{user.pk}/password/", fields).status_code == 302
        return "olga"

    return change


@pytest.fixture
def reset() -> Door:
    def change(user: User) -> str:
        client = Client()
        client.post("/password-reset/", {"email": user.email})
        send_due_mails()
        match = re.search(r"/password-reset/\S+", str(mail.outbox[0].body))
        assert match is not None
        landed = client.get(match[0], follow=True)
        done = client.post(landed.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW})
        assert done["Location"] == "/login/"
        return "alice"

    return change


@pytest.fixture
def shell() -> Door:
    def change(user: User) -> str:
        match = User.objects.get(pk=user.pk)
        match.set_password(NEW)
        match.save(update_fields=["password"])
        return "the command line"

    return change


@pytest.fixture
def raw_hash() -> Door:
    """What an import of users from elsewhere does."""

    def change(user: User) -> str:
        match = User.objects.get(pk=user.pk)
        match.password = make_password(NEW)
        match.save()
        return "the command line"

    return change


@pytest.mark.parametrize("door", ["command", "profile", "admin_form", "admin_disabling", "reset", "shell", "raw_hash"])
def test_every_door_revokes_tokens_ends_sessions_and_names_who(
    request: pytest.FixtureRequest, alice: User, alices: Client, bob: User, door: str
) -> None:
    change: Door = request.getfixturevalue(door)
    _, mine = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    _, theirs = create_token(owner=str(bob.pk), actor=SYSTEM, name="script")
    assert alices.get("/profile/").status_code == 200
    who = change(alice)
    assert find_token(mine) is None
    assert find_token(theirs) is not None
    assert alices.get("/profile/")["Location"].startswith("/login/")
    event = AuditEvent.objects.get(action="password.changed")
    assert (event.owner, event.actor_label) == (str(alice.pk), who)
    assert AuditEvent.objects.get(action="token.revoked").actor_label == who


def test_what_changes_no_password_revokes_nothing(alice: User, operator: User, bob: User) -> None:
    _, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    client = Client()
    client.force_login(alice)  # writes the last login
    client.post("/profile/", {"first_name": "Alice", "last_name": "Liddell", "email": "alice@example.net"})
    match = User.objects.get(pk=alice.pk)
    match.is_staff = True
    match.save()
    User.objects.create_user("carol", "carol@example.org", "carol-is-new-here")
    assert find_token(text) is not None
    assert not AuditEvent.objects.filter(action="password.changed").exists()


def test_a_hash_of_a_newer_kind_is_no_new_password(alice: User, settings: Settings) -> None:
    """Django hashes the same password anew at a login, when the way to hash has changed."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]
    _, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    before = alice.password
    assert Client().post("/login/", {"username": "alice", "password": "alice-knows-this"}).status_code == 302
    alice.refresh_from_db()
    assert alice.password != before
    assert find_token(text) is not None
    assert not AuditEvent.objects.filter(action="password.changed").exists()


def test_a_password_is_not_stored_where_its_tokens_cannot_be_revoked(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> int:
        raise DatabaseError("the other database is away")

    monkeypatch.setattr("cloudaccounts.users.passwords.revoke_all", away)
    alice.set_password(NEW)
    with pytest.raises(DatabaseError):
        alice.save()
    assert User.objects.get(pk=alice.pk).check_password("alice-knows-this")
