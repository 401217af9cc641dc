from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import AuditEvent, CloudAccount
from tests.conftest import ALL_DATABASES, SECRET, MakeAccount
from tests.environment import MONGODB

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def fleet(alice: User, bob: User, make_account: MakeAccount) -> dict[str, CloudAccount]:
    return {
        "fresh": make_account(alice, name="fresh", age_days=1),
        "due": make_account(alice, name="due", age_days=70),
        "overdue": make_account(bob, name="overdue", age_days=120),
        "role": make_account(alice, name="role", age_days=400, secretless=True, last_checked_at=timezone.now()),
    }


def report(**options: Any) -> str:
    out = io.StringIO()
    call_command("rotation_report", stdout=out, **options)
    return out.getvalue()


def names(**options: Any) -> list[str]:
    return [row["name"] for row in json.loads(report(format="json", **options))]


def test_it_tells_the_oldest_first_and_what_has_no_age_last(fleet: dict[str, CloudAccount]) -> None:
    assert names() == ["overdue", "due", "fresh", "role"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"state": "critical"}, ["overdue"]),
        ({"state": "warning"}, ["due"]),
        ({"state": "ok"}, ["fresh"]),
        ({"state": "not_applicable"}, ["role"]),
        ({"owner": "alice"}, ["due", "fresh", "role"]),
        ({"provider": "aws", "owner": "bob"}, ["overdue"]),
        ({"provider": "gcp"}, []),
    ],
)
def test_filters_narrow(fleet: dict[str, CloudAccount], options: dict[str, str], expected: list[str]) -> None:
    assert names(**options) == expected


def test_a_row_tells_what_there_is_to_tell(fleet: dict[str, CloudAccount]) -> None:
    rows = {row["name"]: row for row in json.loads(report(format="json"))}
    due = rows["due"]
    assert (due["owner"], due["age_days"], due["rotation"], due["method"]) == ("alice", 70, "warning", "Access keys")
    assert (rows["role"]["age_days"], rows["role"]["rotation"]) == (None, "not_applicable")
    assert rows["role"]["last_proof_at"]


def test_csv_is_the_same_in_cells(fleet: dict[str, CloudAccount]) -> None:
    rows = list(csv.DictReader(io.StringIO(report(format="csv"))))
    assert [row["name"] for row in rows] == ["overdue", "due", "fresh", "role"]
    assert datetime.fromisoformat(rows[0]["credential_since"]).tzinfo is not None


def test_the_table_counts_at_its_end(fleet: dict[str, CloudAccount]) -> None:
    lines = report().splitlines()
    assert lines[0].split()[:2] == ["Account", "Cloud"]
    assert lines[1].startswith("overdue")
    assert lines[-1] == "1 in time, 1 due soon, 1 overdue, 1 no rotation needed"


def test_a_name_cannot_write_into_the_terminal(alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="red \x1b[31m alert")
    assert "\x1b" not in report()


@pytest.mark.parametrize(
    ("options", "fails"),
    [
        ({"fail_on": "critical"}, True),
        ({"fail_on": "warning"}, True),
        ({"fail_on": "critical", "owner": "alice"}, False),
        ({"fail_on": "warning", "owner": "alice"}, True),
        ({"fail_on": "warning", "state": "ok"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_it_fails_where_it_is_asked_to(
    fleet: dict[str, CloudAccount], options: dict[str, str], fails: bool, format_: str
) -> None:
    if not fails:
        report(format=format_, **options)
        return
    with pytest.raises(SystemExit) as caught:
        report(format=format_, **options)
    assert caught.value.code == 1


def test_who_does_not_exist_is_told(fleet: dict[str, CloudAccount]) -> None:
    with pytest.raises(CommandError, match="no user 'nobody'"):
        report(owner="nobody")
    with pytest.raises(CommandError, match="no group"):
        report(group="nowhere", format="json")


@pytest.mark.skipif("accountgroup" not in apps.all_models["cloudaccounts"], reason="groups are not there")
def test_a_group_narrows(fleet: dict[str, CloudAccount], alice: User) -> None:
    groups, members = (
        apps.get_model(f"cloudaccounts.{model}")._default_manager for model in ("AccountGroup", "GroupMember")
    )
    group = groups.create(owner=str(alice.pk), name="payments")
    members.create(group=group.pk, account=fleet["due"].pk, owner=str(alice.pk), added_at=timezone.now())
    assert names(group="payments") == ["due"]
    assert names(group=str(group.pk)) == ["due"]


@pytest.mark.skipif(MONGODB, reason="MongoDB's driver takes up to 16 MB of rows at a time, which hides the difference.")
@pytest.mark.timeout(400)
def test_four_times_as_many_accounts_take_no_more_memory(alice: User, bob: User) -> None:
    """Both take several chunks: the rows of one, and those of the next while they are fetched."""
    formats = ("table", "csv", "json")  # of the same rows: making them takes longer than all else here
    many(alice, 5_000)
    for format_ in formats:
        peak(format_, "alice")  # what is loaded once is loaded
    few = {format_: peak(format_, "alice") for format_ in formats}
    many(bob, 20_000)
    for format_ in formats:
        assert peak(format_, "bob") < few[format_] * 1.1 + 64 * 1024, format_


def many(owner: User, count: int) -> None:
    now = timezone.now()
    CloudAccount.objects.bulk_create(
        (
            CloudAccount(
                owner=str(owner.pk), provider="aws", partition="aws", auth_method="access_keys", status="active",
                account_id=f"{number:012d}", name=f"account {number}", credential_since=now - timedelta(hours=number),
            )
            for number in range(count)
        ),
        batch_size=500,
    )  # fmt: skip


def peak(format_: str, owner: str) -> int:
    """Bytes, at most, while the report is written to nowhere."""
    tracemalloc.start()
    try:
        call_command("rotation_report", stdout=Nowhere(), format=format_, owner=owner)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Nowhere(io.StringIO):
    """Keeps nothing, so that the memory is the report's own."""

    def write(self, text: str) -> int:
        return len(text)


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_shows_ones_own_oldest_first(alices: Client, fleet: dict[str, CloudAccount]) -> None:
    page = alices.get("/rotation/").content.decode()
    assert page.index(">due<") < page.index(">fresh<") < page.index(">role<")
    assert ">overdue<" not in page
    assert "Ages of 2 credentials" in page
    assert SECRET not in page


def test_the_page_narrows_and_keeps_old_links_working(alices: Client, fleet: dict[str, CloudAccount]) -> None:
    page = alices.get("/rotation/?state=warning").content.decode()
    assert ">due<" in page
    assert ">fresh<" not in page
    assert alices.get("/rotation/?state=moon&provider=moon&page=99").status_code == 200


def test_the_page_without_accounts_says_what_to_do(alices: Client) -> None:
    assert "Connect the first account" in alices.get("/rotation/").content.decode()


def test_the_export_is_ones_own_and_leaves_an_event(alices: Client, fleet: dict[str, CloudAccount]) -> None:
    answer = alices.get("/rotation/?format=json")
    rows = json.loads(answer.getvalue())
    assert [row["name"] for row in rows] == ["due", "fresh", "role"]
    assert "owner" not in rows[0]
    event = AuditEvent.objects.get(action="export.taken")
    assert event.actor_label == "alice"


def test_its_queries_do_not_grow_with_the_accounts(
    alices: Client, alice: User, make_account: MakeAccount, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_account(alice, name=f"account {number}")
    with django_assert_max_num_queries(45):
        assert alices.get("/rotation/").status_code == 200


def test_the_end_that_the_cloud_gave_counts(alices: Client, alice: User, make_account: MakeAccount) -> None:
    make_account(alice, name="ending", credential_expires_at=timezone.now() + timedelta(days=3))
    assert "expires in" in alices.get("/rotation/?state=warning").content.decode()
