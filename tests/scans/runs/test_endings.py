"""How scans end: with their worker, by somebody, by a defect, and what those see who look at that moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.lifecycle.state_changes import suspend_account
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.leases import Claim
from scans.assets.writer import AssetWriter
from scans.models import Asset, ScanRun
from scans.runs import summaries
from scans.runs.execution import run_scan
from scans.runs.reconcile import requeue_scans
from scans.runs.requests import cancel_scan, request_scan
from tests.conftest import ALL_DATABASES
from tests.scans.runs.scanned import account_with_boxes, scan, scan_status  # noqa: F401 # the first is a fixture
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
PAST = timedelta(seconds=1)


def test_the_scan_of_a_dead_worker_is_tried_again_and_counts_right(account: CloudAccount) -> None:
    run = scan(account)
    ScanRun.objects.update(
        status="running", active_account=account.pk, attempts=1, lease_until=timezone.now() - PAST, finished_at=None
    )
    assert requeue_scans() > 0
    run_scan(run.run_id)
    run.refresh_from_db()
    assert (run.status, run.assets_seen, Asset.objects.count()) == ("completed", 5, 5)


def test_who_sees_that_a_scan_has_ended_sees_what_it_came_to(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a worker that dies between the two leaves a run whose next try writes both."""

    def dies(_claim: Claim, **_changes: object) -> bool:
        said = CloudAccount.objects.get(pk=account.pk)
        assert (said.last_scan["status"], said.coverage_percent, said.posture["score"]) == ("completed", 100, 100)
        raise KeyboardInterrupt

    run = request_scan(account, actor=SYSTEM)
    with monkeypatch.context() as patched:
        patched.setattr(Claim, "end", dies)
        with pytest.raises(KeyboardInterrupt):
            run_scan(run.run_id)
    ScanRun.objects.update(lease_until=timezone.now() - PAST)
    requeue_scans()
    run_scan(run.run_id)
    run.refresh_from_db()
    account.refresh_from_db()
    assert run.finished_at is not None
    told = datetime.fromisoformat(account.last_scan["finished_at"])
    assert abs(told - run.finished_at) < timedelta(milliseconds=1)  # all that MongoDB keeps of a time


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_so_does_who_sees_that_it_was_cancelled_or_given_up(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    original, said = Claim.end, []

    def end(claim: Claim, **changes: Any) -> bool:
        said.append(CloudAccount.objects.get(pk=account.pk).last_scan.get("status"))
        return original(claim, **changes)

    run = request_scan(account, actor=SYSTEM)
    monkeypatch.setattr(Claim, "end", end)
    if how == "cancelled":
        assert cancel_scan(run, actor=SYSTEM)
    else:
        ScanRun.objects.update(status="running", attempts=3, lease_until=timezone.now() - PAST)
        assert requeue_scans() == 1
    run.refresh_from_db()
    account.refresh_from_db()
    assert (run.status, said, account.last_scan["status"]) == (how, [how], how)
    assert run.finished_at is not None
    told = datetime.fromisoformat(account.last_scan["finished_at"])
    assert abs(told - run.finished_at) < timedelta(milliseconds=1)  # MongoDB keeps no more of the row's


def test_a_scan_that_ends_while_somebody_cancels_it_is_told_as_it_ended(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request_scan(account, actor=SYSTEM)
    original = summaries.summarize_run

    def late(run_id: UUID, **ending: Any) -> None:
        original(run_id, **ending)
        monkeypatch.setattr(summaries, "summarize_run", original)
        run_scan(run_id)  # its worker is quicker than whoever cancels

    monkeypatch.setattr(summaries, "summarize_run", late)
    assert not cancel_scan(run, actor=SYSTEM)
    account.refresh_from_db()
    assert account.last_scan["status"] == "completed"


def test_one_whose_worker_lives_after_all_is_not_given_up(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_scan(account, actor=SYSTEM)
    ScanRun.objects.update(status="running", attempts=3, lease_until=timezone.now() - PAST)
    original = Claim.take_over

    def renewed(lost: Any, running: Any, **changes: Any) -> Claim | None:
        ScanRun.objects.update(lease_until=timezone.now() + PAST)
        return original(lost, running, **changes)

    monkeypatch.setattr(Claim, "take_over", renewed)
    assert requeue_scans() == 0
    account.refresh_from_db()
    assert (ScanRun.objects.get().status, account.last_scan) == ("running", {})


def test_after_three_deaths_the_scan_fails_with_the_reason_and_the_account_is_free(account: CloudAccount) -> None:
    run = request_scan(account, actor=SYSTEM)
    ScanRun.objects.update(status="running", attempts=3, lease_until=timezone.now() - PAST)
    requeue_scans()
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "worker_died")
    assert request_scan(account, actor=SYSTEM).run_id != run.run_id


def test_a_lost_message_is_sent_again(account: CloudAccount) -> None:
    request_scan(account, actor=SYSTEM)
    assert requeue_scans() == 0
    ScanRun.objects.update(nudged_at=timezone.now() - timedelta(minutes=1))
    assert requeue_scans() == 1


@pytest.mark.parametrize("times", [1, 9])
def test_a_database_that_is_away_costs_a_scan_nothing_but_time(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """SQLite's lock may be held for longer than anybody waits, a server may be restarted."""
    original, left = AssetWriter.write, [None] * times

    def away(writer: AssetWriter, unit: ScanUnit, batch: list[Found]) -> None:
        if left:
            left.pop()
            raise OperationalError("database is locked")
        original(writer, unit, batch)

    monkeypatch.setattr(AssetWriter, "write", away)
    run = request_scan(account, actor=SYSTEM)
    assert run_scan(run.run_id) == "queued"
    statuses = [run_scan(run.run_id), run_scan(run.run_id)]
    run.refresh_from_db()
    if times == 1:
        assert (statuses, run.assets_seen) == (["completed", "completed"], 5)
    else:  # as long as it does not come back for the last try either
        assert statuses == ["queued", "failed"]
        assert run.error_code == "database_unavailable"
        assert run.active_account is None


def test_a_defect_of_ours_ends_the_scan_with_a_message(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(AssetWriter, "mark_gone", break_down)
    run = scan(account)
    assert (run.status, run.error_code) == ("failed", "internal_error")
    assert "scan.defect" in caplog.text


def test_suspending_again_finishes_what_a_kill_interrupted(account: CloudAccount) -> None:
    run = request_scan(account, actor=SYSTEM)
    CloudAccount.objects.update(status="suspended")  # killed right after this write
    suspend_account(CloudAccount.objects.get(), actor=SYSTEM)
    run.refresh_from_db()
    assert run.status == "cancelled"


class TestWhileItRuns:
    pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)

    @pytest.fixture
    def running(self, account: CloudAccount, toycloud: State) -> Iterator[ScanRun]:
        toycloud.gate = threading.Event()
        run = request_scan(account, actor=SYSTEM)

        def work() -> None:
            try:
                run_scan(run.run_id)
            finally:
                connections.close_all()

        worker = threading.Thread(target=work)
        worker.start()
        for _ in range(100):
            if ScanRun.objects.get().units_total:
                break
            threading.Event().wait(0.05)
        yield run
        toycloud.gate.set()
        worker.join(10)

    def test_cancelling_stops_it_and_nothing_more_is_written(self, running: ScanRun, toycloud: State) -> None:
        assert cancel_scan(running, actor=SYSTEM)
        assert toycloud.gate is not None
        threading.Event().wait(0.6)  # longer than the pause between two looks at the claim
        toycloud.gate.set()
        threading.Event().wait(0.5)
        running.refresh_from_db()
        assert running.status == "cancelled"
        assert not Asset.objects.exists()

    def test_a_worker_that_was_thought_dead_writes_nothing_over_its_successor(
        self, running: ScanRun, toycloud: State
    ) -> None:
        ScanRun.objects.update(attempts=2, claim=uuid4())
        assert toycloud.gate is not None
        threading.Event().wait(0.6)
        toycloud.gate.set()
        threading.Event().wait(0.5)
        running.refresh_from_db()
        assert (running.status, running.attempts, running.finished_at) == ("running", 2, None)
