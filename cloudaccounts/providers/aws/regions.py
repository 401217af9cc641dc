"""AWS partitions and their regions, as a table, so that pages and input checks load no SDK.

Labels are AWS's own (botocore's ``partitions.json``); a test compares the table with the installed botocore, so that it
cannot fall behind unnoticed. A region is part of host names, so only names that `is_region` knows reach the SDK.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Choice, Region
from cloudaccounts.provider_kit.regions import require_known_regions


@dataclass(frozen=True, slots=True)
class Partition:
    """One AWS that shares nothing with the others: no account, identity or role is known in two of them.

    ``home`` is the region that is always enabled and holds the control plane of IAM; ``console`` its console's host.
    """

    name: str
    label: str
    home: str
    dns_suffix: str
    console: str


PARTITIONS: MappingProxyType[str, Partition] = MappingProxyType(
    {
        partition.name: partition
        for partition in (
            Partition("aws", "AWS (standard)", "us-east-1", "amazonaws.com", "console.aws.amazon.com"),
            Partition(
                "aws-us-gov", "AWS GovCloud (US)", "us-gov-west-1", "amazonaws.com", "console.amazonaws-us-gov.com"
            ),
            Partition("aws-cn", "AWS China", "cn-north-1", "amazonaws.com.cn", "console.amazonaws.cn"),
            # Its console: https://docs.aws.eu/general/latest/gr/endpoints.html
            Partition(
                "aws-eusc",
                "AWS European Sovereign Cloud",
                "eusc-de-east-1",
                "amazonaws.eu",
                "console.amazonaws-eusc.eu",
            ),
        )
    }
)

_NORTH_AMERICA = "North America"
_SOUTH_AMERICA = "South America"
_EUROPE = "Europe"
_ASIA_PACIFIC = "Asia Pacific"
_MIDDLE_EAST = "Middle East"
_AFRICA = "Africa"
_CHINA = "China"

# Grouped by geography; regions of one geography in the order in which AWS lists them.
_REGIONS: dict[str, tuple[Region, ...]] = {
    "aws": (
        Region("us-east-1", "US East (N. Virginia)", _NORTH_AMERICA),
        Region("us-east-2", "US East (Ohio)", _NORTH_AMERICA),
        Region("us-west-1", "US West (N. California)", _NORTH_AMERICA),
        Region("us-west-2", "US West (Oregon)", _NORTH_AMERICA),
        Region("ca-central-1", "Canada (Central)", _NORTH_AMERICA),
        Region("ca-west-1", "Canada West (Calgary)", _NORTH_AMERICA),
        Region("mx-central-1", "Mexico (Central)", _NORTH_AMERICA),
        Region("eu-central-1", "Europe (Frankfurt)", _EUROPE),
        Region("eu-central-2", "Europe (Zurich)", _EUROPE),
        Region("eu-north-1", "Europe (Stockholm)", _EUROPE),
        Region("eu-south-1", "Europe (Milan)", _EUROPE),
        Region("eu-south-2", "Europe (Spain)", _EUROPE),
        Region("eu-west-1", "Europe (Ireland)", _EUROPE),
        Region("eu-west-2", "Europe (London)", _EUROPE),
        Region("eu-west-3", "Europe (Paris)", _EUROPE),
        Region("ap-east-1", "Asia Pacific (Hong Kong)", _ASIA_PACIFIC),
        Region("ap-east-2", "Asia Pacific (Taipei)", _ASIA_PACIFIC),
        Region("ap-northeast-1", "Asia Pacific (Tokyo)", _ASIA_PACIFIC),
        Region("ap-northeast-2", "Asia Pacific (Seoul)", _ASIA_PACIFIC),
        Region("ap-northeast-3", "Asia Pacific (Osaka)", _ASIA_PACIFIC),
        Region("ap-south-1", "Asia Pacific (Mumbai)", _ASIA_PACIFIC),
        Region("ap-south-2", "Asia Pacific (Hyderabad)", _ASIA_PACIFIC),
        Region("ap-southeast-1", "Asia Pacific (Singapore)", _ASIA_PACIFIC),
        Region("ap-southeast-2", "Asia Pacific (Sydney)", _ASIA_PACIFIC),
        Region("ap-southeast-3", "Asia Pacific (Jakarta)", _ASIA_PACIFIC),
        Region("ap-southeast-4", "Asia Pacific (Melbourne)", _ASIA_PACIFIC),
        Region("ap-southeast-5", "Asia Pacific (Malaysia)", _ASIA_PACIFIC),
        Region("ap-southeast-6", "Asia Pacific (New Zealand)", _ASIA_PACIFIC),
        Region("ap-southeast-7", "Asia Pacific (Thailand)", _ASIA_PACIFIC),
        Region("il-central-1", "Israel (Tel Aviv)", _MIDDLE_EAST),
        Region("me-central-1", "Middle East (UAE)", _MIDDLE_EAST),
        Region("me-south-1", "Middle East (Bahrain)", _MIDDLE_EAST),
        Region("me-west-1", "Middle East (Saudi Arabia)", _MIDDLE_EAST),
        Region("sa-east-1", "South America (São Paulo)", _SOUTH_AMERICA),
        Region("sa-west-1", "South America (Chile)", _SOUTH_AMERICA),
        Region("af-south-1", "Africa (Cape Town)", _AFRICA),
    ),
    "aws-us-gov": (
        Region("us-gov-east-1", "AWS GovCloud (US-East)", _NORTH_AMERICA),
        Region("us-gov-west-1", "AWS GovCloud (US-West)", _NORTH_AMERICA),
    ),
    "aws-cn": (
        Region("cn-north-1", "China (Beijing)", _CHINA),
        Region("cn-northwest-1", "China (Ningxia)", _CHINA),
    ),
    "aws-eusc": (Region("eusc-de-east-1", "AWS European Sovereign Cloud (Germany)", _EUROPE),),
}

# For look-ups; the order of `_REGIONS` is for people.
_NAMES = {partition: frozenset(region.name for region in regions) for partition, regions in _REGIONS.items()}

# Regions launched after 20 March 2019 are off until the account switches them on; all others are always on:
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
_OPT_IN = frozenset(
    {
        *("ca-west-1", "mx-central-1", "eu-central-2", "eu-south-1", "eu-south-2", "sa-west-1", "af-south-1"),
        *("ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
        *("ap-southeast-6", "ap-southeast-7", "il-central-1", "me-central-1", "me-south-1", "me-west-1"),
    }
)


def partition_choices() -> tuple[Choice, ...]:
    """The standard partition first."""
    return tuple(Choice(partition.name, partition.label) for partition in PARTITIONS.values())


def regions_of(partition: str) -> tuple[Region, ...]:
    """Empty for an unknown partition."""
    return _REGIONS.get(partition, ())


def always_enabled(partition: str) -> tuple[str, ...]:
    """The regions that no account of the partition can switch off."""
    return tuple(region.name for region in regions_of(partition) if region.name not in _OPT_IN)


def is_region(partition: str, name: str) -> bool:
    return name in _NAMES.get(partition, frozenset())


def partition_of(name: str) -> Partition:
    """Raises `ProviderError` (``partition_unknown``) where there is no such partition."""
    try:
        return PARTITIONS[name]
    except KeyError:
        raise ProviderError(
            "partition_unknown",
            "This partition of AWS is not known here.",
            f"Choose one of: {', '.join(PARTITIONS)}.",
        ) from None


def require_regions(partition: str, names: Iterable[str]) -> tuple[str, ...]:
    """See `require_known_regions`. Raises `ProviderError` also for an unknown partition."""
    label = partition_of(partition).label
    return require_known_regions(names, _NAMES[partition], partition_label=label)


def signing_region(partition: str, chosen: Iterable[str]) -> str:
    """The region in which STS and EC2 are asked about the account as a whole: the first chosen one that is always on.

    Chosen regions come first, which keeps the calls near. STS of an opt-in region may be disabled, so where only such
    were chosen it is the partition's home.
    """
    return next(
        (name for name in chosen if name not in _OPT_IN and is_region(partition, name)), partition_of(partition).home
    )
