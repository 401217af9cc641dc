"""Google Cloud's regions, as a table, so that pages and input checks load no SDK.

Source: https://cloud.google.com/about/locations and https://cloud.google.com/compute/docs/regions-zones. Every project
can use every region, unless the organization policy ``gcp.resourceLocations`` forbids it.
"""

from __future__ import annotations

from collections.abc import Iterable

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Choice, Region
from cloudaccounts.contract.report import RegionResult

PARTITION = "gcp"
GLOBAL = "global"

_AFRICA = "Africa"
_ASIA_PACIFIC = "Asia Pacific"
_EUROPE = "Europe"
_MIDDLE_EAST = "Middle East"
_NORTH_AMERICA = "North America"
_SOUTH_AMERICA = "South America"

REGIONS: tuple[Region, ...] = (
    Region("us-central1", "Iowa", _NORTH_AMERICA),
    Region("us-east1", "South Carolina", _NORTH_AMERICA),
    Region("us-east4", "Northern Virginia", _NORTH_AMERICA),
    Region("us-east5", "Columbus", _NORTH_AMERICA),
    Region("us-south1", "Dallas", _NORTH_AMERICA),
    Region("us-west1", "Oregon", _NORTH_AMERICA),
    Region("us-west2", "Los Angeles", _NORTH_AMERICA),
    Region("us-west3", "Salt Lake City", _NORTH_AMERICA),
    Region("us-west4", "Las Vegas", _NORTH_AMERICA),
    Region("northamerica-northeast1", "Montréal", _NORTH_AMERICA),
    Region("northamerica-northeast2", "Toronto", _NORTH_AMERICA),
    Region("northamerica-south1", "Querétaro", _NORTH_AMERICA),
    Region("southamerica-east1", "São Paulo", _SOUTH_AMERICA),
    Region("southamerica-west1", "Santiago", _SOUTH_AMERICA),
    Region("europe-west1", "Belgium", _EUROPE),
    Region("europe-west2", "London", _EUROPE),
    Region("europe-west3", "Frankfurt", _EUROPE),
    Region("europe-west4", "Netherlands", _EUROPE),
    Region("europe-west6", "Zürich", _EUROPE),
    Region("europe-west8", "Milan", _EUROPE),
    Region("europe-west9", "Paris", _EUROPE),
    Region("europe-west10", "Berlin", _EUROPE),
    Region("europe-west12", "Turin", _EUROPE),
    Region("europe-central2", "Warsaw", _EUROPE),
    Region("europe-north1", "Finland", _EUROPE),
    Region("europe-north2", "Stockholm", _EUROPE),
    Region("europe-southwest1", "Madrid", _EUROPE),
    Region("asia-east1", "Taiwan", _ASIA_PACIFIC),
    Region("asia-east2", "Hong Kong", _ASIA_PACIFIC),
    Region("asia-northeast1", "Tokyo", _ASIA_PACIFIC),
    Region("asia-northeast2", "Osaka", _ASIA_PACIFIC),
    Region("asia-northeast3", "Seoul", _ASIA_PACIFIC),
    Region("asia-south1", "Mumbai", _ASIA_PACIFIC),
    Region("asia-south2", "Delhi", _ASIA_PACIFIC),
    Region("asia-southeast1", "Singapore", _ASIA_PACIFIC),
    Region("asia-southeast2", "Jakarta", _ASIA_PACIFIC),
    Region("asia-southeast3", "Bangkok", _ASIA_PACIFIC),
    Region("australia-southeast1", "Sydney", _ASIA_PACIFIC),
    Region("australia-southeast2", "Melbourne", _ASIA_PACIFIC),
    Region("me-central1", "Doha", _MIDDLE_EAST),
    Region("me-central2", "Dammam", _MIDDLE_EAST),
    Region("me-west1", "Tel Aviv", _MIDDLE_EAST),
    Region("africa-south1", "Johannesburg", _AFRICA),
)
NAMES = frozenset(region.name for region in REGIONS)


def partition_choices() -> tuple[Choice, ...]:
    return (Choice(PARTITION, "Google Cloud"),)


def regions_of(partition: str) -> tuple[Region, ...]:
    return REGIONS if partition == PARTITION else ()


def project_regions() -> tuple[RegionResult, ...]:
    """All of them: a project has nothing to enable, and what is in a region that this table lacks counts as global."""
    return tuple(RegionResult(region.name, True) for region in REGIONS)


def require_regions(names: Iterable[str]) -> tuple[str, ...]:
    """The names, without repetition. Raises `ProviderError` (``region_unknown``) for one that does not exist."""
    regions = tuple(dict.fromkeys(names))
    for name in regions:
        if name not in NAMES:
            raise ProviderError(
                "region_unknown",
                "One of the regions is not a region of Google Cloud.",
                "Choose regions from the list.",
            )
    return regions


def region_of(location: str) -> str:
    """The region of one of Cloud Asset's locations, which may be a zone; `GLOBAL` for anything else."""
    if location in NAMES:
        return location
    # A zone is its region with one letter behind a hyphen: europe-west1-b.
    head, _, zone = location.rpartition("-")
    return head if head in NAMES and len(zone) == 1 else GLOBAL
