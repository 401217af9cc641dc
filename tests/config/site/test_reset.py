"""Links to reset a password: sent by a worker, seldom, and a page that takes as long for nobody as for somebody.

What replaces these pages one day has to pass these tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudaccounts.models import MailRequest
from cloudaccounts.notifications import mail_requests
from config.site.mails import MAILS_PER_ADDRESS, MAILS_PER_NETWORK, SENDERS
from config.tasks import send_due_mails, send_mail
from tests.conftest import ALL_DATABASES, raw_rows

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
SENT = "/password-reset/sent/"


def ask(email: str, address: str = "203.0.113.9") -> Any:
    return Client(REMOTE_ADDR=address).post("/password-reset/", {"email": email})


def work() -> None:
    """What a worker does with the messages."""
    for key in MailRequest.objects.values_list("pk", flat=True):
        send_mail(str(key))


@pytest.fixture
def broken_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        yield []


def test_the_page_sends_nothing_and_the_worker_does(alice: User) -> None:
    assert ask(alice.email)["Location"] == SENT
    assert not mail.outbox
    work()
    assert [message.to for message in mail.outbox] == [[alice.email]]
    assert re.search(r"http://127\.0\.0\.1:8000/password-reset/\S+", str(mail.outbox[0].body))
    assert not MailRequest.objects.exists()


def test_for_nobody_the_page_does_the_same_work(alice: User) -> None:
    """Whoever measures how long it takes, or what it asks the databases, learns nothing."""
    ask("first@example.org")  # makes the counter of the network
    questions = []
    for email in (alice.email, "nobody@example.org"):
        with (
            CaptureQueriesContext(connections["default"]) as users,
            CaptureQueriesContext(connections["cloud_security"]) as rows,
        ):
            assert ask(email)["Location"] == SENT
        assert not [query for query in users.captured_queries if "auth_user" in query["sql"]]
        questions.append([re.sub(r"'[^']*'", "?", query["sql"]) for query in rows.captured_queries])
        questions[-1] = [re.sub(r'"s\d+_x\d+"', "point", question) for question in questions[-1]]
    assert questions[0] == questions[1]
    assert MailRequest.objects.count() == 3
    work()
    assert len(mail.outbox) == 1


def test_what_was_typed_lies_nowhere_in_clear() -> None:
    ask("somebodys-secret@example.org")
    assert not any("somebodys-secret" in row for alias in ALL_DATABASES for row in raw_rows(alias))


def test_one_address_gets_few_links_and_nobody_learns_of_the_limit(alice: User) -> None:
    for number in range(20):
        assert ask(alice.email, address=f"198.51.100.{number}")["Location"] == SENT
    work()
    assert len(mail.outbox) == MAILS_PER_ADDRESS


@pytest.mark.parametrize("pattern", ["203.0.113.9", "2001:db8:1:2::{:x}", ""])
def test_one_network_may_ask_so_often_and_then_waits(pattern: str) -> None:
    answers = [ask(f"person{number}@example.org", address=pattern.format(number + 1)) for number in range(30)]
    assert [answer.status_code for answer in answers] == [302] * MAILS_PER_NETWORK + [429] * (30 - MAILS_PER_NETWORK)
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600
    assert MailRequest.objects.count() == MAILS_PER_NETWORK
    assert ask("person@example.org", address="192.0.2.1").status_code == 302


def test_a_mail_server_that_is_down_is_tried_again(alice: User, broken_server: list[str]) -> None:
    ask(alice.email)
    work()
    row = MailRequest.objects.get()
    assert row.attempts == 1
    assert row.due_at > timezone.now()
    work()  # not yet due
    assert MailRequest.objects.get().attempts == 1


def test_a_lost_message_and_a_dead_worker_cost_minutes(alice: User) -> None:
    ask(alice.email)
    MailRequest.objects.update(attempts=1, due_at=timezone.now() - timedelta(seconds=1))
    send_due_mails()
    assert len(mail.outbox) == 1


def test_what_nobody_waits_for_any_more_is_dropped(alice: User) -> None:
    ask(alice.email)
    MailRequest.objects.update(requested_at=timezone.now() - mail_requests.LASTS - timedelta(seconds=1))
    assert mail_requests.send_due_mails(SENDERS) == 0
    assert not MailRequest.objects.exists()
    assert not mail.outbox


def test_an_inactive_person_gets_none(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    ask(alice.email)
    work()
    assert not mail.outbox
