"""What an account's row says of its scans."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import CloudAccount, Notice
from scans.findings.suppression import end_suppressions, suppress_findings, unsuppress_findings
from scans.models import Finding, FindingDay, ScanRun, ScanUnitRecord
from scans.runs.requests import cancel_scan, request_scan
from scans.runs.scheduling import set_schedule
from scans.runs.summaries import account_posture, renew_due_coverage
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.toycloud import provider as toy
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
DENIED = ProviderError("permission_denied", "Denied.", "Allow boxes:Open.")


def fresh(account: CloudAccount) -> CloudAccount:
    return CloudAccount.objects.get(pk=account.pk)


def notices() -> list[str]:
    rows = Notice.objects.filter(kind__startswith="coverage").order_by("created_at", "key")
    return [row.kind for row in rows]


def test_a_scan_leaves_its_outcome_on_the_account(toybox: CloudAccount, scan: Scan) -> None:
    run = scan()
    row = fresh(toybox)
    assert row.last_scan["run_id"] == str(run.pk)
    assert (row.last_scan["status"], row.last_scan["gaps"]) == ("completed", 0)
    assert row.coverage["units"] == {"total": 3, "read": 3, "stale": 0}
    assert row.coverage_percent == 100


def test_a_failed_reading_lowers_coverage_and_the_status_stays(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    scan()
    toycloud.broken_units["boxes", "left"] = DENIED
    scan()
    row = fresh(toybox)
    assert (row.status, row.coverage["units"]) == ("active", {"total": 3, "read": 2, "stale": 0})
    assert {(gap["kind"], gap["what"]) for gap in row.coverage_gaps} == {("unit", "boxes in left"), ("region", "left")}
    assert row.coverage_percent == 33  # 1 of 2 regions, 2 of 3 readings
    assert row.last_scan["gaps"] == 1


def test_a_gap_keeps_since_when_it_is_one(toybox: CloudAccount, scan: Scan, toycloud: State) -> None:
    scan()
    toycloud.broken_units["boxes", "left"] = DENIED
    scan()
    first = ScanUnitRecord.objects.get(region="left")
    assert first.gap_since is not None
    assert first.covered_at is not None  # when it was read last is not forgotten
    scan()
    assert ScanUnitRecord.objects.get(region="left").gap_since == first.gap_since
    toycloud.broken_units.clear()
    scan()
    mended = ScanUnitRecord.objects.get(region="left")
    assert (mended.gap_since, mended.gap_code) == (None, "")


def test_a_reading_that_never_succeeded_is_part_of_the_total(toybox: CloudAccount, scan: Scan, toycloud: State) -> None:
    toycloud.broken_units["boxes", "left"] = DENIED
    scan()
    assert fresh(toybox).coverage["units"] == {"total": 3, "read": 2, "stale": 0}


def test_losing_coverage_is_a_notice_and_so_is_its_return(toybox: CloudAccount, scan: Scan, toycloud: State) -> None:
    scan()
    assert notices() == []
    toycloud.broken_units["boxes", "left"] = DENIED
    scan()
    assert notices() == ["coverage.lost"]
    notice = Notice.objects.get(kind="coverage.lost")
    assert "boxes in left" in notice.text
    assert "Coverage is 33%" in notice.text
    scan()
    assert notices() == ["coverage.lost"]  # still lost: said once
    toycloud.broken_units.clear()
    scan()
    assert notices() == ["coverage.lost", "coverage.back"]
    scan()
    assert notices() == ["coverage.lost", "coverage.back"]


def test_gaps_from_the_first_scan_on_are_no_loss(toybox: CloudAccount, scan: Scan, toycloud: State) -> None:
    toycloud.broken_units["boxes", "left"] = DENIED
    scan()
    scan()
    toycloud.broken_units.clear()
    scan()
    assert notices() == []
    assert fresh(toybox).coverage_percent == 100


def test_a_region_that_is_enabled_later_and_not_chosen_is_a_loss(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.enabled = ["left"]
    update_account(toybox, actor=SYSTEM, name="toybox", environment="production", regions=["left"])
    scan()
    toycloud.enabled = ["left", "right"]
    scan()
    assert notices() == ["coverage.lost"]
    assert fresh(toybox).coverage_percent == 50


def test_a_scan_in_which_nothing_could_be_read_leaves_nothing_covered(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    scan()
    for unit in (("toys", "global"), ("boxes", "left"), ("boxes", "right")):
        toycloud.broken_units[unit] = DENIED
    assert scan().status == "failed"
    row = fresh(toybox)
    assert (row.coverage_percent, row.last_scan["status"]) == (0, "failed")


def test_a_cancelled_scan_is_the_last_one_all_the_same(toybox: CloudAccount) -> None:
    run = request_scan(toybox, actor=SYSTEM)
    cancel_scan(run, actor=SYSTEM)
    assert fresh(toybox).last_scan["status"] == "cancelled"
    assert fresh(toybox).posture == {}


def test_readings_become_stale_after_twice_the_schedule(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    due_at = fresh(toybox).coverage_due_at
    assert due_at is not None
    assert timedelta(days=1, hours=23) < due_at - timezone.now() <= timedelta(days=2)
    assert renew_due_coverage() == 0
    assert renew_due_coverage(now=due_at + timedelta(seconds=1)) == 1
    row = fresh(toybox)
    assert (row.coverage["units"]["stale"], row.coverage_percent) == (3, 0)
    assert [gap["what"] for gap in row.coverage_gaps] == ["Stale readings"]
    assert notices() == ["coverage.lost"]
    assert renew_due_coverage(now=due_at + timedelta(days=1)) == 0  # nothing more becomes stale
    scan()
    assert fresh(toybox).coverage_percent == 100


def test_another_schedule_moves_when_they_become_stale(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    set_schedule(toybox, actor=SYSTEM, every="weekly")
    due_at = fresh(toybox).coverage_due_at
    assert due_at is not None
    assert due_at - timezone.now() > timedelta(days=13)


def test_the_score_weighs_what_passed_among_what_was_evaluated(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    # Boxes are critical (10) when open and low (1) when labelled badly; toys are high (5) when sharp.
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "blue", label="yes")
    toycloud.set_assets("toys", "global", "bear", sharp="")
    scan()
    # passed: blue 10 + 1, bear 5; failed: red 10
    assert fresh(toybox).posture == {"critical": 1, "high": 0, "medium": 0, "low": 0, "score": 61}


def test_what_is_unknown_counts_neither_way(toybox: CloudAccount, scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="unreadable")
    scan()
    assert fresh(toybox).posture["score"] is None


def test_an_account_without_assets_has_no_score(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    posture = account_posture(toybox.pk)
    assert posture["score"] is None
    assert not any(value for name, value in posture.items() if name != "score")


def test_a_check_of_all_regions_has_no_result_in_those_that_are_not_read(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.checks = tuple(replace(check, every_region=check.id == "toy_box_closed") for check in toy.CHECKS)
    update_account(toybox, actor=SYSTEM, name="toybox", environment="production", regions=["left"])
    toycloud.set_assets("boxes", "left", "red")
    run = scan()
    (line,) = [line for line in run.unknowns if line["check"] == "toy_box_closed"]
    assert (line["count"], "right" in line["why"]) == (1, True)
    assert run.verdicts["unknown"] == 1
    update_account(toybox, actor=SYSTEM, name="toybox", environment="production", all_regions=True)
    assert scan().unknowns == []


def test_a_deleted_account_is_left_alone(toybox: CloudAccount, scan: Scan) -> None:
    run = scan()
    CloudAccount.objects.filter(pk=toybox.pk).delete()
    assert ScanRun.objects.filter(pk=run.pk).exists()
    assert renew_due_coverage(now=timezone.now() + timedelta(days=30)) == 0


def test_suppressing_a_finding_takes_it_off_the_account_s_posture(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    assert fresh(toybox).posture["critical"] == 1
    finding = Finding.objects.get()
    suppress_findings(Scope(toybox.owner), [finding.pk], actor=SYSTEM, reason="A glass box.")
    posture = fresh(toybox).posture
    assert (posture["critical"], posture["score"]) == (0, 0)  # it failed all the same
    unsuppress_findings(Scope(toybox.owner), [finding.pk], actor=SYSTEM)
    assert fresh(toybox).posture["critical"] == 1
    tomorrow = timezone.now() + timedelta(days=1)
    suppress_findings(Scope(toybox.owner), [finding.pk], actor=SYSTEM, reason="For a day.", until=tomorrow)
    assert end_suppressions(now=timezone.now() + timedelta(days=2)) == 1
    assert fresh(toybox).posture["critical"] == 1


def test_a_completed_scan_writes_the_columns_that_lists_sort_by_and_the_days_coverage(
    toybox: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "blue", label="yes")
    run = scan()
    toybox.refresh_from_db()
    assert toybox.score == toybox.posture["score"]
    assert toybox.score == 100 * toybox.passed_weight // (toybox.passed_weight + toybox.failed_weight)
    assert toybox.open_critical == toybox.posture["critical"]
    assert toybox.scanned_at == run.finished_at
    day = FindingDay.objects.get()
    assert (day.accounts, day.covered) == (1, toybox.coverage_percent or 0)
    assert (day.passed_weight, day.failed_weight) == (toybox.passed_weight, toybox.failed_weight)
