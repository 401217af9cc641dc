"""The first scan, on the wire: what is found, what could not be read, and that nothing else is asked."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.azure.checks import CHECKS
from cloudaccounts.providers.azure.inventory import AzureSession, monitoring, open_session
from cloudaccounts.providers.azure.inventory.common import at, region_of, resource_group_of
from cloudaccounts.providers.azure.inventory.details import DETAILS
from cloudaccounts.providers.azure.inventory.listing import ListedResource, Part
from cloudaccounts.providers.azure.inventory.resources import generic_type
from cloudaccounts.providers.azure.inventory.types.compute import uses_managed_disks
from cloudaccounts.providers.azure.permissions import BY_ACTION, GRAPH_APPS, GRAPH_PERMISSIONS
from sandbox.azure.clouds import TYPES
from sandbox.rig import Rig
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud


@pytest.fixture
def session(cloud: Cloud) -> Iterator[AzureSession]:
    credentials, account = cloud.scenario("Everything granted")
    opened = open_session(credentials, cloud.target(account))
    yield opened
    opened.close()


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


def scan(session: AzureSession, regions: tuple[str, ...] = REGIONS) -> list[Asset]:
    return [asset for unit in session.units(regions) for asset in session.collect(unit)]


def named(assets: list[Asset], name: str) -> Asset:
    return next(asset for asset in assets if asset.name == name)


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


# Gaps ----------------------------------------------------------------------------------------------------------------


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


def test_a_tenant_without_licenses_is_told_as_such(cloud: Cloud) -> None:
    credentials, account = cloud.scenario("Azure China")
    assets = cloud.scan(credentials, account, partition="china", regions=("chinanorth3",))
    (tenant,) = [asset for asset in assets if asset.type == "azure.entra.tenant"]
    assert tenant.properties["unreadable"] == {"without_second_factor": "license_of_microsoft_entra_id_p1_missing"}
    assert tenant.properties["security_defaults"] is False
    assert "microsoftgraph.chinacloudapi.cn" in cloud.hosts()


def test_without_the_optional_grant_nothing_is_asked_and_nothing_is_a_gap(cloud: Cloud) -> None:
    assets = cloud.scan(cloud.app("legacy-reporting"), "legacy-reporting", regions=("westeurope",))
    (tenant,) = [asset for asset in assets if asset.service == "directory"]
    assert set(tenant.properties["unreadable"].values()) == {"grant_not_given"}
    assert not [call for call in cloud.control.calls("azure") if call["service"] == "graph"]
    results = [check.evaluate(tenant) for check in CHECKS if check.asset_type == tenant.type]
    assert {result.verdict for result in results} == {Verdict.UNKNOWN}
    assert all("an optional step of set-up was not taken" in result.reason for result in results)


def test_a_part_of_the_grant_is_read_and_the_rest_is_not_asked(cloud: Cloud) -> None:
    assets = cloud.scan(cloud.app("legacy-reporting", graph=[GRAPH_APPS]), "legacy-reporting", regions=("westeurope",))
    tenant, *apps = [asset for asset in assets if asset.service == "directory"]
    assert set(tenant.properties["unreadable"].values()) == {"grant_not_given"}
    assert len(apps) > 2, "pages of two"
    assert {call["permission"] for call in cloud.control.calls("azure") if call["service"] == "graph"} == {GRAPH_APPS}
    text = json.dumps([dict(asset.properties) for asset in apps])
    assert all(word not in text for word in ("hint", "secretText", "keyId"))
    first = next(asset.properties["secrets"][0] for asset in apps if asset.properties["secrets"])
    assert set(first) == {"since", "until"}


@pytest.mark.parametrize("fault", [{"kind": "deny"}, {"kind": "error", "status": 500}])
def test_what_was_granted_and_cannot_be_read_is_a_gap(cloud: Cloud, fault: dict[str, Any]) -> None:
    """A role that was taken away a minute ago is in the token still; an outage of Graph is a gap, too."""
    credentials = cloud.app("legacy-reporting", graph=list(GRAPH_PERMISSIONS))
    cloud.control.fault(action="/v1.0/policies/authorizationPolicy", **fault)
    session = open_session(credentials, cloud.target("legacy-reporting"))
    told: list[Asset] = []
    with pytest.raises(ProviderError) as caught:
        told.extend(session.collect(ScanUnit("directory", "global")))
    session.close()
    (tenant,) = told
    assert tenant.properties["unreadable"] == {"authorization": caught.value.code}
    # A guest's second factor may be one of their own organization, so they are counted apart.
    assert tenant.properties["without_second_factor"] == {
        "people": 3, "guests": 1, "administrators": 1, "guest_administrators": 0, "untold": 0,
    }  # fmt: skip


def test_a_host_that_is_unreachable_is_asked_by_one_call_alone(cloud: Cloud) -> None:
    credentials, account = cloud.scenario("Everything granted")
    cloud.control.fault("unreachable", host="graph.microsoft.com")
    session = open_session(credentials, cloud.target(account))
    told: list[Asset] = []
    # It was granted and cannot be read: that is a gap, after what is known was told.
    with pytest.raises(ProviderError) as caught:
        told.extend(session.collect(ScanUnit("directory", "global")))
    session.close()
    (tenant,) = told
    codes = tenant.properties["unreadable"]
    assert set(codes) == {"security_defaults", "conditional_access_policies", "authorization", "without_second_factor"}
    assert set(codes.values()) == {caught.value.code}
    tried = [item for item in cloud.control.hosts() if item["host"] == "graph.microsoft.com"]
    assert 1 <= len(tried) <= 3, "the attempts of one call"


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
