from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import CloudAccount, NoticePreference
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import mark_read, notify
from cloudaccounts.notifications.queries import count_unread
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.pages import NAVIGATION, seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def test_an_owner_sees_what_they_were_told_as_new_once(
    alices: Client, bobs: Client, alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    notify(NoticeKind.ACCOUNT_FAILED, key="1", account=account, text="It failed.", remedy="Mend it.")
    first = alices.get("/notices/").content.decode()
    assert "It failed." in first
    assert ">new<" in first
    assert ">new<" not in alices.get("/notices/").content.decode()
    assert "It failed." not in bobs.get("/notices/").content.decode()


def test_read_marks_are_a_persons_and_not_the_teams(alices: Client, alice: User, make_account: MakeAccount) -> None:
    notify(NoticeKind.ACCOUNT_FAILED, key="1", account=make_account(alice), text="It failed.")
    scope = Scope(str(alice.pk))
    assert count_unread(scope, str(alice.pk), up_to=9) == 1
    alices.get("/notices/")
    assert count_unread(scope, str(alice.pk), up_to=9) == 0
    assert count_unread(scope, "another member", up_to=9) == 1
    mark_read(str(alice.pk), scope.owner, until=timezone.now() - timedelta(days=9))  # a mark never goes back
    assert count_unread(scope, str(alice.pk), up_to=9) == 0


def test_notices_of_one_cause_are_one_entry_with_their_number(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    for number in range(12):
        account = make_account(alice, name=f"box-{number}")
        text = f"Root user without a second factor: {account.name}"
        notify(NoticeKind.FINDING_CRITICAL, key=str(number), account=account, text=text)
        notify(
            NoticeKind.COVERAGE_LOST, key=str(number), account=account,
            text=f"{account.name} ({account.account_id}) is not fully read any more: KMS.",
        )  # fmt: skip
    notify(NoticeKind.FINDING_CRITICAL, key="other", account=account, text="Bucket is public: docs")
    response = alices.get("/notices/")
    ((day, entries),) = response.context["days"]
    assert day == "Today"
    assert sorted(entry["cause"].number for entry in entries) == [1, 12, 12]
    text = seen(response)
    assert "Root user without a second factor: 12 accounts" in text
    assert "25 events, 25 unread, grouped by cause" in text
    assert "3 notices, 3 unread" in text
    assert 'href="/findings/?q=Root%20user%20without%20a%20second%20factor&amp;severity=critical"' in text
    assert 'href="?kind=coverage.lost">All of this kind' in text
    assert 'href="?kind=finding.critical"' in text
    assert alices.get("/notices/?kind=finding.critical").content.decode().count("Root user") == 12


def test_the_page_asks_a_fixed_number_of_questions(
    alices: Client, alice: User, make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    for number in range(9):
        notify(NoticeKind.ACCOUNT_FAILED, key=str(number), account=make_account(alice), text="It failed.")
        alices.get("/notices/")
        with django_assert_num_queries(NAVIGATION + 3, using="cloud_security"):
            alices.get("/notices/")


def test_a_notice_leads_to_its_account_for_as_long_as_that_is_there(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice, name="payments")
    notify(NoticeKind.ACCOUNT_FAILED, key="1", account=account, text="It failed.", remedy="Mend it.")
    CloudAccount.objects.update(name="renamed since")
    link = f'<a href="/accounts/{account.pk}/">renamed since</a>'
    assert link in alices.get("/notices/").content.decode()
    CloudAccount.objects.all().delete()
    page = alices.get("/notices/").content.decode()
    assert f"/accounts/{account.pk}/" not in page
    assert "payments" in page
    assert "not connected any more" in page


def test_the_profile_chooses_what_comes_by_mail(alices: Client, alice: User) -> None:
    assert alices.get("/profile/").content.decode().count('name="kinds"') == len(NoticeKind)
    alices.post("/profile/notices/", {"kinds": [NoticeKind.ACCOUNT_FAILED.value]})
    muted = NoticePreference.objects.get(owner=str(alice.pk)).muted
    assert len(muted) == len(NoticeKind) - 1
    assert NoticeKind.ACCOUNT_FAILED.value not in muted
    alices.post("/profile/notices/", {"kinds": ["no-kind"]})
    assert NoticePreference.objects.get().muted == muted
    alices.post("/profile/notices/", {})
    assert len(NoticePreference.objects.get().muted) == len(NoticeKind)
