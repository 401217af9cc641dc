"""What could not be read, on the wire: it costs its own facts, is told with the reason, and hides nothing else."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.providers.azure.inventory import AzureSession, open_session
from sandbox.rig import Rig
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud, named


@pytest.fixture(scope="module")
def whole(rig: Rig) -> dict[str, Asset]:
    """All of data-platform, by id, with nothing denied."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in rig.env.items():
            patch.setenv(name, value)
        rig.control.clear_faults()
        found = rig.scenario("Everything granted", "azure")
        places = {one["name"]: one["id"] for one in rig.control.subscriptions()}
        cloud = Cloud(rig, rig.control, places)
        assets = cloud.scan(Credentials(found["method"], found["fields"]), "data-platform")
        return {asset.native_id: asset for asset in assets}


def test_a_resource_that_may_not_be_read_is_still_told(cloud: Cloud) -> None:
    credentials = cloud.app("payments-prod", actions=["*/read"], not_actions=["Microsoft.KeyVault/*"])
    vault = named(cloud.scan(credentials, "payments-prod"), "larkfield-payments")
    assert vault.type == "azure.keyvault.vault"
    assert vault.properties["purge_protection"] is None
    assert set(vault.properties["unreadable"].values()) == {"permission_denied"}


def test_a_key_that_may_not_be_read_costs_its_own_facts_only(cloud: Cloud) -> None:
    cloud.control.fault("deny", resource="*/vaults/legacy-secrets/keys/orders")
    vault = named(cloud.scan(cloud.app("legacy-reporting"), "legacy-reporting"), "legacy-secrets")
    assert "unreadable" not in vault.properties
    assert vault.properties["keys"] == [{"name": "orders", "enabled": True, "expires": None, "rotates": None}]
    assert [secret["name"] for secret in vault.properties["secrets"]] == ["api-token"]


@pytest.mark.parametrize(
    "permission",
    [
        "Microsoft.Resources/subscriptions/providers/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Authorization/roleDefinitions/read",
        "Microsoft.Storage/storageAccounts/fileServices/read",
        "Microsoft.KeyVault/vaults/keys/read",
        "Microsoft.Network/virtualNetworks/read",
        "Microsoft.Insights/diagnosticSettings/read",
        "Microsoft.Security/securityContacts/read",
    ],
)
def test_what_is_denied_costs_its_own_facts_only(cloud: Cloud, whole: dict[str, Asset], permission: str) -> None:
    """Every asset that the permission is not about is read as before."""
    cloud.control.fault("deny", permission=permission)
    read: dict[str, Asset] = {}
    session = open_session(cloud.scenario("Everything granted")[0], cloud.target("data-platform"))
    for unit in session.units(REGIONS):
        with contextlib.suppress(ProviderError):
            read |= {asset.native_id: asset for asset in session.collect(unit)}
    session.close()
    lost = set(whole) - set(read)
    if permission.endswith(("resources/read", "resourceGroups/read", "roleAssignments/read", "roleDefinitions/read")):
        assert lost, "lists of assets"
    else:
        assert not lost
    for key, asset in read.items():
        refused = asset.properties.get("unreadable", {})
        assert set(refused.values()) <= {"permission_denied"}
        same = {name: value for name, value in whole[key].properties.items() if name not in (*refused, OBSERVED)}
        assert {name: asset.properties.get(name) for name in same} == same


def test_a_part_that_may_not_be_read_is_told_apart(cloud: Cloud) -> None:
    credentials = cloud.app(
        "legacy-reporting", actions=["*/read"], not_actions=["Microsoft.Sql/servers/firewallRules/*"]
    )
    assets = cloud.scan(credentials, "legacy-reporting")
    server = next(asset for asset in assets if asset.type == "azure.sql.server")
    assert server.properties["minimum_tls"] == "1.0"
    assert server.properties["firewall_rules"] is None
    assert server.properties["unreadable"] == {"firewall_rules": "permission_denied"}


def test_assignments_are_told_without_names_where_roles_may_not_be_read(cloud: Cloud) -> None:
    credentials, account = cloud.scenario("Some permissions denied")
    session = open_session(credentials, cloud.target(account))
    found: list[Asset] = []
    with pytest.raises(ProviderError, match="roleDefinitions/read"):
        found.extend(session.collect(ScanUnit("authorization", "global")))
    session.close()
    subscription, *assignments = found
    assert len(subscription.properties["owners"]) == 2
    assert assignments
    assert all(asset.properties["unreadable"] == {"role_name": "permission_denied"} for asset in assignments)


def test_a_list_that_may_not_be_read_fails_its_units(cloud: Cloud, session: AzureSession) -> None:
    cloud.control.fault("deny", permission="Microsoft.Resources/subscriptions/resources/read")
    for unit in (ScanUnit("storage", "westeurope"), ScanUnit("compute", "westeurope")):
        with pytest.raises(ProviderError, match="subscriptions/resources/read"):
            list(session.collect(unit))
    assert list(session.collect(ScanUnit("authorization", "global")))


def test_what_was_listed_before_a_page_failed_is_kept(cloud: Cloud, session: AzureSession) -> None:
    whole = {asset.native_id for asset in session.collect(ScanUnit("compute", "westeurope"))}
    credentials, account = cloud.scenario("Everything granted")
    broken = open_session(credentials, cloud.target(account))
    cloud.control.fault("error", permission="Microsoft.Resources/subscriptions/resources/read", status=403, after=1)
    read: list[str] = []
    with pytest.raises(ProviderError):
        read.extend(asset.native_id for asset in broken.collect(ScanUnit("compute", "westeurope")))
    broken.close()
    assert read
    assert set(read) <= whole


def test_a_resource_that_is_gone_when_it_is_read_is_left_out(cloud: Cloud) -> None:
    place = cloud.places["old-experiments"]
    cloud.control.seed_resources(place, 1, kind="Microsoft.KeyVault/vaults")
    cloud.control.set_subscription(place, state="Enabled")
    session = open_session(cloud.app("old-experiments"), cloud.target("old-experiments"))
    unit = ScanUnit("keyvault", "westeurope")
    try:
        assert [asset.name for asset in session.collect(unit)] == ["seeded-00000"]  # and the list is read by now
        cloud.control.delete_resource(place, "vaults/seeded-00000")
        assert list(session.collect(unit)) == []
    finally:
        session.close()
        cloud.control.set_subscription(place, state="Disabled")


def test_a_provider_that_is_not_registered_is_told_as_such(cloud: Cloud) -> None:
    place = cloud.places["legacy-reporting"]
    cloud.control.set_subscription(place, providers={"Microsoft.Sql": "NotRegistered"})
    try:
        assets = cloud.scan(cloud.app("legacy-reporting"), "legacy-reporting")
    finally:
        cloud.control.set_subscription(place, providers={"Microsoft.Sql": "Registered"})
    server = next(asset for asset in assets if asset.type == "azure.sql.server")
    assert set(server.properties["unreadable"].values()) == {"provider_not_registered"}
    assert any(asset.type == "azure.web.site" and "unreadable" not in asset.properties for asset in assets)


@pytest.mark.parametrize("odd", [{"securityRules": "odd"}, {"securityRules": ["odd"]}, {"securityRules": 7}])
def test_an_answer_of_another_shape_costs_that_resource_alone(cloud: Cloud, odd: dict[str, Any]) -> None:
    place = cloud.places["legacy-reporting"]
    cloud.control.seed_resources(place, 1, kind="Microsoft.Network/networkSecurityGroups")
    cloud.control.set_resource(place, "networkSecurityGroups/seeded-00000", **odd)
    try:
        assets = cloud.scan(cloud.app("legacy-reporting"), "legacy-reporting")
    finally:
        cloud.control.delete_resource(place, "networkSecurityGroups/seeded-00000")
    group = named(assets, "seeded-00000")
    assert group.properties["unreadable"] == {"rules": "unexpected_answer"}
    assert group.properties["subnets"] == []
    assert any(asset.type == "azure.web.site" for asset in assets)


def test_throttling_during_a_scan_is_waited_for(cloud: Cloud, session: AzureSession) -> None:
    cloud.control.fault("throttle", permission="Microsoft.Storage/*", seconds=1, times=2)
    began = time.monotonic()
    found = list(session.collect(ScanUnit("storage", "westeurope")))
    assert time.monotonic() - began >= 1
    assert found
    assert all("unreadable" not in asset.properties for asset in found)


def test_an_unknown_unit_is_refused(session: AzureSession) -> None:
    with pytest.raises(ProviderError, match="service_unknown"):
        list(session.collect(ScanUnit("mainframe", "global")))


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("old-experiments", "subscription_disabled"),
        ("partner-shop", "subscription_in_other_tenant"),
        ("legacy-reporting", "no_permissions"),
    ],
)
def test_a_scan_refuses_what_the_validation_refuses(cloud: Cloud, place: str, code: str) -> None:
    credentials, _ = cloud.scenario("Everything granted")
    with pytest.raises(ProviderError, match=code):
        cloud.scan(credentials, place)
