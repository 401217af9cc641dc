"""An e-mail address is as good as a password: links that set one go there.

What replaces the profile page one day has to pass these tests.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from cloudaccounts.models import AuditEvent, MailRequest
from config.tasks import send_mail
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
PASSWORD = "alice-knows-this"
NEW = "mallory@example.net"


def change(client: Client, email: str = NEW, **more: str) -> int:
    data = {"first_name": "Alice", "last_name": "", "email": email, **more}
    return int(client.post("/profile/", data).status_code)


@pytest.mark.parametrize("password", ["", "guessed", "alice-knows-thiS"])
def test_without_the_password_the_address_stays(alices: Client, alice: User, password: str) -> None:
    before = alice.email
    assert change(alices, password=password) == 422
    alice.refresh_from_db()
    assert (alice.email, alice.first_name) == (before, "")


def test_with_the_password_it_changes_and_the_old_address_hears_of_it(alices: Client, alice: User) -> None:
    before = alice.email
    assert change(alices, password=PASSWORD) == 302
    alice.refresh_from_db()
    assert alice.email == NEW
    event = AuditEvent.objects.get(action="email.changed")
    assert (event.owner, NEW in str(vars(event))) == (str(alice.pk), False)
    send_mail(str(MailRequest.objects.get().pk))
    assert [message.to for message in mail.outbox] == [[before]]
    assert NEW in str(mail.outbox[0].body)


def test_a_name_changes_without_the_password(alices: Client, alice: User) -> None:
    assert change(alices, email=alice.email) == 302
    alice.refresh_from_db()
    assert alice.first_name == "Alice"


def test_guessing_it_here_counts_as_at_the_login(alices: Client, alice: User) -> None:
    assert [change(alices, password=f"guess-{number}") for number in range(5)] == [422, 422, 422, 422, 429]
    assert change(alices, password=PASSWORD) == 429
    alice.refresh_from_db()
    assert alice.email != NEW


def test_guessing_the_old_password_counts_as_well(alices: Client, alice: User) -> None:
    new = "a-longer-word-than-that"
    data = {"old_password": "guessed", "new_password1": new, "new_password2": new}
    assert [alices.post("/profile/password/", data).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert alices.post("/profile/password/", {**data, "old_password": PASSWORD}).status_code == 429
    alice.refresh_from_db()
    assert not alice.check_password(new)
