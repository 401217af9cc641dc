from __future__ import annotations

from datetime import timedelta

import pytest

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.errors import AccountSuspendedError, InputError
from cloudaccounts.lifecycle.state_changes import delete_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount
from scans.assets.writer import AssetWriter
from scans.models import Asset, ScanRun
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from tests.conftest import ALL_DATABASES
from tests.scans.runs.scanned import account_with_boxes, scan, scan_status  # noqa: F401 # the first is a fixture
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
PAST = timedelta(seconds=1)


def test_it_stores_what_it_finds(account: CloudAccount) -> None:
    run = scan(account)
    assert (run.status, run.units_done, run.units_total, run.assets_seen, run.assets_new) == ("completed", 3, 3, 5, 5)
    assert sorted(Asset.objects.values_list("name", flat=True)) == ["bear", "blue", "green", "red", "robot"]
    assert Asset.objects.filter(owner=account.owner, account_name="toybox", provider="toy").count() == 5


def test_a_second_scan_counts_only_what_changed(account: CloudAccount, toycloud: State) -> None:
    scan(account)
    toycloud.set_assets("boxes", "right", "green", lid="open")
    toycloud.set_assets("boxes", "left", "red", "yellow")
    run = scan(account)
    assert (run.assets_seen, run.assets_new, run.assets_changed, run.assets_gone) == (5, 1, 1, 1)
    assert Asset.objects.get(name="blue").gone_at is not None
    assert Asset.objects.get(name="green").properties == {"lid": "open"}


def test_what_comes_back_is_not_gone_any_more(account: CloudAccount, toycloud: State) -> None:
    scan(account)
    toycloud.set_assets("boxes", "right")
    scan(account)
    toycloud.set_assets("boxes", "right", "green")
    scan(account)
    assert Asset.objects.get(name="green").gone_at is None


def test_a_unit_that_fails_is_a_gap_and_its_assets_stay(account: CloudAccount, toycloud: State) -> None:
    scan(account)
    toycloud.set_assets("boxes", "left")
    toycloud.broken_units["boxes", "left"] = ProviderError("permission_denied", "Denied.", "Allow boxes:Open.")
    run = scan(account)
    assert run.status == "completed"
    assert run.gaps == [
        {
            "service": "boxes",
            "region": "left",
            "code": "permission_denied",
            "cause": "Denied.",
            "remedy": "Allow boxes:Open.",
        }
    ]
    assert Asset.objects.get(name="red").gone_at is None


def test_a_unit_that_fails_in_the_middle_does_not_lose_the_rest(account: CloudAccount, toycloud: State) -> None:
    scan(account)
    toycloud.set_assets("boxes", "left", "red")
    toycloud.broken_units["boxes", "left"] = ProviderError("throttled", "Slow down.", "", permanent=False)
    scan(account)
    assert Asset.objects.get(name="blue").gone_at is None


def test_a_scan_in_which_every_unit_fails_has_failed(account: CloudAccount, toycloud: State) -> None:
    for unit in [("toys", "global"), ("boxes", "left"), ("boxes", "right")]:
        toycloud.broken_units[unit] = ProviderError("network", "Unreachable.", "Check egress.", permanent=False)
        toycloud.assets.pop(unit)
    run = scan(account)
    assert (run.status, run.error_code, run.error_remedy) == ("failed", "network", "Check egress.")


def test_a_credential_that_works_no_more_fails_the_scan_with_the_cause(account: CloudAccount, toycloud: State) -> None:
    toycloud.good_token = "changed"
    run = scan(account)
    assert (run.status, run.error_code) == ("failed", "wrong_key")
    assert run.active_account is None


def test_one_scan_an_account_at_a_time(account: CloudAccount) -> None:
    assert request_scan(account, actor=SYSTEM).run_id == request_scan(account, actor=SYSTEM).run_id


def test_a_second_nudge_does_nothing(account: CloudAccount) -> None:
    run = scan(account)
    assert run_scan(run.run_id) == "completed"
    assert AuditEvent.objects.filter(action="scan.completed").count() == 1


def test_regions_are_those_of_the_account(account: CloudAccount) -> None:
    with pytest.raises(InputError):
        request_scan(account, actor=SYSTEM, regions=["moon"])
    assert request_scan(account, actor=SYSTEM, regions=["left"]).regions == ["left"]


def test_a_suspended_account_is_not_scanned(account: CloudAccount) -> None:
    run = request_scan(account, actor=SYSTEM)
    suspend_account(account, actor=SYSTEM)
    run.refresh_from_db()
    assert run.status == "cancelled"
    with pytest.raises(AccountSuspendedError):
        request_scan(CloudAccount.objects.get(), actor=SYSTEM)


def test_deleting_the_account_forgets_what_was_found_and_keeps_the_audit(account: CloudAccount) -> None:
    scan(account)
    delete_account(account, actor=SYSTEM)
    assert not Asset.objects.exists()
    assert not ScanRun.objects.exists()
    assert AuditEvent.objects.filter(action="account.deleted").count() == 1


def test_what_a_global_unit_found_in_a_region_is_swept_with_it(account: CloudAccount, toycloud: State) -> None:
    """As S3 does: buckets are listed at once and lie in regions of their own."""
    toycloud.assets["toys", "global"] = [Found("toy.toys.thing", "toys", "left", "toy:bucket", "bucket")]
    scan(account)
    toycloud.set_assets("toys", "global")
    run = scan(account)
    assert Asset.objects.get(name="bucket").gone_at is not None
    assert run.assets_gone == 1


def test_what_lies_in_a_region_that_was_taken_off_is_not_shown_as_there(account: CloudAccount) -> None:
    scan(account)
    update_account(account, actor=SYSTEM, name="toybox", environment="dev", regions=["left"])
    scan(account)
    assert Asset.objects.get(name="green").gone_at is not None
    assert Asset.objects.get(name="red").gone_at is None


def test_a_scan_of_some_regions_leaves_the_others_alone(account: CloudAccount) -> None:
    scan(account)
    run_scan(request_scan(account, actor=SYSTEM, regions=["left"]).run_id)
    assert Asset.objects.get(name="green").gone_at is None


def test_a_new_name_reaches_assets_and_scans(account: CloudAccount) -> None:
    run = scan(account)
    update_account(account, actor=SYSTEM, name="renamed", environment="dev", regions=["left", "right"])
    run.refresh_from_db()
    assert run.account_name == "renamed"
    assert set(Asset.objects.values_list("account_name", flat=True)) == {"renamed"}


def test_an_account_deleted_between_two_batches_leaves_nothing_behind(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = AssetWriter.write

    def delete_first(writer: AssetWriter, unit: ScanUnit, batch: list[Found]) -> None:
        delete_account(account, actor=SYSTEM)
        original(writer, unit, batch)

    monkeypatch.setattr(AssetWriter, "write", delete_first)
    assert scan_status(account) == "gone"
    assert not Asset.objects.exists()
    assert not ScanRun.objects.exists()


def test_a_scan_of_a_deleted_account_cannot_be_asked_for(account: CloudAccount) -> None:
    stale = CloudAccount.objects.get()
    delete_account(account, actor=SYSTEM)
    with pytest.raises(CloudAccount.DoesNotExist):
        request_scan(stale, actor=SYSTEM)
    assert not ScanRun.objects.exists()


def test_the_session_is_closed_in_the_end(account: CloudAccount, toycloud: State) -> None:
    scan(account)
    assert toycloud.closed == 1
