"""A second engine from the end of a scan to its findings, with a real child that stands in for Prowler."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.db import connections
from django.utils import timezone

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.lifecycle.state_changes import delete_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount
from scans.engines import runs
from scans.engines.choices import choose_for_account, choose_for_team
from scans.engines.folders import base
from scans.engines.reconcile import requeue_engine_runs
from scans.engines.runs import cancel_runs, run_engine
from scans.models import EngineFinding, EngineRun, Finding, FindingDay, ScanType
from tests.conftest import ALL_DATABASES
from tests.outages import away
from tests.scans.conftest import Scan
from tests.scans.engines.conftest import Says, result
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
RED, BLUE = "toy:boxes:left:red", "toy:boxes:left:blue"


@pytest.fixture(autouse=True)
def boxes(toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "blue", lid="closed")
    blue = list(toycloud.assets["boxes", "left"])
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.assets["boxes", "left"] += blue


def follow(scan: Scan, scan_type: str = ScanType.FULL) -> EngineRun:
    """Scans, and does the engine run that the scan asked for."""
    scan(scan_type=scan_type)
    run = EngineRun.objects.latest("requested_at")
    run_engine(run.pk)
    run.refresh_from_db()
    return run


def rows() -> list[tuple[str, str, str, str, bool]]:
    columns = ("check_id", "resource", "verdict", "relation", "is_open")
    return sorted(EngineFinding.objects.values_list(*columns))


def test_its_findings_stand_beside_ours_and_are_in_no_count(scan: Scan, says: Says, tmp_path: Path) -> None:
    says(result("box_open", "FAIL", RED), result("box_open", "PASS", BLUE), result("box_dusty", "FAIL", BLUE))
    run = follow(scan)
    assert (run.status, run.complete, run.results, run.agreed) == ("completed", True, 3, 2)
    assert rows() == [("box_dusty", BLUE, "fail", "only", True), ("box_open", RED, "fail", "both", True)]
    ours = Finding.objects.get()
    assert EngineFinding.objects.get(relation="both").asset == ours.asset
    assert FindingDay.objects.get().critical == 1
    # The credential came by the environment and a file; both are gone, and on no command line.
    seen = (tmp_path / "seen.txt").read_text()
    assert seen.startswith("toy --region left right -M json-ocsf")
    assert seen.rstrip().endswith("let-me-in the key of the toy box")
    assert list(base().iterdir()) == []


def test_a_database_that_is_away_costs_a_run_nothing_but_time(
    scan: Scan, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(result("box_open", "FAIL", RED))
    away(monkeypatch, runs, "store")
    run = follow(scan)
    assert (run.status, run.error_code, run.claim, run.nudged_at) == ("queued", "", None, None)
    assert run_engine(run.pk) == "completed"
    assert rows() == [("box_open", RED, "fail", "both", True)]


def test_the_two_differ_both_ways(scan: Scan, says: Says) -> None:
    says(result("box_open", "PASS", RED), result("box_open", "FAIL", BLUE))
    assert follow(scan).agreed == 0
    assert rows() == [("box_open", BLUE, "fail", "differs", True), ("box_open", RED, "pass", "differs", True)]
    assert dict(EngineFinding.objects.values_list("resource", "ours")) == {BLUE: "pass", RED: "fail"}


def test_what_the_next_run_does_not_report_is_resolved_and_may_come_back(scan: Scan, says: Says) -> None:
    says(result("box_dusty", "FAIL", BLUE), result("box_open", "PASS", RED))
    follow(scan)
    first = EngineFinding.objects.get(check_id="box_dusty").first_seen
    says(result("box_dusty", "PASS", BLUE), result("box_open", "FAIL", RED))
    follow(scan)
    assert rows() == [("box_dusty", BLUE, "fail", "only", False), ("box_open", RED, "fail", "both", True)]
    says(result("box_dusty", "FAIL", BLUE))
    follow(scan)
    again = EngineFinding.objects.get(check_id="box_dusty")
    assert (again.is_open, again.resolved_at, again.resolution) == (True, None, "")
    assert again.first_seen > first


def test_half_a_file_resolves_nothing(scan: Scan, says: Says) -> None:
    says(result("box_dusty", "FAIL", BLUE))
    follow(scan)
    says(text='[{"a": 1}, {"meta')
    run = follow(scan)
    assert (run.status, run.complete) == ("completed", False)
    assert rows() == [("box_dusty", BLUE, "fail", "only", True)]


def test_a_run_is_repeatable(scan: Scan, says: Says) -> None:
    says(result("box_dusty", "FAIL", BLUE), result("box_dusty", "FAIL", BLUE))
    follow(scan)
    before = EngineFinding.objects.get().pk
    follow(scan)
    assert EngineFinding.objects.get().pk == before


def test_hostile_rows_cost_themselves(scan: Scan, says: Says) -> None:
    strange = [
        result("box_open", "FAIL", RED, cloud={"account": {"uid": "strang"}}),
        result("../../etc", "FAIL", RED), result("box_open", "FAIL", RED, severity={"a": 1}), ["box_open"], 7,
    ]  # fmt: skip
    html = result("box_dusty", "FAIL", "<script>alert(1)</script>" + "x" * 9000, status_detail="\x00" * 9)
    says(*strange, html)
    run = follow(scan)
    assert (run.status, run.foreign, run.malformed) == ("completed", 1, 4)
    assert [row[0] for row in rows()] == ["box_dusty"]


@pytest.mark.parametrize("then", ["sys.exit(3)", "os.remove(folder + '/out.ocsf.json')", "os.abort()"])
def test_a_failed_run_says_so_and_changes_nothing(scan: Scan, says: Says, then: str) -> None:
    says(result("box_dusty", "FAIL", BLUE))
    follow(scan)
    says(then=then)
    run = follow(scan)
    assert (run.status, run.error_code, run.active_account) == ("failed", "engine_failed", None)
    assert rows() == [("box_dusty", BLUE, "fail", "only", True)]
    assert AuditEvent.objects.filter(action="engine.failed").count() == 1


def test_its_deadline_ends_it(scan: Scan, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_seconds", lambda credential: 2.0)
    says(result("box_dusty", "FAIL", BLUE), then="time.sleep(300)")
    run = follow(scan)
    assert (run.status, run.error_code) == ("failed", "engine_too_long")
    assert rows() == []
    assert list(base().iterdir()) == []


def test_a_temporary_credential_shortens_its_time(settings: LazySettings) -> None:
    settings.PROWLER_MINUTES = 90
    assert (runs._seconds(0), runs._seconds(3600)) == (5400.0, 3540.0)


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
@pytest.mark.parametrize("how", ["cancel", "suspend", "delete"])
def test_taking_the_run_away_ends_the_child(scan: Scan, says: Says, toybox: CloudAccount, how: str) -> None:
    says(result("box_dusty", "FAIL", BLUE), then="time.sleep(300)")
    scan()
    run = EngineRun.objects.get()

    def work() -> None:
        try:
            run_engine(run.pk)
        finally:
            connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 60
    while not any(base().glob("run-*/out.ocsf.json")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if how == "cancel":
        assert cancel_runs(toybox.pk) == 1
    elif how == "suspend":
        suspend_account(toybox, actor=SYSTEM)
    else:
        delete_account(toybox, actor=SYSTEM)
    worker.join(30)
    assert not worker.is_alive()
    assert rows() == []
    assert list(base().iterdir()) == []
    assert how == "delete" or EngineRun.objects.get().status == "cancelled"


def test_nobody_gets_it_who_did_not_ask(scan: Scan, says: Says, toybox: CloudAccount) -> None:
    choose_for_team(toybox.owner, enabled=False, actor=SYSTEM)
    scan()
    assert not EngineRun.objects.exists()
    choose_for_account(toybox, enabled=True, actor=SYSTEM)
    scan(scan_type=ScanType.INCREMENTAL)
    assert not EngineRun.objects.exists()
    scan()
    assert EngineRun.objects.count() == 1


def test_an_account_may_stay_out(scan: Scan, says: Says, toybox: CloudAccount) -> None:
    choose_for_account(toybox, enabled=False, actor=SYSTEM)
    scan()
    assert not EngineRun.objects.exists()
    choose_for_account(toybox, enabled=None, actor=SYSTEM)
    assert follow(scan).status == "completed"


def test_switched_off_while_it_waited(scan: Scan, says: Says, toybox: CloudAccount) -> None:
    scan()
    choose_for_team(toybox.owner, enabled=False, actor=SYSTEM)
    run = EngineRun.objects.get()
    assert run_engine(run.pk) == "failed"
    run.refresh_from_db()
    assert run.error_code == "engine_off"


def test_without_the_setting_nothing_happens(scan: Scan, says: Says, settings: LazySettings) -> None:
    settings.PROWLER_COMMAND = ""
    scan()
    assert not EngineRun.objects.exists()


def test_a_run_of_a_dead_worker_is_tried_once_more(scan: Scan, says: Says) -> None:
    scan()
    dead = {"status": "running", "attempts": 1, "lease_until": timezone.now() - timedelta(seconds=1)}
    EngineRun.objects.update(**dead)
    assert requeue_engine_runs() >= 1
    assert EngineRun.objects.get().status == "queued"
    EngineRun.objects.update(**dead | {"attempts": 2})
    requeue_engine_runs()
    run = EngineRun.objects.get()
    assert (run.status, run.error_code, run.active_account) == ("failed", "worker_died", None)


def test_it_follows_its_account(scan: Scan, says: Says, toybox: CloudAccount) -> None:
    says(result("box_dusty", "FAIL", BLUE))
    follow(scan)
    update_account(toybox, actor=SYSTEM, name="renamed")
    assert EngineFinding.objects.get().account_name == "renamed"
    delete_account(toybox, actor=SYSTEM)
    assert not EngineFinding.objects.exists()
    assert not EngineRun.objects.exists()


def test_a_setting_that_cannot_work_is_told_at_start(settings: LazySettings, tmp_path: Path) -> None:
    def told() -> list[str]:
        return [message.msg for message in run_checks() if message.id == "cloudaccounts.W010"]

    settings.PROWLER_COMMAND = ""
    assert told() == []
    for wrong in ("prowler", str(tmp_path / "missing"), str(tmp_path)):
        settings.PROWLER_COMMAND = wrong
        assert len(told()) == 1, wrong
    (tmp_path / "prowler").write_text("#!/bin/sh\n")
    settings.PROWLER_COMMAND = str(tmp_path / "prowler")
    assert "may not be executed" in told()[0]
    (tmp_path / "prowler").chmod(0o755)
    assert told() == []
