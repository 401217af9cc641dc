"""The first scan, on the wire: what is found, what could not be read, and that nothing else is asked."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.azure.inventory import AzureSession, monitoring, open_session
from cloudaccounts.providers.azure.inventory.common import at, region_of, resource_group_of
from cloudaccounts.providers.azure.inventory.details import DETAILS
from cloudaccounts.providers.azure.inventory.listing import ListedResource, Part
from cloudaccounts.providers.azure.inventory.resources import generic_type
from cloudaccounts.providers.azure.inventory.types.compute import uses_managed_disks
from cloudaccounts.providers.azure.inventory.types.keyvault import keys
from cloudaccounts.providers.azure.permissions import BY_ACTION, GRAPH_PERMISSIONS
from sandbox.azure.clouds import TYPES
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud, named


def scan(session: AzureSession, regions: tuple[str, ...] = REGIONS) -> list[Asset]:
    return [asset for unit in session.units(regions) for asset in session.collect(unit)]


def test_global_units_come_first_and_each_region_once(session: AzureSession) -> None:
    units = session.units(("westeurope", "northeurope", "westeurope"))
    assert units[0] == ScanUnit("authorization", "global")
    regions = [unit.region for unit in units]
    assert list(dict.fromkeys(regions)) == ["global", "westeurope", "northeurope"]
    assert len(set(units)) == len(units)
    with pytest.raises(ProviderError, match="region_unknown"):
        session.units(("us-east-1",))


def test_a_scan_finds_every_kind_with_sound_identifiers(session: AzureSession) -> None:
    assets = scan(session)
    kinds = Counter(asset.type for asset in assets)
    assert kinds["azure.storage.storage_account"] == 4
    assert {"azure.compute.virtual_machine", "azure.compute.disk", "azure.network.network_security_group"} <= set(kinds)
    assert {"azure.keyvault.vault", "azure.sql.server", "azure.containers.kubernetes_cluster"} <= set(kinds)
    assert {"azure.resources.resource_group", "azure.resources.subscription"} <= set(kinds)
    assert {"azure.network.dnszones", "azure.insights.actiongroups"} <= set(kinds)
    assert len({asset.native_id for asset in assets}) == len(assets)
    for asset in assets:
        assert asset.native_id == asset.native_id.lower()
        assert asset.native_id.startswith("/")
        assert asset.name
        assert json.loads(json.dumps(asset.properties)) == asset.properties
        assert "unreadable" not in asset.properties


def test_each_unit_tells_its_own_service_and_region_only(session: AzureSession) -> None:
    """What a unit did not find again is gone: so nothing of another unit may hide in it."""
    for unit in session.units(REGIONS):
        assert {(asset.service, asset.region) for asset in session.collect(unit)} <= {(unit.service, unit.region)}


def test_only_the_chosen_regions_are_told(session: AzureSession) -> None:
    assert {asset.region for asset in scan(session, ("northeurope",))} == {"global", "northeurope"}
    assert {asset.region for asset in scan(session, ())} == {"global"}


def test_the_same_subscription_gives_the_same_fingerprints(session: AzureSession) -> None:
    first = {asset.native_id: asset.fingerprint() for asset in scan(session)}
    again = {asset.native_id: asset.fingerprint() for asset in scan(session)}
    assert first == again


def test_details_hold_what_checks_read(cloud: Cloud) -> None:
    assets = cloud.scan(cloud.app("legacy-reporting"), "legacy-reporting", regions=("westeurope", "westus2"))
    account = named(assets, "legacyreportdumps")
    assert account.region == "westus2"
    told = account.properties
    assert (told["https_only"], told["minimum_tls"], told["allow_blob_public_access"]) == (False, "TLS1_0", True)
    assert told["network_default_action"] == "Allow"
    assert told["resource_group"] == "old"
    assert set(told[OBSERVED]) == {"changed_at", "provisioning_state"}
    rules = named(assets, "everything").properties["rules"]
    assert {(rule["ports"][0], rule["sources"][0]) for rule in rules} == {
        ("22", "0.0.0.0/0"),
        ("3389", "Internet"),
        ("1433", "*"),
    }
    server = next(asset for asset in assets if asset.type == "azure.sql.server")
    assert server.properties["minimum_tls"] == "1.0"
    assert [rule["to"] for rule in server.properties["firewall_rules"]] == ["255.255.255.255", "203.0.113.20"]
    site = next(asset for asset in assets if asset.type == "azure.web.site")
    config = site.properties["config"]
    assert (config["minimum_tls"], config["ftps_state"], config["remote_debugging"]) == ("1.0", "AllAllowed", True)
    assert config["linux_runtime"] == "PHP|7.4"
    assert named(assets, "legacy-secrets").properties["purge_protection"] is None


def test_role_assignments_carry_their_roles_names(cloud: Cloud) -> None:
    credentials = cloud.app("payments-prod")
    assets = [asset for asset in cloud.scan(credentials, "payments-prod") if asset.service == "authorization"]
    owners = [asset for asset in assets if asset.properties.get("role_name") == "Owner"]
    assert {asset.properties["inherited"] for asset in owners} == {True, False}
    assert {asset.properties["principal_type"] for asset in owners} == {"User"}
    custom = named(assets, "Inventory without secrets")
    assert custom.type == "azure.authorization.role_definition"
    assert "Microsoft.KeyVault/*" in custom.properties["permissions"][0]["not_actions"]


def test_lists_of_several_pages_are_read_to_their_end(cloud: Cloud) -> None:
    cloud.control.seed_resources(cloud.places["old-experiments"], 95)
    cloud.control.set_subscription(cloud.places["old-experiments"], state="Enabled")
    try:
        assets = cloud.scan(cloud.app("old-experiments"), "old-experiments")
    finally:
        cloud.control.set_subscription(cloud.places["old-experiments"], state="Disabled")
    assert sum(asset.type == "azure.network.networkinterfaces" for asset in assets) == 95
    assert len(cloud.calls("Microsoft.Resources/subscriptions/resources/read")) == 5


def test_the_subscription_is_listed_once_for_all_units(cloud: Cloud, session: AzureSession) -> None:
    scan(session)
    for name, calls in (("resources", 2), ("resourceGroups", 1), ("providers", 1)):  # two pages
        assert len(cloud.calls(f"Microsoft.Resources/subscriptions/{name}/read")) == calls


def test_what_is_asked_is_what_set_up_grants(cloud: Cloud) -> None:
    """Both ways: nothing is asked that no permission allows, and no permission is asked for that nothing needs."""
    credentials = cloud.app("legacy-reporting", graph=list(GRAPH_PERMISSIONS))
    cloud.validate(credentials, "legacy-reporting")
    cloud.scan(credentials, "legacy-reporting", regions=("westeurope", "westus2"))
    for place in ("payments-prod", "data-platform"):
        cloud.scan(cloud.app(place), place)
    session = open_session(credentials, cloud.target("legacy-reporting"))
    session.unchanged(session.units(REGIONS), datetime.now(UTC) - timedelta(hours=1))
    session.close()
    calls = [call for call in cloud.control.calls("azure") if call["service"] in ("arm", "graph")]
    asked = {call["permission"] for call in calls if call["service"] == "arm"}
    # Which tenants and subscriptions an app sees, and what its roles allow, is told without any role.
    asked -= {"Microsoft.Resources/tenants/read", "Microsoft.Authorization/permissions/read"}
    assert asked == set(BY_ACTION)
    assert {call["permission"] for call in calls if call["service"] == "graph"} == set(GRAPH_PERMISSIONS)
    assert {call["method"] for call in calls} == {"GET"}


# Shapes --------------------------------------------------------------------------------------------------------------


def test_ids_and_places_have_one_spelling() -> None:
    assert region_of("West Europe") == region_of("westeurope") == "westeurope"
    assert region_of(None) == region_of("") == "global"
    assert resource_group_of("/subscriptions/x/resourcegroups/one/providers/a/b/c") == "one"
    assert resource_group_of("/subscriptions/x/providers/a/b/c") == ""
    assert generic_type("microsoft.insights/actiongroups") == "azure.insights.actiongroups"
    assert generic_type("contoso.things/one/two") == "azure.contoso_things.one.two"


def test_answers_become_json() -> None:
    answer: dict[str, Any] = {"a": {"b": [1, {"c": True}]}, "d": object}
    assert at(answer, "a.b") == [1, {"c": True}]
    assert at(answer, "a.x.y") is None
    assert at(answer, "a.b.c") is None
    assert isinstance(plain(object()), str)


def test_every_detailed_type_is_simulated_and_permitted() -> None:
    simulated = {f"{namespace}/{name}".lower() for namespace, names in TYPES.items() for name in names}
    actions = {action.lower() for action in BY_ACTION}
    for kind, detail in DETAILS.items():
        assert kind in simulated
        assert f"{kind}/read" in actions
        assert all(f"{child.type}/read".lower() in actions for child in detail.children)


def test_all_locations_are_read_without_a_unit_for_each_empty_one(session: AzureSession) -> None:
    chosen = {asset.native_id for asset in scan(session)}
    open_to_it = [region.name for region in session.regions() if region.enabled]
    assert {"westeurope", "northeurope"} < set(open_to_it)
    units = session.units(open_to_it)
    assert len(set(units)) == len(units)
    (rest,) = [unit for unit in units if unit.also]
    covered = {*rest.also, *(unit.region for unit in units)} - {"global"}
    assert covered == set(open_to_it)  # each location is in one unit or another
    assert not set(rest.also) & {unit.region for unit in units}
    everything = {asset.native_id for unit in units for asset in session.collect(unit)}
    assert chosen <= everything


def test_where_the_list_is_refused_no_location_is_taken_for_empty(cloud: Cloud, session: AzureSession) -> None:
    cloud.control.fault("deny", permission="Microsoft.Resources/subscriptions/resources/read")
    names = [region.name for region in session.regions()]
    assert all(not unit.also for unit in session.units(names))


class Listed:
    """A subscription's list of resources, of types and locations."""

    def __init__(self, *resources: tuple[str, str]) -> None:
        self._items: list[ListedResource] = [{"type": kind, "region": region} for kind, region in resources]

    def everything(self) -> Part:
        return Part(self._items)


MAIL, VAULT = "Microsoft.Communication/communicationServices", "Microsoft.KeyVault/vaults"
WATCHER = "Microsoft.Network/networkWatchers"


@pytest.mark.parametrize(
    ("resources", "in_use", "asked"),
    [
        ([(VAULT, "westeurope"), (WATCHER, "westeurope")], ["westeurope"], False),
        ([(VAULT, "westeurope"), (MAIL, "global")], ["westeurope"], True),
        # Of a whole geography: no watcher can be there, so that none is missing.
        ([(VAULT, "westeurope"), (WATCHER, "westeurope"), (MAIL, "unitedstates")], ["westeurope"], True),
        ([(MAIL, "unitedstates")], [], True),
        # A region that Azure's list does not have is one all the same.
        ([(VAULT, "newregion")], ["newregion"], True),
        ([(MAIL, "global")], [], False),
    ],
)
def test_a_geography_is_no_region_to_watch(
    monkeypatch: pytest.MonkeyPatch, resources: list[tuple[str, str]], in_use: list[str], asked: bool
) -> None:
    calls: list[Any] = []

    def logical(connection: Any) -> frozenset[str]:
        calls.append(connection)
        return frozenset({"unitedstates", "europe", "global"})

    monkeypatch.setattr(monitoring, "logical_locations", logical)
    scope: Any = SimpleNamespace(connection="open")
    listing: Any = Listed(*resources)
    assert monitoring.IN_USE["regions"](scope, listing) == in_use
    assert bool(calls) is asked


def test_a_machine_with_one_disk_in_a_file_has_no_managed_disks() -> None:
    managed, file = {"managedDisk": {"id": "/d"}}, {"vhd": {"uri": "https://x.blob.core.windows.net/vhds/a.vhd"}}

    def told(*disks: dict[str, Any]) -> bool | None:
        system, *data = disks
        return uses_managed_disks({"properties": {"storageProfile": {"osDisk": system, "dataDisks": data}}})

    assert told(managed) is told(managed, managed) is True
    assert told(file) is told(managed, file) is told({}, file) is False
    assert told({}) is told(managed, {}) is None


@pytest.mark.parametrize(
    ("policy", "rotates"),
    [
        ({"lifetimeActions": [{"action": {"type": "rotate"}}]}, True),
        ({"lifetimeActions": [{"action": {"type": "Notify"}}, {"action": {"type": "Rotate"}}]}, True),
        ({"lifetimeActions": [{"action": {"type": "Notify"}}]}, False),
        ({"lifetimeActions": []}, False),
        ({}, False),
        (None, False),
        ({"lifetimeActions": [{"action": {"type": "Renew"}}]}, None),
        ({"lifetimeActions": [{"action": {}}]}, None),
    ],
)
def test_a_key_rotates_by_what_its_policy_does(policy: Any, rotates: bool | None) -> None:
    (key,) = keys([{"name": "k", "properties": {"rotationPolicy": policy}}])
    assert key["rotates"] is rotates
