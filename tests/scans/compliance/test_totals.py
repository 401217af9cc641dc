"""What a scan leaves for compliance, and how the toy benchmark stands after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import CloudAccount
from scans.account_sync import sync_account
from scans.compliance.account_totals import renew_account_totals
from scans.compliance.catalogue import frameworks
from scans.compliance.coverage import coverage_of
from scans.compliance.queries import Report, report_on, reports_on
from scans.compliance.scope import accounts_in_scope
from scans.findings.suppression import suppress_findings
from scans.models import AccountTotals, CheckTotal, ComplianceDay, Finding, ScanRun, ScanSchedule
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import CHECKS, State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework")]
Scan = Callable[..., ScanRun]
OUT_OF_REACH = ProviderError("denied", "The box is locked.", "Unlock it.")


@pytest.fixture(autouse=True)
def _boxes(toycloud: State) -> None:
    """Both regions are enabled, and each has boxes."""
    toycloud.set_assets("boxes", "left", "red", "blue", label="mine")
    toycloud.set_assets("boxes", "right", "green")
    toycloud.set_assets("toys", "global", "bear")


def report(account: CloudAccount, *, of: UUID | None = None) -> Report:
    return report_on(frameworks()["toy_1.0"], accounts_in_scope(Scope(account.owner), account=of))


def states(account: CloudAccount) -> dict[str, str]:
    return {result.control.id: result.state.value for result in report(account).results}


def numbers(check: str) -> dict[str, Any]:
    row = CheckTotal.objects.get(check_id=check)
    return {name: getattr(row, name) for name in ("passed", "failed", "unknown", "inapplicable", "unread")}


def test_a_scan_counts_each_check(toybox: CloudAccount, toycloud: State, scan: Scan) -> None:
    toycloud.assets["boxes", "left"] += []
    toycloud.set_assets("boxes", "right", "green", lid="open")
    scan()
    assert numbers("toy_box_closed") == {"passed": 2, "failed": 1, "unknown": 0, "inapplicable": 0, "unread": 0}
    assert numbers("toy_box_labelled") == {"passed": 2, "failed": 0, "unknown": 0, "inapplicable": 1, "unread": 0}
    assert numbers("toy_blunt") == {"passed": 1, "failed": 0, "unknown": 0, "inapplicable": 0, "unread": 0}


def test_a_second_scan_writes_the_same_rows_and_drops_retired_checks(toycloud: State, scan: Scan) -> None:
    scan()
    before = set(CheckTotal.objects.values_list("pk", flat=True))
    toycloud.checks = CHECKS[:2]
    toycloud.set_assets("boxes", "left", "red", lid="unreadable")
    scan()
    assert set(CheckTotal.objects.values_list("check_id", flat=True)) == {"toy_box_closed", "toy_box_labelled"}
    assert set(CheckTotal.objects.values_list("pk", flat=True)) < before
    assert numbers("toy_box_closed") == {"passed": 1, "failed": 0, "unknown": 1, "inapplicable": 0, "unread": 0}


def test_everything_read_and_right_is_passed(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    assert states(toybox) == {"1.1": "passed", "1.2": "passed", "1.3": "manual", "2.1": "passed", "2.2": "not_covered"}


def test_before_its_first_scan_an_account_is_unknown(toybox: CloudAccount) -> None:
    assert {states(toybox)[control] for control in ("1.1", "1.2", "2.1")} == {"unknown"}


def test_a_reading_that_fails_makes_its_controls_unknown(toybox: CloudAccount, toycloud: State, scan: Scan) -> None:
    scan()
    toycloud.broken_units["boxes", "right"] = OUT_OF_REACH
    scan()
    assert states(toybox) | {} == {
        "1.1": "unknown", "1.2": "unknown", "1.3": "manual", "2.1": "passed", "2.2": "not_covered",
    }  # fmt: skip
    [row] = coverage_of(accounts_in_scope(Scope(toybox.owner)))
    assert row.sentences == ["Not read: boxes in right.", "1 enabled region is not read: right."]


def test_a_scan_that_reads_nothing_leaves_no_pass(toybox: CloudAccount, toycloud: State, scan: Scan) -> None:
    scan()
    units = (("toys", "global"), ("boxes", "left"), ("boxes", "right"))
    toycloud.broken_units |= dict.fromkeys(units, OUT_OF_REACH)
    assert scan().status == "failed"
    assert {states(toybox)[control] for control in ("1.1", "1.2", "2.1")} == {"unknown"}


def test_what_is_not_there_is_passed_only_where_it_was_looked_for(
    toybox: CloudAccount, toycloud: State, scan: Scan
) -> None:
    toycloud.set_assets("toys", "global")
    scan()
    [result] = [result for result in report(toybox).results if result.control.id == "2.1"]
    assert (result.state, result.reason) == ("passed", "Nothing is there that it is about.")
    toycloud.broken_units["toys", "global"] = OUT_OF_REACH
    scan()
    assert states(toybox)["2.1"] == "unknown"


def test_a_scan_of_one_region_takes_nothing_from_the_others(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    from scans.runs.execution import run_scan
    from scans.runs.requests import request_scan

    run_scan(request_scan(toybox, actor=SYSTEM, regions=("left",)).run_id)
    assert states(toybox)["1.1"] == "passed"


def test_a_region_that_is_enabled_and_not_scanned_concerns_what_says_all_regions(
    toybox: CloudAccount, toycloud: State, scan: Scan
) -> None:
    toycloud.enabled.append("attic")
    scan()
    assert (states(toybox)["1.1"], states(toybox)["1.2"]) == ("passed", "unknown")
    [row] = coverage_of(accounts_in_scope(Scope(toybox.owner)))
    assert row.sentences == ["1 enabled region is not read: attic."]


def test_a_suppressed_failure_is_muted_at_once_and_fails_again_when_taken_back(
    toybox: CloudAccount, toycloud: State, scan: Scan
) -> None:
    toycloud.set_assets("boxes", "right", "green", lid="open")
    scan()
    assert states(toybox)["1.1"] == "failed"
    suppress_findings(Scope(toybox.owner), Finding.objects.values_list("pk", flat=True), actor=SYSTEM, reason="Known.")
    assert states(toybox)["1.1"] == "muted"
    [result] = [result for result in report(toybox).results if result.control.id == "1.1"]
    assert (result.failed, result.muted) == (0, 1)


def test_a_check_that_is_new_since_the_last_scan_is_unknown(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    CheckTotal.objects.filter(check_id="toy_blunt").delete()
    renew_account_totals(toybox.pk, toybox.owner, toybox.provider)
    assert states(toybox)["2.1"] == "unknown"


def test_what_was_read_too_long_ago_is_unknown(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    CheckTotal.objects.filter(check_id="toy_blunt").update(read_at=timezone.now() - timedelta(days=2, minutes=1))
    renew_account_totals(toybox.pk, toybox.owner, toybox.provider)
    assert (states(toybox)["1.1"], states(toybox)["2.1"]) == ("passed", "unknown")
    ScanSchedule.objects.update_or_create(
        account=toybox.pk, defaults={"owner": toybox.owner, "every": "weekly", "full_at": timezone.now()}
    )
    assert states(toybox)["2.1"] == "passed"


def test_old_readings_and_denied_permissions_are_told(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    gap = {"kind": "permission", "what": "boxes.open", "why": "Denied.", "blinds": "Boxes.", "since": "2026-11-01"}
    toybox.refresh_from_db()
    units = {"total": 3, "read": 3, "stale": 2}
    CloudAccount.objects.filter(pk=toybox.pk).update(coverage={**toybox.coverage, "units": units}, coverage_gaps=[gap])
    [row] = coverage_of(accounts_in_scope(Scope(toybox.owner)))
    assert row.sentences == ["2 readings are older than twice the schedule.", "1 permission is denied: boxes.open."]
    assert not row.complete


def test_a_region_that_is_not_enabled_hides_nothing(toybox: CloudAccount, toycloud: State, scan: Scan) -> None:
    toycloud.set_assets("boxes", "right")
    toycloud.enabled.remove("right")
    toycloud.broken_units["boxes", "right"] = ProviderError("region_not_enabled", "It is not enabled.", "Enable it.")
    scan()
    assert states(toybox)["1.1"] == "passed"


def test_each_account_counts_in_a_group_and_alone(
    toybox: CloudAccount, toycloud: State, scan: Scan, alice: User, toy_account: Callable[..., CloudAccount]
) -> None:
    scan()
    second = toy_account(alice, account_id="ghijkl", name="attic")
    assert (states(toybox)["1.1"], report(toybox).accounts) == ("unknown", 2)
    alone = report(toybox, of=toybox.pk)
    assert ({result.state.value for result in alone.results if result.control.rules}, alone.accounts) == ({"passed"}, 1)
    assert report(toybox, of=second.pk).totals["unknown"] == 3


def test_somebody_elses_accounts_hold_nothing(toybox: CloudAccount, scan: Scan, bob: User) -> None:
    scan()
    assert accounts_in_scope(Scope(str(bob.pk)), account=toybox.pk).accounts == ()


def test_the_course_has_a_row_a_day_and_framework(toybox: CloudAccount, toycloud: State, scan: Scan) -> None:
    scan()
    toycloud.set_assets("boxes", "right", "green", lid="open")
    scan()
    row = ComplianceDay.objects.get()
    assert (row.framework, row.passed, row.failed, row.unknown, row.muted) == ("toy_1.0", 2, 1, 0, 0)


def test_totals_follow_their_account(toybox: CloudAccount, scan: Scan) -> None:
    scan()
    toybox.owner = "77"
    toybox.save(update_fields=["owner"])
    sync_account(toybox)
    assert {*CheckTotal.objects.values_list("owner", flat=True)} == {"77"}
    assert {*AccountTotals.objects.values_list("owner", flat=True)} == {"77"}
    assert {*ComplianceDay.objects.values_list("owner", flat=True)} == {"77"}
    delete_account(toybox, actor=SYSTEM)
    assert not CheckTotal.objects.exists()
    assert not AccountTotals.objects.exists()
    assert not ComplianceDay.objects.exists()


def test_a_report_takes_as_many_queries_for_ten_accounts_as_for_one(
    toybox: CloudAccount,
    scan: Scan,
    alice: User,
    toy_account: Callable[..., CloudAccount],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    scan()

    def read() -> None:
        scope = accounts_in_scope(Scope(toybox.owner))
        reports_on(frameworks().values(), scope)
        coverage_of(scope)

    with django_assert_num_queries(9, using="cloud_security"):
        read()
    for number in range(9):
        toy_account(alice, account_id=f"aaaaa{'bcdefghij'[number]}", name=f"box {number}")
    with django_assert_num_queries(9, using="cloud_security"):
        read()
