from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding, ScanRun, ScanUnitRecord
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.conftest import Scan
from tests.toycloud.provider import CHECKS, State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def exact_log(toycloud: State) -> None:
    """The toy cloud's log is written at once."""
    toycloud.log = {}


def again(scan: Scan, toycloud: State) -> tuple[ScanRun, set[str]]:
    """An incremental scan, and where it looked."""
    toycloud.collected.clear()
    run = scan(scan_type="incremental")
    return run, {unit.label for unit in toycloud.collected}


def test_nothing_that_is_unchanged_is_looked_at_again(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    seen = Finding.objects.get().last_seen
    run, looked = again(scan, toycloud)
    assert looked == set()
    assert (run.status, run.units_done, run.units_total, run.units_unchanged) == ("completed", 3, 3, 3)
    assert (run.assets_seen, run.assets_new, run.assets_changed, run.assets_gone) == (1, 0, 0, 0)
    assert Asset.objects.get().last_run == run.run_id
    assert Finding.objects.get().last_seen > seen


def test_what_changed_is_looked_at_and_what_disappeared_is_noticed(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "green")
    scan()
    toycloud.set_assets("boxes", "left")
    run, looked = again(scan, toycloud)
    assert looked == {"boxes in left"}
    assert (run.assets_gone, Finding.objects.get().status) == (1, "resolved")


def test_other_checks_look_at_everything_once(scan: Scan, toycloud: State) -> None:
    scan()
    toycloud.checks = CHECKS[:1]
    run, looked = again(scan, toycloud)
    assert len(looked) == 3
    assert "everything was looked at" in run.notes[0]
    assert again(scan, toycloud)[1] == set()


def test_the_first_scan_of_an_account_looks_at_everything(scan: Scan, toycloud: State) -> None:
    assert len(again(scan, toycloud)[1]) == 3


def test_a_log_that_cannot_be_read_costs_nothing_but_time_and_is_told(scan: Scan, toycloud: State) -> None:
    scan()
    toycloud.log_error = ProviderError("permission_denied", "The log is locked.", "Allow log:Read.")
    run, looked = again(scan, toycloud)
    assert len(looked) == 3
    assert run.notes == [
        "The cloud's log of changes could not be read, so everything was looked at. The log is locked. Allow log:Read."
    ]
    assert run.status == "completed"


def test_what_was_a_gap_is_looked_at_again(scan: Scan, toycloud: State) -> None:
    scan()
    toycloud.broken_units["boxes", "left"] = ProviderError("throttled", "Slow down.", permanent=False)
    scan()
    toycloud.broken_units.clear()
    assert again(scan, toycloud)[1] == {"boxes in left"}


def test_a_region_that_is_new_to_the_account_is_looked_at(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    update_account(toybox, actor=SYSTEM, name="toybox", environment="dev", regions=["left"])
    scan(account=CloudAccount.objects.get())
    update_account(toybox, actor=SYSTEM, name="toybox", environment="dev", regions=["left", "right"])
    toycloud.collected.clear()
    scan(account=CloudAccount.objects.get(), scan_type="incremental")
    assert {unit.label for unit in toycloud.collected} == {"boxes in right"}


def test_it_asks_since_the_scan_that_covered_the_units_began(scan: Scan, toycloud: State) -> None:
    run = scan()
    again(scan, toycloud)
    assert run.started_at is not None
    covered_at = ScanUnitRecord.objects.earliest("looked_at").covered_at
    assert covered_at is not None
    assert run.started_at <= toycloud.since[-1] <= covered_at


def test_time_alone_can_open_a_finding_of_what_is_unchanged(scan: Scan, toycloud: State) -> None:
    """A key grows old in a unit that nobody touches, whether the scan looks there or not."""
    old = {"days": 10}

    def judge(asset: Found) -> Evaluation:
        return Evaluation(Verdict.FAIL if old["days"] > 90 else Verdict.PASS, "By its age.")

    toycloud.checks = (*CHECKS, replace(CHECKS[0], id="toy_age", evaluate=judge, time_dependent=True))
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    assert not Finding.objects.filter(check_id="toy_age").exists()
    old["days"] = 91
    run, looked = again(scan, toycloud)
    assert looked == set()
    finding = Finding.objects.get(check_id="toy_age")
    assert (finding.status, run.assets_changed) == ("open", 0)
    old["days"] = 5
    scan()
    finding.refresh_from_db()
    assert finding.status == "resolved"


def test_what_no_log_tells_is_compared_with_what_is_known(scan: Scan, toycloud: State) -> None:
    toycloud.unlogged = {("boxes", "left"), ("boxes", "right")}
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "green")
    scan()
    assert again(scan, toycloud)[1] == set()
    toycloud.set_assets("boxes", "left", "red", lid="closed")
    toycloud.set_assets("boxes", "right")
    run, looked = again(scan, toycloud)
    assert looked == {"boxes in left", "boxes in right"}
    assert (run.assets_changed, run.assets_gone) == (1, 1)
    assert again(scan, toycloud)[1] == set()  # what is gone is not held against what is there


NAMES = st.sampled_from(["red", "blue", "green"])
PROPERTIES = st.fixed_dictionaries(
    {}, optional={
        "lid": st.sampled_from(["open", "closed", "unreadable", "stuck"]),
        "label": st.sampled_from(["", "x"]),
        "sharp": st.just("yes"),
    },
)  # fmt: skip
UNITS = st.sampled_from([("toys", "global"), ("boxes", "left"), ("boxes", "right")])
CHANGE = st.tuples(UNITS, st.lists(NAMES, unique=True), PROPERTIES)
ROUND = st.tuples(
    st.lists(CHANGE, max_size=2), st.sets(UNITS, max_size=1), st.sampled_from([CHECKS, CHECKS[:2]])
)  # changes, what is broken meanwhile, the checks


def known(account: CloudAccount) -> tuple[list[Any], ...]:
    """All that is stored of an account but ids and moments."""
    assets = Asset.objects.filter(account=account.pk).values_list(
        "asset_key", "name", "properties", "fingerprint", "unit_region", "passed", "failed", "unknown", "unknowns",
    )  # fmt: skip
    findings = Finding.objects.filter(account=account.pk).values_list(
        "asset_key", "check_id", "status", "reason", "severity", "resolution", "reopened"
    )
    there = Asset.objects.filter(account=account.pk, gone_at=None).values_list("asset_key", flat=True)
    return sorted(map(repr, assets)), sorted(there), sorted(map(repr, findings))


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@given(rounds=st.lists(ROUND, min_size=1, max_size=4), unlogged=st.sets(UNITS))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_an_incremental_scan_ends_where_a_full_one_does(
    rounds: list[Any],
    unlogged: set[tuple[str, str]],
    alice: User,
    toy_account: MakeAccount,
    toycloud: State,
    scan_of: Callable[..., ScanRun],
) -> None:
    toycloud.__init__()  # type: ignore[misc]  # back to how it began
    toycloud.log = {}
    CloudAccount.objects.all().delete()
    full_account = toy_account(alice, id=uuid4(), account_id="abcdea")
    other = toy_account(alice, id=uuid4(), account_id="abcdeb")
    ScanRun.objects.all().delete()
    toycloud.unlogged = unlogged
    for changes, broken, checks in rounds:
        toycloud.checks = checks
        toycloud.broken_units = {unit: ProviderError("throttled", "Slow down.", permanent=False) for unit in broken}
        for (service, region), names, properties in changes:
            toycloud.set_assets(service, region, *names, **properties)
        scan_of(other, "full")
        scan_of(full_account, "incremental")
        assert known(full_account) == known(other)
