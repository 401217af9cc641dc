"""What a scan finds, on the wire: resources, policies, paging, quotas, and what must not be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.providers.gcp import inventory
from cloudaccounts.providers.gcp.inventory.resources import _snake
from cloudaccounts.providers.gcp.permissions import PERMISSIONS
from cloudaccounts.providers.gcp.provider import PROVIDER
from cloudaccounts.providers.gcp.regions import GLOBAL, region_of
from tests.cloudaccounts.providers.gcp.conftest import METHODS, Cloud
from tests.cloudaccounts.providers.gcp.test_granted import OFFERED, permissions_asked

DATA = "meadowlark-data-prod"
REGIONS = ("europe-west1",)


def scan(cloud: Cloud, regions: tuple[str, ...] = REGIONS, **target: Any) -> list[Asset]:
    session = cloud.open(cloud.scenario("Everything granted"), account_id=DATA, regions=regions, **target)
    return [asset for unit in session.units(regions) for asset in session.collect(unit)]


def named(assets: list[Asset], kind: str, name: str) -> Asset:
    return next(asset for asset in assets if (asset.type, asset.name) == (kind, name))


def test_a_project_is_told_by_all_its_services(cloud: Cloud) -> None:
    assets = scan(cloud)
    kinds = {asset.type for asset in assets}
    assert {
        "gcp.compute.instance",
        "gcp.storage.bucket",
        "gcp.iam.service_account_key",
        "gcp.sqladmin.instance",
    } <= kinds
    assert {"gcp.cloudresourcemanager.project", "gcp.serviceusage.service", "gcp.iam_policy.policy"} <= kinds
    assert named(assets, "gcp.compute.instance", "airflow-1").tags == {"team": "data"}
    assert named(assets, "gcp.compute.instance", "airflow-1").native_id == (
        f"//compute.googleapis.com/projects/{DATA}/zones/europe-west1-b/instances/airflow-1"
    )
    assert named(assets, "gcp.cloudresourcemanager.project", DATA).region == GLOBAL
    assert named(assets, "gcp.sqladmin.instance", "warehouse-meta").tags == {"env": "prod"}


def test_every_asset_lies_where_its_unit_looked(cloud: Cloud) -> None:
    """What a unit did not find is swept: so its assets must be within the regions that it names."""
    target = cloud.target(account_id=DATA)
    session = cloud.open(cloud.scenario("Everything granted"), account_id=DATA)
    for unit in session.units(target.regions):
        for asset in session.collect(unit):
            assert asset.service == unit.service
            assert asset.region in {unit.region, *unit.also}


def test_only_the_chosen_regions_are_told_and_the_global_ones(cloud: Cloud) -> None:
    assert {asset.region for asset in scan(cloud, ("us-central1",))} == {GLOBAL, "us-central1"}
    names = {asset.name for asset in scan(cloud, ("us-central1",)) if asset.service == "compute"}
    assert "exporter" in names
    assert "airflow-1" not in names


def test_native_ids_are_unique(cloud: Cloud) -> None:
    ids = [(asset.type, asset.native_id) for asset in scan(cloud)]
    assert len(ids) == len(set(ids))


def test_a_second_scan_has_the_same_fingerprints(cloud: Cloud) -> None:
    assert {a.native_id: a.fingerprint() for a in scan(cloud)} == {a.native_id: a.fingerprint() for a in scan(cloud)}


def test_version_stamps_are_observed_only(cloud: Cloud) -> None:
    machine = named(scan(cloud), "gcp.compute.instance", "bastion")
    assert "lastStartTimestamp" in machine.properties[OBSERVED]
    assert "lastStartTimestamp" not in {key for key in machine.properties if key != OBSERVED}


def test_secrets_in_metadata_and_environments_are_not_kept(cloud: Cloud) -> None:
    assets = scan(cloud)
    assert "do-not-keep-me" not in str(assets)
    assert "correct-horse" not in str(assets)
    items = named(assets, "gcp.compute.instance", "bastion").properties["metadata"]["items"]
    assert {item["key"]: item["value"] for item in items} == {
        "startup-script": "not kept",
        "serial-port-enable": "TRUE",
    }
    function = named(assets, "gcp.cloudfunctions.function", "nightly-export")
    assert function.properties["serviceConfig"]["environmentVariables"] == {
        "DB_PASSWORD": "not kept",
        "LOG_LEVEL": "not kept",
    }


def test_whole_numbers_are_integers_again(cloud: Cloud) -> None:
    rule = named(scan(cloud), "gcp.compute.firewall", "allow-ssh-from-anywhere")
    assert rule.properties["priority"] == 1000
    assert isinstance(rule.properties["priority"], int)


def test_policies_tell_who_may_do_what(cloud: Cloud) -> None:
    assets = scan(cloud)
    public = named(assets, "gcp.iam_policy.policy", "meadowlark-public-docs")
    assert public.properties["bindings"] == [
        {"role": "roles/storage.objectViewer", "members": ["allUsers"], "condition": None}
    ]
    policies = [asset.properties for asset in assets if asset.type == "gcp.iam_policy.policy"]
    (owners,) = (one["bindings"] for one in policies if one["resource_type"].endswith("/Project"))
    assert {"user:ana.lopez@meadowlark.example"} == {
        member for one in owners if one["role"] == "roles/owner" for member in one["members"]
    }


def test_all_pages_are_read(cloud: Cloud) -> None:
    cloud.admin.put_instances(cloud.project, 2500)
    session = cloud.open(cloud.key())
    unit = next(unit for unit in session.units(REGIONS) if unit.service == "compute")
    assert len({asset.native_id for asset in session.collect(unit)}) == 2500
    assert len(cloud.calls("ListAssets")) == 3 + 1  # and one for what all machines inherit


def test_a_scan_stays_far_below_the_quota(cloud: Cloud) -> None:
    """ListAssets: 100 a minute per project."""
    scan(cloud, ("europe-west1", "us-central1", "asia-east1"))
    assert len(cloud.calls("ListAssets")) == len(inventory.SERVICES) + 1 < 50


def test_throttling_is_waited_out(cloud: Cloud) -> None:
    cloud.control.fault("throttle", action="ListAssets", times=2)
    session = cloud.open(cloud.key())
    unit = next(unit for unit in session.units(REGIONS) if unit.service == "iam")
    assert list(session.collect(unit))
    assert len(cloud.calls("ListAssets")) == 3


def test_throttling_without_end_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "PATIENCE_SECONDS", 0.5)
    cloud.control.fault("throttle", action="ListAssets")
    session = cloud.open(cloud.key())
    with pytest.raises(ProviderError) as error:
        list(session.collect(session.units(REGIONS)[0]))
    assert (error.value.code, error.value.permanent) == ("throttled", False)


def test_one_denied_unit_does_not_hide_the_others(cloud: Cloud) -> None:
    permissions = [item.name for item in PERMISSIONS if item.name != "cloudasset.assets.searchAllIamPolicies"]
    session = cloud.open(cloud.key(permissions=permissions))
    first, *others = session.units(REGIONS)
    (policies,) = [unit for unit in others if unit.service == inventory.POLICIES]
    assert list(session.collect(first))
    with pytest.raises(ProviderError) as error:
        list(session.collect(policies))
    assert error.value.code == "permission_denied"
    assert "cloudasset.assets.searchAllIamPolicies" in error.value.cause


def test_each_call_needs_a_permission_that_is_proven_beforehand(cloud: Cloud) -> None:
    session = cloud.open(cloud.scenario("Everything granted"), account_id=DATA)
    units = session.units(REGIONS)
    assert [asset for unit in units for asset in session.collect(unit)]
    session.unchanged(units, datetime.now(UTC) - timedelta(hours=1))
    assert permissions_asked(cloud) - OFFERED == {item.name for item in PERMISSIONS}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_opens_a_session(cloud: Cloud, method: str) -> None:
    session = cloud.open(cloud.by(method))
    assert list(session.collect(session.units(REGIONS)[0]))


def test_a_deleted_key_opens_none(cloud: Cloud) -> None:
    with pytest.raises(ProviderError) as error:
        cloud.open(cloud.scenario("Disabled key"), account_id=DATA)
    assert error.value.code == "key_refused"


def test_a_project_marked_for_deletion_opens_none(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.admin.put_project(cloud.project, state="DELETE_REQUESTED")
    with pytest.raises(ProviderError) as error:
        cloud.open(credentials)
    assert error.value.code == "project_not_active"


@pytest.mark.parametrize(
    ("location", "region"),
    [
        ("europe-west1", "europe-west1"),
        ("europe-west1-b", "europe-west1"),
        ("EUROPE-WEST1", GLOBAL),
        ("eu", GLOBAL),
        ("us", GLOBAL),
        ("nam4", GLOBAL),
        ("global", GLOBAL),
        ("", GLOBAL),
        ("mars-north1-a", GLOBAL),
    ],
)
def test_locations_become_regions(location: str, region: str) -> None:
    assert region_of(location) == region


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ServiceAccountKey", "service_account_key"), ("SSLCertificate", "ssl_certificate"), ("Disk", "disk")],
)
def test_types_are_dotted_and_stable(name: str, kind: str) -> None:
    assert _snake(name) == kind


def test_all_regions_are_those_of_google_cloud_and_one_unit_a_service_covers_them(cloud: Cloud) -> None:
    session = cloud.open(cloud.scenario("Everything granted"), account_id=DATA, regions=())
    names = [region.name for region in session.regions() if region.enabled]
    assert names == [region.name for region in PROVIDER.regions("gcp")]
    assert session.units(names)[0].also == tuple(names)
    everything = {asset.native_id for asset in scan(cloud, tuple(names))}
    assert {asset.native_id for asset in scan(cloud)} < everything
