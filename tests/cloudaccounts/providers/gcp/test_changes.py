"""Incremental scans: what the audit logs tell, what they do not, and what that saves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.sessions import Session
from cloudaccounts.providers.gcp import client, inventory
from cloudaccounts.providers.gcp.inventory import SERVICES, changes
from cloudaccounts.providers.gcp.permissions import PERMISSIONS
from tests.cloudaccounts.providers.gcp.conftest import Cloud

REGIONS = ("europe-west1",)
ALWAYS = {*SERVICES, "cloudidentity"} - changes.COVERED


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test wrote a moment ago lies within the log's delay: here it has none."""
    monkeypatch.setattr(changes, "LATE", timedelta(0))


def changed(session: Session, since: datetime) -> set[str]:
    units = session.units(REGIONS)
    return {unit.service for unit in set(units) - session.unchanged(units, since)}


def now() -> datetime:
    time.sleep(0.01)
    return datetime.now(UTC)


def test_where_nothing_was_written_only_what_changes_by_itself_is_looked_at_again(cloud: Cloud) -> None:
    session = cloud.open(cloud.key())
    assert changed(session, now()) == ALWAYS
    assert len(cloud.calls("entries.list")) == 1


def test_a_write_tells_on_its_service(cloud: Cloud) -> None:
    session = cloud.open(cloud.key())
    since = now()
    cloud.admin.put_instances(cloud.project, 3)
    assert changed(session, since) == ALWAYS | {"compute"}
    since = now()
    cloud.admin.set_asset(cloud.project, "instances/machine-00001", canIpForward=True)
    assert changed(session, since) == ALWAYS | {"compute"}
    since = now()
    cloud.admin.delete_asset(cloud.project, "instances/machine-00001")
    assert changed(session, since) == ALWAYS | {"compute"}
    assert changed(session, now()) == ALWAYS


def test_a_policy_tells_on_all_that_carries_facts_of_it(cloud: Cloud) -> None:
    session = cloud.open(cloud.key())
    since = now()
    cloud.admin.put_entry(cloud.project, "storage.googleapis.com", "storage.setIamPermissions")
    assert changed(session, since) == ALWAYS | {"storage", "iam-policy"}


def test_services_are_known_by_the_names_that_the_log_gives_them(cloud: Cloud) -> None:
    session = cloud.open(cloud.key())
    since = now()
    cloud.admin.put_entry(cloud.project, "cloudsql.googleapis.com", "cloudsql.instances.update")
    cloud.admin.put_entry(cloud.project, "aiplatform.googleapis.com", "CreateEndpoint")
    cloud.admin.put_entry(cloud.project, "container.googleapis.com", "UpdateCluster", log="system_event")
    assert changed(session, since) == ALWAYS | {"sqladmin", "container"}


@pytest.mark.parametrize(
    ("service", "units"),
    [
        ("logging", {"logging", "storage"}),  # a bucket carries the sinks that write into it
        ("run", {"run", "cloudfunctions"}),  # a function is called through its service
        ("monitoring", {"monitoring"}),  # the project, which carries alerts, contacts and keys, is always read
        ("dns", {"dns", "compute"}),
    ],
)
def test_what_carries_facts_of_another_service_is_read_with_it(cloud: Cloud, service: str, units: set[str]) -> None:
    session = cloud.open(cloud.key())
    since = now()
    cloud.admin.put_entry(cloud.project, f"{service}.googleapis.com", "Update")
    assert changed(session, since) == ALWAYS | units
    assert "cloudresourcemanager" in ALWAYS


def test_late_entries_are_read_again_by_the_next_scan(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    session = cloud.open(cloud.key())
    since = now()
    cloud.admin.put_entry(cloud.project, "pubsub.googleapis.com", "CreateTopic", minutes_ago=5)
    assert "pubsub" not in changed(session, since)
    monkeypatch.setattr(changes, "LATE", timedelta(minutes=10))
    assert "pubsub" in changed(session, since)


def test_every_page_of_the_log_is_read(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_LOG_PAGE", 5)
    session = cloud.open(cloud.key())
    since = now()
    cloud.admin.put_entry(cloud.project, "dns.googleapis.com", "dns.changes.create")
    for _ in range(12):
        cloud.admin.put_entry(cloud.project, "aiplatform.googleapis.com", "CreateEndpoint")
    assert changed(session, since) == ALWAYS | {"dns", "compute"}  # a network carries its DNS policies
    assert len(cloud.calls("entries.list")) == 3


def test_a_log_that_may_not_be_read_is_an_error(cloud: Cloud) -> None:
    permissions = [item.name for item in PERMISSIONS if item.name != "logging.logEntries.list"]
    session = cloud.open(cloud.key(permissions=permissions))
    with pytest.raises(ProviderError) as error:
        session.unchanged(session.units(REGIONS), now())
    assert error.value.code == "permission_denied"
    assert "logging.logEntries.list" in error.value.cause


def test_a_log_whose_api_is_off_is_an_error(cloud: Cloud) -> None:
    session = cloud.open(cloud.key())
    cloud.admin.set_api(cloud.project, "logging.googleapis.com", False)
    with pytest.raises(ProviderError) as error:
        session.unchanged(session.units(REGIONS), now())
    assert error.value.code == "api_disabled"


@pytest.mark.parametrize("ago", [timedelta(days=400), timedelta(hours=-1)])
def test_what_the_log_does_not_cover_is_not_answered(cloud: Cloud, ago: timedelta) -> None:
    session = cloud.open(cloud.key())
    assert session.unchanged(session.units(REGIONS), datetime.now(UTC) - ago) == frozenset()
    assert cloud.calls("entries.list") == []


def test_the_result_equals_a_full_scans_with_fewer_calls(cloud: Cloud) -> None:
    """The project of the demo. A full scan is 33 calls whatever its size up to 1,000 resources a service."""
    project = "meadowlark-data-prod"
    credentials = cloud.scenario("Everything granted")
    session = cloud.open(credentials, account_id=project)
    units = session.units(REGIONS)
    full = _by_id(session, units)
    calls = len(cloud.control.calls("gcp"))
    since = now()
    cloud.control.clear_journal()
    again = cloud.open(credentials, account_id=project)
    skipped = again.unchanged(units, since)
    part = _by_id(again, [unit for unit in units if unit not in skipped])
    fewer = len(cloud.control.calls("gcp"))
    kept = {key: asset for key, asset in full.items() if asset.service in {unit.service for unit in skipped}}
    assert {key: asset.fingerprint() for key, asset in (kept | part).items()} == {
        key: asset.fingerprint() for key, asset in full.items()
    }
    assert (calls, fewer) == (33, 11)


def test_what_fills_more_than_a_page_is_listed_service_by_service(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project's own key and account are more than one asset: the list of all is left at its first page."""
    key = cloud.key()
    session = cloud.open(key)
    units = session.units(REGIONS)
    full = _by_id(session, units)
    monkeypatch.setattr(inventory, "LIST_PAGE", 1)
    again = cloud.open(key)
    left = [unit for unit in units if unit not in again.unchanged(units, now())]
    cloud.control.clear_journal()
    part = _by_id(again, left)
    assert {key: part[key].fingerprint() for key in part} == {
        key: asset.fingerprint() for key, asset in full.items() if asset.service in ALWAYS
    }
    assert len(cloud.calls("ListAssets")) > len(left)


def test_a_list_of_several_that_is_refused_is_a_gap_in_each(cloud: Cloud) -> None:
    permissions = [item.name for item in PERMISSIONS if item.name != "cloudasset.assets.listResource"]
    session = cloud.open(cloud.key(permissions=permissions))
    units = session.units(REGIONS)
    quiet = session.unchanged(units, now())
    for unit in units:
        if unit.service in ALWAYS - {"cloudidentity"}:  # which is no list of Cloud Asset
            assert unit not in quiet
            with pytest.raises(ProviderError) as error:
                list(session.collect(unit))
            assert error.value.code == "permission_denied"
    assert len(cloud.calls("ListAssets")) == 1


def _by_id(session: Session, units: Any) -> dict[tuple[str, str], Asset]:
    return {(asset.type, asset.native_id): asset for unit in units for asset in session.collect(unit)}


odd = st.none() | st.text(max_size=9) | st.integers() | st.dictionaries(st.text(max_size=3), st.text(max_size=3))
payload = st.fixed_dictionaries({}, optional={"serviceName": odd, "methodName": odd})


@given(st.lists(st.fixed_dictionaries({}, optional={"protoPayload": odd | payload}), max_size=5))
def test_odd_entries_never_raise_and_never_claim_that_nothing_changed(entries: list[dict[str, Any]]) -> None:
    told = changes.services_of(entries)
    assert bool(told) == bool(entries)


def test_every_unit_that_may_be_skipped_exists() -> None:
    assert set(SERVICES) | {changes.POLICIES} > changes.COVERED
    assert ScanUnit("iam", "global").service not in changes.COVERED
