"""The tables of clouds and regions, against the installed SDK."""

from __future__ import annotations

import pytest
from azure.core import AzureClouds
from azure.identity import AzureAuthorityHosts
from azure.mgmt.core.tools import get_arm_endpoints

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.azure.clouds import CLOUDS, cloud_of, is_region, require_regions
from cloudaccounts.providers.azure.provider import PROVIDER
from sandbox.azure.clouds import ENDPOINTS, LOCATIONS


def test_hosts_and_scopes_are_the_sdks_own() -> None:
    hosts = {
        "public": AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
        "usgovernment": AzureAuthorityHosts.AZURE_GOVERNMENT,
        "china": AzureAuthorityHosts.AZURE_CHINA,
    }
    assert {cloud.sdk for cloud in CLOUDS.values()} == {cloud.value for cloud in AzureClouds}
    for cloud in CLOUDS.values():
        endpoints = get_arm_endpoints(AzureClouds(cloud.sdk))
        assert f"https://{cloud.management}/" == endpoints["resource_manager"]
        assert [cloud.scope] == endpoints["credential_scopes"]
        assert cloud.login == hosts[cloud.name]


def test_each_host_is_simulated() -> None:
    hosts = {host for cloud in CLOUDS.values() for host in (cloud.login, cloud.management, cloud.graph)}
    assert hosts == set(ENDPOINTS)
    for cloud, locations in LOCATIONS.items():
        assert all(is_region(cloud, name) for name, _, _ in locations)


def test_the_public_cloud_comes_first_and_regions_are_unique() -> None:
    assert [choice.value for choice in PROVIDER.partitions()] == ["public", "usgovernment", "china"]
    names = [region.name for cloud in CLOUDS for region in PROVIDER.regions(cloud)]
    assert len(set(names)) == len(names) > 60
    assert all(name.isascii() and name.isalnum() and name.islower() for name in names)
    assert PROVIDER.regions("evil.com") == ()


def test_a_region_outside_the_cloud_is_refused_without_repeating_it() -> None:
    assert require_regions("public", ("eastus", "eastus")) == ("eastus",)
    with pytest.raises(ProviderError) as caught:
        require_regions("public", ("eastus", "evil.com"))
    assert caught.value.code == "region_unknown"
    assert "evil" not in str(caught.value)


def test_an_unknown_cloud_is_refused_without_repeating_it() -> None:
    with pytest.raises(ProviderError) as caught:
        cloud_of("evil.com")
    assert caught.value.code == "partition_unknown"
    assert "evil" not in str(caught.value)
