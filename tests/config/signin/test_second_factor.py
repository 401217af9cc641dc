"""A second factor: asked for after the password, guessed no better than it, and stored where nobody reads it."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from cloudaccounts.credentials import reencryption
from cloudaccounts.models import AuditEvent
from config.tasks import send_due_mails
from tests.config.signin.conftest import PASSWORD, code_of, found, log_in, wrong_code
from tests.conftest import ALL_DATABASES, raw_rows

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
SetUp = Callable[[Client], tuple[str, list[str]]]
STEP = "/login/code/"


@pytest.fixture
def secret_and_codes(alices: Client, set_up_app: SetUp) -> tuple[str, list[str]]:
    return set_up_app(alices)


@pytest.fixture
def secret(secret_and_codes: tuple[str, list[str]]) -> str:
    return secret_and_codes[0]


def step(client: Client, code: str) -> Any:
    return client.post(STEP, {"code": code})


def test_the_password_alone_opens_nothing_any_more(client: Client, alice: User, secret: str) -> None:
    assert log_in(client, alice)["Location"] == STEP
    assert client.get("/profile/")["Location"].startswith("/login/")
    assert wrong_code(secret) not in client.get(STEP).content.decode()
    assert step(client, wrong_code(secret)).status_code == 422
    assert client.get("/profile/").status_code == 302
    assert step(client, code_of(secret)).status_code == 302
    assert client.get("/profile/").status_code == 200


def test_it_leads_where_one_wanted_to_go(client: Client, alice: User, secret: str) -> None:
    log_in(client, alice, next="/accounts/")
    assert step(client, code_of(secret))["Location"] == "/accounts/"


def test_a_code_counts_once(alice: User, secret: str) -> None:
    code = code_of(secret)
    for expected in (302, 422):
        client = Client()
        log_in(client, alice)
        assert step(client, code).status_code == expected


def test_a_code_older_than_the_last_does_not_count(alice: User, secret: str) -> None:
    first, second = Client(), Client()
    for client in (first, second):
        log_in(client, alice)
    assert step(first, code_of(secret, steps=1)).status_code == 302
    assert step(second, code_of(secret)).status_code == 422


def test_a_recovery_code_counts_once(alice: User, secret_and_codes: tuple[str, list[str]]) -> None:
    codes = secret_and_codes[1]
    assert len(set(codes)) == 10
    for expected in (302, 422):
        client = Client()
        log_in(client, alice)
        assert step(client, codes[3]).status_code == expected


def test_recovery_codes_are_shown_once(alices: Client, secret_and_codes: tuple[str, list[str]]) -> None:
    page = alices.get("/profile/security/recovery-codes/").content.decode()
    assert not any(code in page for code in secret_and_codes[1])


def test_new_recovery_codes_end_the_old(alices: Client, alice: User, secret_and_codes: tuple[str, list[str]]) -> None:
    done = alices.post("/profile/security/recovery-codes/new/", follow=True)
    new = found(r"<li><code>(\d+)</code>", done)
    assert len(new) == 10
    client = Client()
    log_in(client, alice)
    assert step(client, secret_and_codes[1][0]).status_code == 422
    assert step(client, new[0]).status_code == 302


def test_guessing_codes_counts_as_guessing_passwords(alice: User, secret: str) -> None:
    client = Client(REMOTE_ADDR="203.0.113.9")
    log_in(client, alice)
    wrong = wrong_code(secret)
    assert [step(client, wrong).status_code for _ in range(5)] == [422, 422, 422, 422, 429]
    assert step(client, code_of(secret)).status_code == 429
    assert log_in(Client(REMOTE_ADDR="203.0.113.9"), alice).status_code == 429
    assert AuditEvent.objects.filter(action="session.failed", owner=str(alice.pk)).count() == 5


def test_a_right_password_in_between_forgets_no_wrong_code(alice: User, secret: str) -> None:
    wrong, seen = wrong_code(secret), []
    for _ in range(5):
        client = Client(REMOTE_ADDR="203.0.113.9")
        log_in(client, alice)
        seen.append(step(client, wrong).status_code)
    assert seen == [422, 422, 422, 422, 429]


def test_from_many_networks_one_person_has_so_many_tries(
    alice: User, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.signin.brake.FAILURES_PER_HOUR", 3)
    for number in range(3):
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        log_in(client, alice)
        assert step(client, wrong_code(secret)).status_code == 422
    client = Client(REMOTE_ADDR="192.0.2.77")
    log_in(client, alice)
    assert step(client, code_of(secret)).status_code == 429


def test_it_confirms_who_one_is_as_well(alices: Client, secret: str) -> None:
    session = alices.session
    session["password_confirmed_at"] = 0.0
    session.save()
    back = "/profile/tokens/new/"
    wrong = alices.post("/confirm/code/", {"code": wrong_code(secret), "next": back})
    assert wrong.status_code == 422
    assert alices.post("/confirm/code/", {"code": code_of(secret, steps=1), "next": back})["Location"] == back
    assert alices.session["password_confirmed_at"] > 0


def test_what_matters_here_takes_a_fresh_confirmation(alices: Client, secret: str) -> None:
    session = alices.session
    session["password_confirmed_at"] = 0.0
    session.save()
    for path in ("app/remove/", "recovery-codes/new/", "passkeys/new/"):
        answer = alices.post(f"/profile/security/{path}", {"credential": "typed"})
        assert answer["Location"].startswith("/confirm/?next=") or path == "passkeys/new/"
    assert "typed" not in str(dict(alices.session.items()))
    assert Authenticator.objects.filter(type="totp").exists()


def test_secrets_lie_nowhere_in_clear(alices: Client) -> None:
    (secret,) = found(r'id="totp-secret">([A-Z2-7]+)<', alices.get("/profile/security/app/"))
    assert secret not in str(dict(alices.session.items()))
    alices.post("/profile/security/app/", {"code": code_of(secret)})
    assert Authenticator.objects.filter(type="totp").exists()
    assert not any(secret in row for alias in ALL_DATABASES for row in raw_rows(alias))


def test_a_secret_that_was_copied_to_somebody_else_does_not_open(alice: User, bob: User, secret: str) -> None:
    mine = Authenticator.objects.get(user=alice, type="totp")
    Authenticator.objects.create(user=bob, type="totp", data=mine.data)
    client = Client()
    log_in(client, bob, "bob-knows-this-too")
    assert step(client, code_of(secret)).status_code == 422
    assert client.get("/profile/").status_code == 302


def test_rotating_the_keys_reaches_them(
    alice: User, alices: Client, set_up_app: SetUp, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencryption, "SETTLES", 0)
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [old]
    secret, codes = set_up_app(alices)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [new, old]
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    assert "The older keys can be removed" in out.getvalue()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [new]
    for code in (code_of(secret), codes[0]):
        client = Client()
        log_in(client, alice)
        assert step(client, code).status_code == 302


def test_a_change_is_recorded_and_told_by_a_worker(
    alice: User, alices: Client, set_up_app: SetUp, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(alices)
    assert AuditEvent.objects.filter(action="second_factor.added", owner=str(alice.pk)).count() == 2
    alices.post("/profile/security/app/remove/")
    assert not Authenticator.objects.exists()
    assert not mail.outbox
    send_due_mails()
    assert any("authenticator app removed" in message.subject for message in mail.outbox)


def test_an_inactive_person_does_not_come_in_by_the_second_step(client: Client, alice: User, secret: str) -> None:
    log_in(client, alice)
    User.objects.update(is_active=False)
    step(client, code_of(secret))
    assert client.get("/profile/").status_code == 302


def test_other_sessions_are_listed_and_ended(alice: User) -> None:
    here, there = Client(REMOTE_ADDR=""), Client(REMOTE_ADDR="203.0.113.9", headers={"user-agent": "Lynx"})
    for client in (here, there):
        log_in(client, alice)
    page = here.get("/profile/sessions/").content.decode()
    assert "203.0.113.9" in page
    assert "Lynx" in page
    assert "unknown" in page
    here.post("/profile/sessions/")
    assert there.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 200


@pytest.mark.parametrize("credential", ["", "x", "[]", "{}", "null", '{"id": 1}', '{"response": {"userHandle": "AA"}}'])
@pytest.mark.parametrize("path", ["/login/passkey/", "/profile/security/passkeys/new/", "/confirm/passkey/"])
def test_a_forged_passkey_is_no_crash(alices: Client, client: Client, path: str, credential: str) -> None:
    for visitor in (alices, client):
        visitor.get("/login/passkey/", headers={"accept": "application/json"})
        answer = visitor.post(path, {"credential": credential, "name": "x"}, headers={"host": "localhost"})
        assert answer.status_code in {302, 403, 422}


def test_nobody_signs_up(client: Client, db: None) -> None:
    for path in ("/signup/", "/accounts/signup/", "/login/signup/"):
        form = {"username": "eve", "password1": PASSWORD, "email": "e@x.org"}
        assert client.post(path, form).status_code in {302, 404}
    assert not User.objects.exists()
