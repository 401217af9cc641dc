from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.bulk.actions import start_bulk_action
from cloudaccounts.errors import InputError
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.lifecycle.state_changes import delete_account, suspend_account
from cloudaccounts.models import CloudAccount, JobItem
from scans.models import ScanRun, ScanSchedule
from scans.runs.requests import request_scan
from scans.runs.scheduling import set_schedule, start_due_scans
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
DAY = timedelta(days=1)


def schedule() -> ScanSchedule:
    return ScanSchedule.objects.get()


def due(**fields: object) -> None:
    ScanSchedule.objects.update(next_at=timezone.now() - timedelta(seconds=1), **fields)
    ScanRun.objects.all().delete()


def test_a_new_account_is_scanned_daily(toybox: CloudAccount) -> None:
    row = schedule()
    assert (row.every, row.owner) == ("daily", toybox.owner)
    assert row.next_at is not None
    assert timedelta(hours=21) < row.next_at - timezone.now() < timedelta(hours=27)


def test_accounts_connected_together_do_not_scan_together_for_ever(alice: User, toy_account: MakeAccount) -> None:
    for letter in "abcdefgh":
        toy_account(alice, account_id=f"abcde{letter}")
    moments = sorted(row.next_at.timestamp() for row in ScanSchedule.objects.all() if row.next_at)
    assert moments[-1] - moments[0] > 60


def test_what_is_due_starts_once_as_an_incremental_scan(toybox: CloudAccount) -> None:
    due()
    assert (start_due_scans(), start_due_scans()) == (1, 0)
    run = ScanRun.objects.get()
    assert (run.scan_type, run.scheduled, run.actor["id"]) == ("incremental", True, "system")


def test_once_a_week_it_is_a_full_one(toybox: CloudAccount) -> None:
    due(full_at=timezone.now())
    start_due_scans()
    assert ScanRun.objects.get().scan_type == "full"
    assert schedule().full_at > timezone.now() + 6 * DAY
    due()
    start_due_scans()
    assert ScanRun.objects.get().scan_type == "incremental"


def test_a_weekly_schedule_looks_at_everything_each_time(toybox: CloudAccount) -> None:
    changed = set_schedule(toybox, actor=SYSTEM, every="weekly")
    assert changed.next_at is not None
    assert changed.next_at > timezone.now() + 6 * DAY
    due()
    start_due_scans()
    assert ScanRun.objects.get().scan_type == "full"


def test_off_is_off(toybox: CloudAccount) -> None:
    set_schedule(toybox, actor=SYSTEM, every="off")
    assert schedule().next_at is None
    ScanRun.objects.all().delete()
    assert start_due_scans(now=timezone.now() + 30 * DAY) == 0
    with pytest.raises(InputError):
        set_schedule(toybox, actor=SYSTEM, every="hourly")


@pytest.mark.parametrize("status", ["suspended", "failed", "pending"])
def test_an_account_that_does_not_work_is_not_scanned_by_itself(toybox: CloudAccount, status: str) -> None:
    CloudAccount.objects.update(status=status)
    due()
    assert start_due_scans() == 0
    assert not ScanRun.objects.exists()
    assert schedule().next_at is not None


def test_an_account_that_is_being_scanned_is_left_alone(toybox: CloudAccount) -> None:
    due()
    requested = request_scan(toybox, actor=SYSTEM)
    assert start_due_scans() == 0
    assert ScanRun.objects.get().run_id == requested.run_id


def test_rows_that_are_missing_are_added_and_orphans_removed(
    toybox: CloudAccount, alice: User, toy_account: MakeAccount
) -> None:
    other = toy_account(alice, account_id="fedcba")
    ScanSchedule.objects.filter(account=toybox.pk).delete()
    delete_account(other, actor=SYSTEM)
    start_due_scans()
    assert schedule().account == toybox.pk


class TestManyAtOnce:
    pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # a job's items have threads

    def test_a_job_asks_for_each_and_says_which_it_could_not(
        self, alice: User, bob: User, toybox: CloudAccount, toy_account: MakeAccount, toycloud: State
    ) -> None:
        asleep = toy_account(alice, account_id="abcdeb", name="asleep")
        busy = toy_account(alice, account_id="abcdec", name="busy")
        bobs = toy_account(bob, name="bobs")
        ScanRun.objects.all().delete()
        suspend_account(asleep, actor=SYSTEM)
        request_scan(busy, actor=SYSTEM)
        actor = Actor(str(alice.pk), "alice", "page")
        job = start_bulk_action(
            "scan", scope=Scope(str(alice.pk)), actor=actor, accounts=[toybox, asleep, busy, bobs], about="all"
        )
        assert run_job(job.pk) == "finished"
        outcomes = {item.label: (item.state, item.cause) for item in JobItem.objects.all()}
        assert outcomes == {
            "toybox": ("done", ""),
            "asleep": ("skipped", "The account is suspended."),
            "busy": ("skipped", "A scan of this account was under way already."),
            "bobs": ("skipped", "This account is not there any more."),
        }
        run = ScanRun.objects.get(account=toybox.pk)
        assert (run.scan_type, run.actor["label"]) == ("incremental", "alice")
        assert not ScanRun.objects.filter(account=bobs.pk).exists()


def test_accounts_without_a_schedule_get_one_and_schedules_without_an_account_go(
    alice: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [toy_account(alice, account_id=f"abcde{letter}") for letter in "abcdefg"]
    ScanSchedule.objects.exclude(account=accounts[3].pk).delete()
    stray = ScanSchedule.objects.create(account=UUID(int=2**128 - 1), owner="1", full_at=timezone.now())
    monkeypatch.setattr("scans.runs.scheduling.BATCH", 2)
    for _ in range(4):  # two at least each time
        start_due_scans()
    assert set(ScanSchedule.objects.values_list("account", flat=True)) == {account.pk for account in accounts}
    assert stray.account not in ScanSchedule.objects.values_list("account", flat=True)
