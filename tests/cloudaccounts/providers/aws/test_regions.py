"""The static table against the installed SDK, so that it cannot fall behind unnoticed."""

from __future__ import annotations

import json
import unicodedata
from importlib.resources import files

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.regions import (
    PARTITIONS,
    Partition,
    is_region,
    regions_of,
    require_regions,
    signing_region,
)


def plain_letters(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def sdk_partition(name: str) -> dict[str, dict[str, str]]:
    data = json.loads(files("botocore").joinpath("data/partitions.json").read_text(encoding="utf-8"))
    return next(item for item in data["partitions"] if item["id"] == name)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_table_is_the_sdks(partition: str) -> None:
    sdk = {
        name: plain_letters(str(region["description"]))  # type: ignore[index] # JSON
        for name, region in sdk_partition(partition)["regions"].items()
        if not name.endswith("-global")
    }
    assert {region.name: plain_letters(region.label) for region in regions_of(partition)} == sdk


@pytest.mark.parametrize("partition", PARTITIONS.values(), ids=lambda partition: partition.name)
def test_host_suffixes_are_the_sdks(partition: object) -> None:
    assert partition.dns_suffix == sdk_partition(partition.name)["outputs"]["dnsSuffix"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_region_stands_once_under_one_geography(partition: str) -> None:
    regions = regions_of(partition)
    assert len({region.name for region in regions}) == len(regions)
    geographies = [region.geography for region in regions]
    assert list(dict.fromkeys(geographies)) == [
        one for index, one in enumerate(geographies) if index == 0 or geographies[index - 1] != one
    ]


def test_the_standard_partition_is_offered_first() -> None:
    assert [choice.value for choice in PROVIDER.partitions()] == ["aws", "aws-us-gov", "aws-cn", "aws-eusc"]


def test_every_partition_of_the_sdk_is_offered_but_those_without_a_public_network() -> None:
    data = json.loads(files("botocore").joinpath("data/partitions.json").read_text(encoding="utf-8"))
    sdk = {item["id"] for item in data["partitions"]}
    assert {name for name in sdk if not name.startswith("aws-iso")} == set(PARTITIONS)


def test_every_region_that_the_sdk_has_endpoints_for_is_offered() -> None:
    """botocore's other file. It lags behind partitions.json, so it may know fewer, and never more."""
    data = json.loads(files("botocore").joinpath("data/endpoints.json").read_text(encoding="utf-8"))
    by_partition = {item["partition"]: set(item["regions"]) for item in data["partitions"]}
    for partition in PARTITIONS:
        assert {region.name for region in regions_of(partition)} >= by_partition[partition]


@pytest.mark.parametrize("partition", PARTITIONS.values(), ids=lambda partition: partition.name)
def test_the_home_is_a_region_that_no_account_can_switch_off(partition: Partition) -> None:
    assert partition.home in PROVIDER.default_regions(partition.name)


def test_seventeen_regions_are_always_on() -> None:
    assert len(PROVIDER.default_regions("aws")) == 17


@pytest.mark.parametrize(
    "name", ["", "us-east-1 ", "us-east-1.evil.com", "US-EAST-1", "us-east-1/", "cn-north-1", "us-gov-west-1", "../x"]
)
def test_a_name_outside_the_table_is_no_region(name: str) -> None:
    assert not is_region("aws", name)
    with pytest.raises(ProviderError) as caught:
        require_regions("aws", ["us-east-1", name])
    assert caught.value.code == "region_unknown"


def test_an_unknown_partition_has_no_regions() -> None:
    assert PROVIDER.regions("aws-iso") == ()
    with pytest.raises(ProviderError, match="partition_unknown"):
        require_regions("aws-iso", [])


@pytest.mark.parametrize(
    ("partition", "chosen", "asked"),
    [
        ("aws", ("eu-central-2", "eu-west-3"), "eu-west-3"),
        ("aws", ("ap-east-1",), "us-east-1"),
        ("aws", (), "us-east-1"),
        ("aws-cn", ("cn-northwest-1",), "cn-northwest-1"),
        ("aws-us-gov", (), "us-gov-west-1"),
    ],
)
def test_the_account_is_asked_where_no_region_can_be_off(partition: str, chosen: tuple[str, ...], asked: str) -> None:
    assert signing_region(partition, chosen) == asked
