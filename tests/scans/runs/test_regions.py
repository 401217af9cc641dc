"""Scans of all regions, and what a list of regions leaves out."""

from __future__ import annotations

import pytest

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount
from scans.models import Asset, ScanRun, ScanUnitRecord
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from tests.conftest import ALL_DATABASES
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def everywhere(toybox: CloudAccount) -> CloudAccount:
    """As the wizard makes it: all regions, of which nobody has said yet which they are."""
    CloudAccount.objects.filter(pk=toybox.pk).update(all_regions=True, regions=[])
    toybox.refresh_from_db()
    return toybox


def read_in(run: ScanRun) -> set[str]:
    return {record.region for record in ScanUnitRecord.objects.filter(account=run.account)} - {"global"}


def test_all_regions_are_those_that_are_enabled_when_the_scan_starts(
    everywhere: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.enabled = ["right"]
    run = scan(account=everywhere)
    everywhere.refresh_from_db()
    assert (run.status, run.regions, run.all_regions) == ("completed", ["right"], True)
    assert (everywhere.regions, everywhere.enabled_regions) == (["right"], ["right"])
    assert everywhere.coverage_percent == 100


def test_a_new_region_joins_by_the_next_scan(everywhere: CloudAccount, scan: Scan, toycloud: State) -> None:
    toycloud.enabled = ["right"]
    toycloud.set_assets("boxes", "left", "red")
    scan(account=everywhere)
    assert not Asset.objects.filter(name="red").exists()
    toycloud.enabled = ["left", "right"]
    run = scan(account=everywhere)
    assert read_in(run) == {"left", "right"}
    assert Asset.objects.filter(name="red", gone_at=None).exists()


def test_a_region_that_is_switched_off_leaves_with_its_readings(
    everywhere: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red")
    scan(account=everywhere)
    toycloud.enabled = ["right"]
    run = scan(account=everywhere)
    assert read_in(run) == {"right"}
    assert Asset.objects.get(name="red").gone_at is not None
    everywhere.refresh_from_db()
    assert everywhere.coverage_percent == 100


def test_a_region_that_this_version_does_not_know_is_a_gap(
    everywhere: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.enabled = ["left", "right", "attic"]
    run = scan(account=everywhere)
    everywhere.refresh_from_db()
    assert run.regions == ["left", "right"]
    assert [(gap["kind"], gap["what"]) for gap in everywhere.coverage_gaps] == [("region", "attic")]
    assert everywhere.coverage_percent == 66


def test_where_the_cloud_does_not_tell_what_was_known_is_read_and_said(
    everywhere: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red")
    scan(account=everywhere)
    toycloud.region_error = ProviderError("permission_denied", "Regions are a secret.", "Allow toy:Regions.")
    run = scan(account=everywhere)
    everywhere.refresh_from_db()
    assert (run.status, run.regions) == ("completed", ["left", "right"])
    assert "Regions are a secret." in run.notes[0]
    assert everywhere.enabled_regions is None
    assert everywhere.coverage_percent is None  # not known, and so neither 0 nor 100
    assert [gap["what"] for gap in everywhere.coverage_gaps] == ["Enabled regions"]


def test_a_list_keeps_to_its_regions_and_the_others_are_gaps(toybox: CloudAccount, scan: Scan) -> None:
    update_account(toybox, actor=SYSTEM, name="toybox", environment="production", regions=["left"])
    run = scan()
    toybox.refresh_from_db()
    assert (read_in(run), run.all_regions) == ({"left"}, False)
    assert [(gap["kind"], gap["what"]) for gap in toybox.coverage_gaps] == [("region", "right")]
    assert toybox.coverage["regions"] == {"enabled": 2, "read": 1}
    assert toybox.coverage_percent == 50


def test_a_scan_of_one_region_leaves_what_is_known_of_the_others(
    everywhere: CloudAccount, scan: Scan, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red")
    scan(account=everywhere)
    everywhere.refresh_from_db()
    run = request_scan(everywhere, actor=SYSTEM, regions=["right"])
    assert not run.all_regions
    run_scan(run.run_id)
    everywhere.refresh_from_db()
    assert Asset.objects.get(name="red").gone_at is None
    assert (everywhere.regions, everywhere.coverage_percent) == (["left", "right"], 100)


def test_an_account_of_all_regions_may_be_scanned_in_any(everywhere: CloudAccount) -> None:
    with pytest.raises(InputError):
        request_scan(everywhere, actor=SYSTEM, regions=["moon"])
    assert request_scan(everywhere, actor=SYSTEM, regions=["left"]).regions == ["left"]


def test_changing_the_list_changes_the_gaps_at_once(toybox: CloudAccount, scan: Scan) -> None:
    update_account(toybox, actor=SYSTEM, name="toybox", environment="production", regions=["left"])
    scan()
    update_account(toybox, actor=SYSTEM, name="toybox", environment="production", all_regions=True)
    toybox.refresh_from_db()
    assert (toybox.all_regions, toybox.regions) == (True, ["left", "right"])
    assert "None of its readings" in toybox.coverage_gaps[0]["why"]  # chosen now, and not read yet
