"""Azure's clouds and their regions, as tables, so that pages and input checks load no SDK.

Host names come from this table only: no setting, form or answer chooses one. The hosts are those of the
SDK (azure-identity's ``AzureAuthorityHosts``, azure-mgmt-core's ``get_arm_endpoints``; a test compares), those of
Microsoft Graph from https://learn.microsoft.com/graph/deployments. Names of the clouds are Terraform's ``environment``
values; regions and their names are those of ``az account list-locations``:
https://learn.microsoft.com/azure/reliability/regions-list
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Choice, Region
from cloudaccounts.provider_kit.regions import require_known_regions


@dataclass(frozen=True, slots=True)
class Cloud:
    """One Azure that shares nothing with the others: no tenant, subscription or app is known in two of them."""

    name: str
    label: str
    login: str  # host of Microsoft Entra ID
    management: str  # host of Azure Resource Manager
    scope: str  # what a token for it is asked for
    graph: str  # host of Microsoft Graph
    portal: str
    sdk: str  # azure.core.AzureClouds
    cli: str  # `az cloud set --name`
    audience: str  # of tokens that this server presents (federated credentials)


CLOUDS: MappingProxyType[str, Cloud] = MappingProxyType(
    {
        cloud.name: cloud
        for cloud in (
            Cloud(
                name="public",
                label="Azure (public)",
                login="login.microsoftonline.com",
                management="management.azure.com",
                scope="https://management.azure.com/.default",
                graph="graph.microsoft.com",
                portal="portal.azure.com",
                sdk="AZURE_PUBLIC_CLOUD",
                cli="AzureCloud",
                audience="api://AzureADTokenExchange",
            ),
            Cloud(
                name="usgovernment",
                label="Azure US Government",
                login="login.microsoftonline.us",
                management="management.usgovcloudapi.net",
                scope="https://management.core.usgovcloudapi.net/.default",
                graph="graph.microsoft.us",
                portal="portal.azure.us",
                sdk="AZURE_US_GOVERNMENT",
                cli="AzureUSGovernment",
                audience="api://AzureADTokenExchangeUSGov",
            ),
            Cloud(
                name="china",
                label="Azure China (21Vianet)",
                login="login.chinacloudapi.cn",
                management="management.chinacloudapi.cn",
                scope="https://management.chinacloudapi.cn/.default",
                graph="microsoftgraph.chinacloudapi.cn",
                portal="portal.azure.cn",
                sdk="AZURE_CHINA_CLOUD",
                cli="AzureChinaCloud",
                audience="api://AzureADTokenExchangeChina",
            ),
        )
    }
)

# Geography, then name and label of each region, in the order in which a person looks for them.
_TABLE: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "public": {
        "Europe": (
            ("westeurope", "West Europe (Netherlands)"),
            ("northeurope", "North Europe (Ireland)"),
            ("austriaeast", "Austria East"),
            ("belgiumcentral", "Belgium Central"),
            ("denmarkeast", "Denmark East"),
            ("francecentral", "France Central"),
            ("francesouth", "France South"),
            ("germanynorth", "Germany North"),
            ("germanywestcentral", "Germany West Central"),
            ("italynorth", "Italy North"),
            ("norwayeast", "Norway East"),
            ("norwaywest", "Norway West"),
            ("polandcentral", "Poland Central"),
            ("spaincentral", "Spain Central"),
            ("swedencentral", "Sweden Central"),
            ("swedensouth", "Sweden South"),
            ("switzerlandnorth", "Switzerland North"),
            ("switzerlandwest", "Switzerland West"),
            ("uksouth", "UK South"),
            ("ukwest", "UK West"),
        ),
        "North America": (
            ("eastus", "East US"),
            ("eastus2", "East US 2"),
            ("centralus", "Central US"),
            ("northcentralus", "North Central US"),
            ("southcentralus", "South Central US"),
            ("westcentralus", "West Central US"),
            ("westus", "West US"),
            ("westus2", "West US 2"),
            ("westus3", "West US 3"),
            ("canadacentral", "Canada Central"),
            ("canadaeast", "Canada East"),
            ("mexicocentral", "Mexico Central"),
        ),
        "South America": (
            ("brazilsouth", "Brazil South"),
            ("brazilsoutheast", "Brazil Southeast"),
            ("chilecentral", "Chile Central"),
        ),
        "Asia Pacific": (
            ("eastasia", "East Asia (Hong Kong)"),
            ("southeastasia", "Southeast Asia (Singapore)"),
            ("australiacentral", "Australia Central"),
            ("australiacentral2", "Australia Central 2"),
            ("australiaeast", "Australia East"),
            ("australiasoutheast", "Australia Southeast"),
            ("centralindia", "Central India"),
            ("southindia", "South India"),
            ("westindia", "West India"),
            ("jioindiacentral", "Jio India Central"),
            ("jioindiawest", "Jio India West"),
            ("indonesiacentral", "Indonesia Central"),
            ("japaneast", "Japan East"),
            ("japanwest", "Japan West"),
            ("koreacentral", "Korea Central"),
            ("koreasouth", "Korea South"),
            ("malaysiawest", "Malaysia West"),
            ("newzealandnorth", "New Zealand North"),
        ),
        "Middle East": (
            ("israelcentral", "Israel Central"),
            ("qatarcentral", "Qatar Central"),
            ("uaecentral", "UAE Central"),
            ("uaenorth", "UAE North"),
        ),
        "Africa": (
            ("southafricanorth", "South Africa North"),
            ("southafricawest", "South Africa West"),
        ),
    },
    "usgovernment": {
        "North America": (
            ("usgovvirginia", "USGov Virginia"),
            ("usgovarizona", "USGov Arizona"),
            ("usgovtexas", "USGov Texas"),
            ("usdodcentral", "USDoD Central"),
            ("usdodeast", "USDoD East"),
        ),
    },
    "china": {
        "China": (
            ("chinaeast", "China East"),
            ("chinaeast2", "China East 2"),
            ("chinaeast3", "China East 3"),
            ("chinanorth", "China North"),
            ("chinanorth2", "China North 2"),
            ("chinanorth3", "China North 3"),
        ),
    },
}

_REGIONS: dict[str, tuple[Region, ...]] = {
    cloud: tuple(Region(name, label, geography) for geography, rows in table.items() for name, label in rows)
    for cloud, table in _TABLE.items()
}
_NAMES = {cloud: frozenset(region.name for region in regions) for cloud, regions in _REGIONS.items()}


def cloud_choices() -> tuple[Choice, ...]:
    """The public cloud first."""
    return tuple(Choice(cloud.name, cloud.label) for cloud in CLOUDS.values())


def regions_of(cloud: str) -> tuple[Region, ...]:
    """Empty for an unknown cloud."""
    return _REGIONS.get(cloud, ())


def is_region(cloud: str, name: str) -> bool:
    return name in _NAMES.get(cloud, frozenset())


def cloud_of(name: str) -> Cloud:
    """Raises `ProviderError` (``partition_unknown``) where there is no such cloud."""
    try:
        return CLOUDS[name]
    except KeyError:
        raise ProviderError(
            "partition_unknown", "This cloud of Azure is not known here.", f"Choose one of: {', '.join(CLOUDS)}."
        ) from None


def require_regions(cloud: str, names: Iterable[str]) -> tuple[str, ...]:
    """See `require_known_regions`. Raises `ProviderError` also for an unknown cloud."""
    label = cloud_of(cloud).label
    return require_known_regions(names, _NAMES[cloud], partition_label=label)
