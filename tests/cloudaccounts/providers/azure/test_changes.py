"""Incremental scans: what the Activity Log tells, what it does not, and what that saves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.providers.azure.inventory import AzureSession, changes, open_session
from sandbox.rig import Rig
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud

PLACE = "payments-prod"
ALWAYS = {ScanUnit("authorization", "global"), ScanUnit("directory", "global")}
MONITORING = ScanUnit("monitoring", "global")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Clouds of this file's own: apps that other files' tests made are role assignments, which take calls to read."""
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture
def session(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureSession]:
    """What other tests wrote a moment ago lies within the log's delay: here it has none."""
    monkeypatch.setattr(changes, "LATE", timedelta(0))
    opened = open_session(cloud.app(PLACE), cloud.target(PLACE))
    yield opened
    opened.close()


def now() -> datetime:
    """The log's filter knows whole seconds: a moment that all earlier writes are before."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def changed(session: AzureSession, since: datetime) -> set[ScanUnit]:
    units = session.units(REGIONS)
    return set(units) - session.unchanged(units, since)


def test_where_nothing_was_written_only_access_is_looked_at_again(session: AzureSession) -> None:
    since = now()
    wait_until(since)
    assert changed(session, since) == ALWAYS


def test_a_write_tells_on_its_service_in_all_regions(cloud: Cloud, session: AzureSession) -> None:
    since = now()
    wait_until(since)
    cloud.control.set_resource(cloud.places[PLACE], "storageAccounts/larkfieldreceipts", tags="x")
    regions = ("global", *REGIONS)
    assert changed(session, since) == {*ALWAYS, MONITORING, *(ScanUnit("storage", region) for region in regions)}
    assert changed(session, since) >= ALWAYS


def test_a_deletion_and_a_creation_tell_as_well(cloud: Cloud, session: AzureSession) -> None:
    since = now()
    wait_until(since)
    place = cloud.places["legacy-reporting"]
    cloud.control.seed_resources(place, 1)
    cloud.control.delete_resource(place, "networkInterfaces/seeded-00000")
    other = open_session(cloud.app("legacy-reporting"), cloud.target("legacy-reporting"))
    try:
        assert {unit.service for unit in changed(other, since)} == {
            "authorization",
            "directory",
            "monitoring",
            "network",
        }
    finally:
        other.close()
    assert changed(session, since) == ALWAYS


def test_late_events_are_read_again_by_the_next_scan(
    cloud: Cloud, session: AzureSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event of ten minutes ago may have been invisible to the scan of that time."""
    since = now()
    wait_until(since)
    vault = f"/subscriptions/{cloud.places[PLACE]}/resourceGroups/x/providers/Microsoft.KeyVault/vaults/late"
    cloud.control.put_event(cloud.places[PLACE], "Microsoft.KeyVault/vaults/write", vault, minutes_ago=10)
    assert changed(session, since) == ALWAYS
    monkeypatch.setattr(changes, "LATE", timedelta(minutes=20))
    assert {"keyvault"} <= {unit.service for unit in changed(session, since)}


def test_every_page_of_the_log_is_read(cloud: Cloud, session: AzureSession) -> None:
    since = now()
    wait_until(since)
    place = cloud.places[PLACE]
    site = f"/subscriptions/{place}/resourceGroups/payments/providers/Microsoft.Web/sites/larkfield-checkout"
    cloud.control.put_event(place, "Microsoft.Web/sites/config/write", f"{site}/config/web")
    for number in range(45):
        cloud.control.put_event(place, "Microsoft.Sql/servers/write", f"{site}{number}", status="Failed")
    assert {unit.service for unit in changed(session, since)} == {"authorization", "directory", "monitoring", "web"}
    assert len(cloud.calls("Microsoft.Insights/eventtypes/values/read")) == 3


def test_a_log_that_may_not_be_read_is_an_error(cloud: Cloud) -> None:
    credentials = cloud.app(PLACE, actions=["*/read"], not_actions=["Microsoft.Insights/eventtypes/*"])
    session = open_session(credentials, cloud.target(PLACE))
    with pytest.raises(ProviderError, match="eventtypes/values/read") as error:
        session.unchanged(session.units(REGIONS), datetime.now(UTC) - timedelta(hours=1))
    session.close()
    assert error.value.code == "permission_denied"


@pytest.mark.parametrize("ago", [timedelta(days=90), timedelta(days=-1)])
def test_what_the_log_does_not_cover_is_not_answered(cloud: Cloud, session: AzureSession, ago: timedelta) -> None:
    cloud.control.clear_journal()
    assert session.unchanged(session.units(REGIONS), datetime.now(UTC) - ago) == frozenset()
    assert cloud.calls("Microsoft.Insights/eventtypes/values/read") == []


def test_the_result_equals_a_full_scans_at_a_fraction_of_its_calls(cloud: Cloud, session: AzureSession) -> None:
    """The subscription of the demo: a full scan, then one in which nothing had changed."""
    units = session.units(REGIONS)
    cloud.control.clear_journal()
    full = _by_id(session, units)
    calls = len(cloud.control.calls("azure"))
    since = now()
    wait_until(since)
    again = open_session(cloud.app(PLACE), cloud.target(PLACE))
    wait_until(since := now())
    cloud.control.clear_journal()
    skipped = again.unchanged(units, since)
    part = _by_id(again, [unit for unit in units if unit not in skipped])
    fewer = len(cloud.control.calls("azure"))
    again.close()
    kept = {key: asset for key, asset in full.items() if ScanUnit(asset.service, asset.region) in skipped}
    assert {k: v.fingerprint() for k, v in (kept | part).items() if "roleassignments" not in k} == {
        k: v.fingerprint() for k, v in full.items() if "roleassignments" not in k
    }
    assert fewer <= 0.2 * calls, f"{fewer} of {calls} calls"


def _by_id(session: AzureSession, units: Any) -> dict[str, Asset]:
    return {asset.native_id: asset for unit in units for asset in session.collect(unit)}


BASE = "/subscriptions/s/resourceGroups/g/providers"


@pytest.mark.parametrize(
    ("operation", "resource", "services"),
    [
        ("Microsoft.Storage/storageAccounts/write", f"{BASE}/Microsoft.Storage/storageAccounts/x", {"storage"}),
        ("Microsoft.Storage/storageAccounts/listKeys/action", f"{BASE}/Microsoft.Storage/storageAccounts/x",
         {"storage"}),
        ("Microsoft.Compute/virtualMachines/read", f"{BASE}/Microsoft.Compute/virtualMachines/x", set()),
        ("Microsoft.Insights/diagnosticSettings/write",
         f"{BASE}/Microsoft.KeyVault/vaults/v/providers/microsoft.insights/diagnosticSettings/a",
         {"keyvault", "monitoring", "resources"}),
        ("Microsoft.Insights/activityLogAlerts/delete", f"{BASE}/microsoft.insights/activityLogAlerts/x",
         {"monitoring", "resources"}),
        ("Microsoft.Security/pricings/write", "/subscriptions/s/providers/Microsoft.Security/pricings/Arm",
         {"monitoring", "resources"}),
        ("Microsoft.Resources/tags/write", f"{BASE}/Microsoft.Sql/servers/x/providers/Microsoft.Resources/tags/default",
         {"databases"}),
        ("Microsoft.Resources/tags/write", "/subscriptions/s/providers/Microsoft.Resources/tags/default",
         {"resources"}),
        ("Microsoft.Resources/subscriptions/resourceGroups/write", "/subscriptions/s/resourceGroups/g", {"resources"}),
        ("Microsoft.Resources/subscriptions/resourceGroups/delete", "/subscriptions/s/resourceGroups/g", {"*"}),
        ("Microsoft.Resources/subscriptions/resourceGroups/moveResources/action", "/subscriptions/s/resourceGroups/g",
         {"*"}),
        ("Microsoft.Authorization/roleAssignments/write",
         "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/x", {"authorization"}),
        ("Microsoft.Databricks/workspaces/write", f"{BASE}/Microsoft.Databricks/workspaces/x", {"analytics"}),
        ("Microsoft.KeyVault/vaults/keys/write", f"{BASE}/Microsoft.KeyVault/vaults/x/keys/y", {"keyvault"}),
        ("Microsoft.DBforMySQL/flexibleServers/firewallRules/write",
         f"{BASE}/Microsoft.DBforMySQL/flexibleServers/x/firewallRules/y", {"databases"}),
        ("Microsoft.Network/networkWatchers/flowLogs/delete",
         f"{BASE}/Microsoft.Network/networkWatchers/x/flowLogs/y", {"network"}),
        ("Microsoft.Security/securityContacts/write",
         "/subscriptions/s/providers/Microsoft.Security/securityContacts/default", {"monitoring", "resources"}),
        ("Contoso.Things/things/write", f"{BASE}/Contoso.Things/things/x", {"resources"}),
        ("Microsoft.Compute/disks/write", "", {"*"}),
    ],
)  # fmt: skip
def test_an_event_tells_on_the_services_that_it_may_have_changed(
    operation: str, resource: str, services: set[str]
) -> None:
    event = {"operationName": {"value": operation}, "resourceId": resource, "status": {"value": "Accepted"}}
    assert changes.services_of(event) == services
    assert changes.services_of({**event, "status": {"value": "Failed"}}) == frozenset()


odd = st.none() | st.text() | st.integers() | st.dictionaries(st.just("value"), st.text() | st.none())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(st.fixed_dictionaries({}, optional={"operationName": odd, "resourceId": odd, "status": odd}))
def test_odd_events_never_raise(event: dict[str, Any]) -> None:
    assert isinstance(changes.services_of(event), frozenset)
