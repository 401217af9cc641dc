"""The directory behind an optional grant, on the wire: what is read of it, and what is no gap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.azure.checks import CHECKS
from cloudaccounts.providers.azure.inventory import open_session
from cloudaccounts.providers.azure.permissions import GRAPH_APPS, GRAPH_PERMISSIONS, GRAPH_POLICIES
from tests.cloudaccounts.providers.azure.conftest import Cloud


def test_a_tenant_without_licenses_is_told_as_such(cloud: Cloud) -> None:
    credentials, account = cloud.scenario("Azure China")
    assets = cloud.scan(credentials, account, partition="china", regions=("chinanorth3",))
    (tenant,) = [asset for asset in assets if asset.type == "azure.entra.tenant"]
    assert tenant.properties["unreadable"] == {"without_second_factor": "license_of_microsoft_entra_id_p1_missing"}
    assert tenant.properties["security_defaults"] is False
    assert "microsoftgraph.chinacloudapi.cn" in cloud.hosts()


@pytest.mark.parametrize(("place", "wanted"), [("legacy-reporting", Verdict.FAIL), ("partner-shop", Verdict.PASS)])
def test_what_holds_for_every_other_tenant_is_read_with_the_same_grant(
    cloud: Cloud, place: str, wanted: Verdict
) -> None:
    credentials = cloud.app(place, graph=[GRAPH_POLICIES])
    assets = cloud.scan(credentials, place, regions=("westeurope",))
    (tenant,) = [asset for asset in assets if asset.type == "azure.entra.tenant"]
    settings = tenant.properties["cross_tenant"]
    assert set(settings["direct_people"]) == {"access", "all"}
    verdicts = {
        check.id: check.evaluate(tenant).verdict
        for check in CHECKS
        if check.id in {"azure_entra_cross_tenant_trust", "azure_entra_direct_connect"}
    }
    assert set(verdicts.values()) == {wanted}
    assert len(verdicts) == 2


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
    assert set(codes) == {
        "security_defaults", "conditional_access_policies", "authorization", "cross_tenant", "without_second_factor",
    }  # fmt: skip
    assert set(codes.values()) == {caught.value.code}
    tried = [item for item in cloud.control.hosts() if item["host"] == "graph.microsoft.com"]
    assert 1 <= len(tried) <= 3, "the attempts of one call"
