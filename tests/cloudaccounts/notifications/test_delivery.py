"""Notices reach people: over a real SMTP server and a real webhook receiver, both on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from cloudaccounts.models import CloudAccount, Notice, NoticeDelivery, NoticeDigest
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications import delivery
from cloudaccounts.notifications.delivery import deliver_notices
from cloudaccounts.notifications.notify import notify
from cloudaccounts.notifications.recipients import set_wanted_kinds
from cloudaccounts.work.leases import LeaseKeeper
from tests.conftest import ALL_DATABASES, SECRET
from tests.mailserver import MailServer, mail_server
from tests.outages import away
from tests.stack import free_port

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.NOTIFY_DIGEST_MINUTES = 0
        settings.BASE_URL = "https://accounts.example.com"
        yield server


def fail(account: CloudAccount, key: str = "once") -> None:
    notify(
        NoticeKind.ACCOUNT_FAILED, key=f"{account.pk}:{key}", account=account,
        text=f"{account.name} failed: key revoked.", remedy="Make a new key.",
    )  # fmt: skip


def make_due() -> None:
    NoticeDigest.objects.update(due_at=timezone.now())


def test_owner_and_operator_get_one_mail_each_with_what_mends_it(
    mails: MailServer, alice: User, bob: User, operator: User, make_account: MakeAccount
) -> None:
    pay, web = make_account(alice, name="pay\r\nBcc: x@example.org"), make_account(alice, name="web")
    fail(pay)
    fail(web)
    deliver_notices()
    sent = {mail["To"]: mail for mail in mails.taken}
    assert set(sent) == {"alice@example.org", "olga@example.org"}
    text = sent["alice@example.org"].get_content()
    assert "web failed: key revoked." in text
    assert "Make a new key." in text
    assert f"https://accounts.example.com/accounts/{web.pk}/" in text
    assert f"/admin/cloudaccounts/cloudaccount/{web.pk}/change/" in sent["olga@example.org"].get_content()
    assert "and 1 more" in sent["alice@example.org"]["Subject"]
    assert sent["alice@example.org"]["Bcc"] is None
    assert SECRET not in text


def test_nobody_is_told_twice_of_one_fact(mails: MailServer, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    fail(account)
    deliver_notices()
    fail(account)
    deliver_notices()
    Notice.objects.update(spread_at=None)  # a worker died before it had written that it was done
    deliver_notices()
    assert len(mails.taken) == 1


def test_news_is_gathered_for_some_minutes(
    mails: MailServer, alice: User, make_account: MakeAccount, settings: Settings
) -> None:
    settings.NOTIFY_DIGEST_MINUTES = 5
    account = make_account(alice)
    fail(account)
    deliver_notices()
    assert mails.taken == []
    NoticeDelivery.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    fail(account, "again")
    deliver_notices()
    assert len(mails.taken) == 1
    assert mails.taken[0].get_content().count("failed: key revoked.") == 2


def test_a_mail_server_that_is_down_loses_nothing(
    mails: MailServer, alice: User, operator: User, make_account: MakeAccount, settings: Settings
) -> None:
    up, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    fail(make_account(alice))
    assert deliver_notices().failed == 1  # the first one says that the server is down: no other waits for that
    digest = NoticeDigest.objects.exclude(attempts=0).get()
    assert "cannot be reached" in digest.error
    assert digest.due_at > timezone.now() + timedelta(seconds=50)
    settings.EMAIL_PORT = up
    deliver_notices()
    assert len(mails.taken) == 1
    make_due()
    deliver_notices()
    assert {mail["To"] for mail in mails.taken} == {"alice@example.org", "olga@example.org"}
    assert len(mails.taken) == 2


def test_the_wait_doubles_up_to_an_hour_and_ends_after_a_week(
    mails: MailServer, alice: User, make_account: MakeAccount
) -> None:
    mails.refuse = {"alice@example.org"}
    fail(make_account(alice))
    waits = []
    for _ in range(9):
        deliver_notices()
        digest = NoticeDigest.objects.get()
        waits.append(round((digest.due_at - timezone.now()).total_seconds() / 60))
        make_due()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert digest.error == "The mail server refused the recipient."
    NoticeDigest.objects.update(created_at=timezone.now() - timedelta(days=8))
    deliver_notices()
    assert NoticeDigest.objects.get().state == "dropped"


def test_a_crash_after_the_server_took_it_sends_the_same_message_again(
    mails: MailServer, alice: User, make_account: MakeAccount
) -> None:
    mails.hang_up_after_data = True
    fail(make_account(alice))
    deliver_notices()
    mails.hang_up_after_data = False
    make_due()
    deliver_notices()
    first, second = mails.taken
    assert first["Message-ID"] == second["Message-ID"] != ""
    assert first.get_content() == second.get_content()


def test_what_a_dead_worker_was_sending_is_sent(mails: MailServer, alice: User, make_account: MakeAccount) -> None:
    fail(make_account(alice))
    delivery.create_deliveries()
    delivery.build_digests()
    NoticeDigest.objects.update(state="sending", lease_until=timezone.now() - timedelta(seconds=1))
    deliver_notices()
    assert len(mails.taken) == 1
    assert NoticeDigest.objects.get().state == "sent"


def test_one_that_another_worker_sends_is_left_to_it(mails: MailServer, alice: User, make_account: MakeAccount) -> None:
    fail(make_account(alice))
    delivery.create_deliveries()
    delivery.build_digests()
    NoticeDigest.objects.update(state="sending", lease_until=timezone.now() + timedelta(seconds=30))
    deliver_notices()
    assert mails.taken == []


def test_a_digest_that_was_ended_empty_gives_its_notices_to_another(
    mails: MailServer, alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker frozen between a digest's row and its notices' rows, for minutes."""
    fail(make_account(alice))
    delivery.create_deliveries()
    create = NoticeDigest.objects.create

    def create_and_freeze(**facts: Any) -> NoticeDigest:
        digest = create(**facts)
        NoticeDigest.objects.filter(pk=digest.pk).update(state="dropped")
        return digest

    monkeypatch.setattr(NoticeDigest.objects, "create", create_and_freeze)
    assert delivery._build_digest("mail", str(alice.pk), list(NoticeDelivery.objects.values_list("pk", flat=True))) == 1
    monkeypatch.undo()
    deliver_notices()
    assert len(mails.taken) == 1


def test_kinds_that_somebody_does_not_want_are_not_mailed(
    mails: MailServer, alice: User, make_account: MakeAccount
) -> None:
    set_wanted_kinds(str(alice.pk), {NoticeKind.ROTATION_CRITICAL.value})
    fail(make_account(alice))
    deliver_notices()
    assert mails.taken == []


def test_somebody_without_an_address_or_inactive_gets_none(
    mails: MailServer, alice: User, bob: User, make_account: MakeAccount
) -> None:
    User.objects.filter(pk=alice.pk).update(email="")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    fail(make_account(alice))
    fail(make_account(bob))
    deliver_notices()
    assert not NoticeDelivery.objects.exists()


def test_who_left_before_it_was_sent_ends_the_digest(mails: MailServer, alice: User, make_account: MakeAccount) -> None:
    fail(make_account(alice))
    delivery.create_deliveries()
    delivery.build_digests()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    deliver_notices()
    assert NoticeDigest.objects.get().state == "dropped"


def test_facts_about_the_product_go_to_operators_alone(mails: MailServer, alice: User, operator: User) -> None:
    notify(NoticeKind.SYSTEM, key="x", text="Every account failed at once.")
    deliver_notices()
    assert [mail["To"] for mail in mails.taken] == ["olga@example.org"]


def test_while_a_server_takes_its_time_nobody_else_sends_the_same(
    mails: MailServer, alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bool] = []

    class Keeper(LeaseKeeper):
        def __enter__(self) -> LeaseKeeper:
            kept.append(self._renew())
            return super().__enter__()

    monkeypatch.setattr(delivery, "LeaseKeeper", Keeper)
    fail(make_account(alice))
    deliver_notices()
    assert kept == [True] * NoticeDigest.objects.filter(state="sent").count()
    assert kept


def test_a_round_ends_before_its_tasks_limit_and_the_next_goes_on(
    mails: MailServer, alice: User, operator: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(make_account(alice))
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "BUDGET", -1)
        deliver_notices()
    assert mails.taken == []
    deliver_notices()
    assert len(mails.taken) == 2


def test_a_database_that_is_away_costs_a_digest_nothing_but_time(
    alice: User, toy_account: MakeAccount, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=alice.pk).update(email="alice@example.com")
    notify(NoticeKind.ACCOUNT_FAILED, key="1", text="It failed.", account=toy_account(alice))
    away(monkeypatch, delivery, "_notices")
    delivered = deliver_notices()
    assert (delivered.sent, delivered.failed) == (0, 0)
    digest = NoticeDigest.objects.get()
    assert (digest.state, digest.claim, digest.error) == ("ready", None, "")
    assert deliver_notices().sent == 1
