"""Jobs, the audit and notices over the API; schedules."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.bulk.actions import revalidate_many
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from scans.models import ScanSchedule
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_jobs_are_listed_and_read(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    job = revalidate_many(scope=Scope(str(alice.pk)), actor=SYSTEM, accounts=[make_account(alice)])
    (row,) = alice_calls.get("jobs/?state=queued").json()["items"]
    assert (row["id"], row["kind"], row["total"]) == (str(job.pk), "fleet.revalidate", 1)
    assert alice_calls.get(f"jobs/{job.pk}").json()["failures"] == []
    assert alice_calls.get("jobs/?state=finished").json() == {"items": [], "count": 0}


def test_the_audit_is_filtered(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    events = alice_calls.get(f"audit/?account={account.pk}&first=2020-01-01").json()["items"]
    assert {event["account"] for event in events} == {str(account.pk)}
    assert alice_calls.get("audit/?last=2020-01-01").json()["count"] == 0
    assert_problem(alice_calls.get("audit/?first=yesterday"), 422, "input_invalid")


def test_notices_are_read(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    notify(NoticeKind.ACCOUNT_FAILED, key="1", text="It failed.", account=account)
    (row,) = alice_calls.get(f"notices/?kind=account.failed&account={account.pk}").json()["items"]
    assert (row["text"], row["account_name"]) == ("It failed.", account.name)


def test_a_schedule_is_read_and_changed(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    path = f"cloud-accounts/{account.pk}/schedule"
    before = alice_calls.get(path)
    assert before.json()["every"] == "daily"
    body: dict[str, Any] = {"every": "cron", "cron": "30  4 * * mon-fri", "services": ["s3"], "regions": ["us-east-1"]}
    answer = alice_calls.put(path, body, **{"If-Match": before["ETag"]})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {**body, "cron": "30 4 * * mon-fri", "next_at": answer.json()["next_at"]}
    assert answer.json()["next_at"][14:16] == "30"
    assert_problem(alice_calls.put(path, {"every": "off"}, **{"If-Match": before["ETag"]}), 412, "changed_meanwhile")
    assert alice_calls.put(path, {"every": "off"}).json()["next_at"] is None
    assert ScanSchedule.objects.get(account=account.pk).services == []


@pytest.mark.parametrize(
    "body",
    [
        {"every": "hourly"},
        {"every": "cron"},
        {"every": "cron", "cron": "* * * * *"},
        {"every": "cron", "cron": "0 0 30 2 *"},
        {"every": "cron", "cron": "0 0 * *"},
        {"every": "cron", "cron": "0 24 * * *"},
        {"every": "daily", "services": ["poetry"]},
        {"every": "daily", "regions": ["moon"]},
    ],
)
def test_what_is_no_schedule_is_refused(
    alice: User, alice_calls: Caller, make_account: MakeAccount, body: dict[str, Any]
) -> None:
    path = f"cloud-accounts/{make_account(alice).pk}/schedule"
    assert_problem(alice_calls.put(path, body), 422, "input_invalid")
