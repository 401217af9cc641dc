"""Links into Azure's portals: each kind of id, and ids that somebody made up."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud

SUBSCRIPTION = "1f6ad2c0-0a51-4b3e-8f55-0d6a3c1f2b10"
TENANT = "5c1e0f7a-90a1-4b3e-8f55-0d6a3c1f2b11"
OWN = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{OWN}/resourcegroups/lake"
PORTALS = {"public": "portal.azure.com", "usgovernment": "portal.azure.us", "china": "portal.azure.cn"}


def link(native_id: str, *, partition: str = "public", tenant: str = TENANT, account: str = SUBSCRIPTION) -> str:
    asset = Asset("azure.any.thing", "any", "westeurope", native_id, "x")
    return PROVIDER.build_console_link(asset, account_id=account, partition=partition, tenant=tenant)


@pytest.mark.parametrize(
    ("native_id", "blade"),
    [
        (OWN, f"{OWN}/overview"),
        (GROUP, f"{GROUP}/overview"),
        *(
            (f"{GROUP}/providers/{kind}/one", f"{GROUP}/providers/{kind}/one/overview")
            for kind in (
                "microsoft.compute/virtualmachines",
                "microsoft.compute/disks",
                "microsoft.network/networksecuritygroups",
                "microsoft.network/virtualnetworks",
                "microsoft.network/publicipaddresses",
                "microsoft.storage/storageaccounts",
                "microsoft.keyvault/vaults",
                "microsoft.sql/servers",
                "microsoft.dbforpostgresql/flexibleservers",
                "microsoft.web/sites",
                "microsoft.containerservice/managedclusters",
                "microsoft.insights/activitylogalerts",
            )
        ),
        (f"{GROUP}/providers/microsoft.network/dnszones/a.example", None),
        (
            f"{GROUP}/providers/microsoft.sql/servers/a/databases/b",
            f"{GROUP}/providers/microsoft.sql/servers/a/overview",
        ),
        (
            f"{GROUP}/providers/microsoft.sql/servers/a/firewallrules/allow all (old)",
            f"{GROUP}/providers/microsoft.sql/servers/a/overview",
        ),
        (f"{OWN}/providers/microsoft.authorization/roleassignments/{TENANT}", f"{OWN}/users"),
        (f"{OWN}/providers/microsoft.authorization/roledefinitions/{TENANT}", f"{OWN}/users"),
        (f"/providers/microsoft.authorization/roleassignments/{TENANT}", f"{OWN}/users"),
        (
            f"/providers/microsoft.management/managementgroups/m/providers/microsoft.authorization/roleassignments/{TENANT}",
            f"{OWN}/users",
        ),
        (f"{OWN}/providers/microsoft.insights/eventtypes/management", f"{OWN}/overview"),
        (f"{OWN}/providers/microsoft.security/pricings", f"{OWN}/overview"),
        (GROUP.upper(), f"{GROUP}/overview"),
    ],
)
@pytest.mark.parametrize("partition", PORTALS)
def test_each_kind_has_its_blade_in_its_cloud(native_id: str, blade: str | None, partition: str) -> None:
    expected = blade or f"{native_id}/overview"
    assert link(native_id, partition=partition) == f"https://{PORTALS[partition]}/#@{TENANT}/resource{expected}"
    without = link(native_id, partition=partition, tenant="")
    assert without == f"https://{PORTALS[partition]}/#resource{expected}"


@pytest.mark.parametrize(
    "native_id",
    [
        "",
        "/",
        "/subscriptions/",
        f"/subscriptions/{TENANT}/resourcegroups/other",
        f"{OWN}x/resourcegroups/lake",
        f"{OWN}/resourcegroups/",
        f"{OWN}/resourcegroups/../../evil",
        f"{GROUP}/providers/microsoft.sql/servers",
        f"{GROUP}/providers/microsoft.sql/servers/..",
        f"{GROUP}/providers/microsoft.sql/servers/a@evil.com",
        f"{GROUP}/providers/microsoft.sql/servers/a#b",
        f"{GROUP}/providers/microsoft.sql/servers/a?b",
        f"{GROUP}/providers/microsoft.sql/servers/a%2f",
        f"{GROUP}/providers/microsoft.sql/servers/a b",
        f"{GROUP}/providers/evil/x/y",
        f"{GROUP}/providers/microsoft.sql:443/servers/x",
        f"{GROUP}/locks/x",
        "/providers/microsoft.management/managementgroups/m",
        "https://evil.com/",
        "//evil.com/subscriptions/x",
    ],
)
def test_what_does_not_fit_has_no_link(native_id: str) -> None:
    assert link(native_id) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": "evil.com"},
        {"tenant": f"{TENANT}/x"},
        {"partition": "aws"},
        {"partition": ""},
        {"account": "evil"},
        {"account": ""},
    ],
)
def test_what_is_around_it_is_validated_as_well(wrong: dict[str, str]) -> None:
    assert link(GROUP, **wrong) == ""


pieces = st.sampled_from(
    ["/", "..", "@", "#", ":", "?", "%2f", "\\", " ", "evil.com", "providers", "subscriptions", SUBSCRIPTION, "\n", "é"]
)


@given(tail=st.lists(pieces | st.text(max_size=6), max_size=10), tenant=st.sampled_from(["", TENANT, "evil.com"]))
def test_no_crafted_id_leads_elsewhere(tail: list[str], tenant: str) -> None:
    for start in ("", OWN, GROUP, f"{GROUP}/providers/microsoft.sql/servers/"):
        found = link(start + "".join(tail), tenant=tenant)
        if found:
            parts = urlsplit(found)
            assert (parts.scheme, parts.netloc, parts.path, parts.query) == ("https", "portal.azure.com", "/", "")
            assert found.isascii()
            assert not set(found) & set(" \\\n<>\"'%?")
            assert ".." not in found.split("/")
            assert found.count("#") == 1


def test_an_app_is_among_the_registrations() -> None:
    made = link(f"/tenants/{TENANT}/applications/{TENANT}")
    assert made.endswith(f"#@{TENANT}/view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/RegisteredApps")
    assert link(f"/tenants/{TENANT}/applications/x") == link(f"/tenants/{TENANT}/applications/{TENANT}/y") == ""


def test_everything_that_a_scan_finds_has_a_link(cloud: Cloud) -> None:
    for place in ("data-platform", "payments-prod"):
        for asset in cloud.scan(cloud.app(place), place, regions=REGIONS):
            made = PROVIDER.build_console_link(asset, account_id=cloud.places[place], partition="public", tenant=TENANT)
            assert made, asset.native_id


def test_the_tenant_is_told_with_the_credential(cloud: Cloud) -> None:
    credentials = cloud.app()
    assert PROVIDER.describe(credentials).tenant == credentials["tenant_id"]
    assert PROVIDER.describe(cloud.federated()).tenant == credentials["tenant_id"]
