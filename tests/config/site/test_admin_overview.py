from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import CloudAccount, NoticeDigest, WorkerHeartbeat
from scans.models import ScanRun
from tests.conftest import ALL_DATABASES, SECRET

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
PAGE = "/admin/overview/"


@pytest.fixture
def olgas(operator: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(operator)


def show(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_when_all_is_well(olgas: Client) -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(name="w", queues=["checks", "heartbeats", "scans", "fleet"], seen_at=now)
    assert show(olgas).count("<p>None.</p>") == 5
    assert "start one" not in show(olgas)


def test_it_shows_what_fails_is_overdue_or_stuck_with_its_owner(
    olgas: Client, alice: User, make_account: MakeAccount
) -> None:
    make_account(alice, name="broken", status="failed", last_check_cause="The key was revoked.")
    make_account(alice, name="ancient", age_days=90)
    make_account(alice, name="ended", credential_expires_at=timezone.now() - timedelta(days=1))
    make_account(alice, name="fine")
    ScanRun.objects.filter(account_name="fine").update(requested_at=timezone.now() - timedelta(minutes=11))
    ScanRun.objects.filter(account_name="ancient").update(
        status="running", lease_until=timezone.now() - timedelta(seconds=1)
    )
    NoticeDigest.objects.create(
        channel="mail", created_at=timezone.now(), due_at=timezone.now(), attempts=2, error="The mail server was away."
    )
    page = show(olgas)
    for text in ("broken", "The key was revoked.", "ancient", "ended", "queued for long", "its worker is silent"):
        assert text in page
    assert "The mail server was away." in page
    assert "alice" in page
    assert SECRET not in page


def test_it_says_which_queue_nobody_serves(olgas: Client) -> None:
    seen = timezone.now()
    WorkerHeartbeat.objects.create(name="w", queues=["checks"], seen_at=seen)
    WorkerHeartbeat.objects.create(name="old", queues=["scans"], seen_at=seen - timedelta(minutes=5))
    page = show(olgas)
    assert "No worker serves the queue “scans”" in page
    assert "No worker serves the queue “fleet”" in page
    assert "No worker serves the queue “checks”" not in page
    assert "silent" in page


def test_it_asks_as_many_questions_however_much_there_is(
    olgas: Client, alice: User, make_account: MakeAccount, django_assert_num_queries: object
) -> None:
    make_account(alice, status="failed", age_days=91)
    show(olgas)
    with django_assert_num_queries(18, using="cloud_security"):  # type: ignore[operator]
        show(olgas)
    for _ in range(15):
        make_account(alice, status="failed", age_days=91)
    with django_assert_num_queries(18, using="cloud_security"):  # type: ignore[operator]
        show(olgas)


def test_the_admins_first_page_leads_there(olgas: Client) -> None:
    assert PAGE in olgas.get("/admin/").content.decode()


def test_staff_need_the_permission_to_see_accounts(
    alices: Client, bob: User, browser_of: Callable[[User], Client]
) -> None:
    assert alices.get(PAGE).status_code == 302
    bob.is_staff = True
    bob.save()
    bobs = browser_of(bob)
    assert bobs.get(PAGE).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="view_cloudaccount"))
    assert bobs.get(PAGE).status_code == 200
