"""AWS's production host names: which service, region, partition and bucket a name stands for."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

PARTITIONS = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
# The region that a host without one is signed for (botocore data/endpoints.json, `partitionEndpoint` scopes).
HOME_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}

_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
_SUFFIX = r"amazonaws\.com(?P<china>\.cn)?"
_S3 = re.compile(rf"(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?s3(?:[.-](?:dualstack\.)?{_REGION})?\.{_SUFFIX}")
_S3_CONTROL = re.compile(rf"(?:\d{{12}}\.)?s3-control\.(?:dualstack\.)?{_REGION}\.{_SUFFIX}")
_SERVICE = re.compile(rf"(?P<service>(?:api\.|runtime\.)?[a-z0-9-]+)(?:\.{_REGION}|\.(?P<gov>us-gov))?\.{_SUFFIX}")


@dataclass(frozen=True)
class Endpoint:
    service: str
    region: str
    partition: str
    bucket: str = ""


@lru_cache
def _endpoints() -> dict[str, dict[str, Any]]:
    """botocore's own list of partitions, with their regions and endpoint prefixes."""
    data = json.loads(files("botocore").joinpath("data/endpoints.json").read_text(encoding="utf-8"))
    return {part["partition"]: part for part in data["partitions"]}


@lru_cache
def regions(partition: str) -> tuple[str, ...]:
    return tuple(sorted(_endpoints()[partition]["regions"]))


@lru_cache
def partition_of(region: str) -> str | None:
    return next((name for name in PARTITIONS if region in _endpoints()[name]["regions"]), None)


@lru_cache
def _services() -> frozenset[str]:
    return frozenset(prefix for name in PARTITIONS for prefix in _endpoints()[name]["services"])


@lru_cache(maxsize=4096)
def parse(host: str) -> Endpoint | None:
    """The endpoint that a host name stands for; None where AWS has no such service or region."""
    match = _S3_CONTROL.fullmatch(host)
    service, bucket = "s3-control", ""
    # In this order: S3's control plane and buckets would both fit the pattern of a service with something in front.
    if match is None and (match := _S3.fullmatch(host)):
        service, bucket = "s3", match["bucket"] or ""
    if match is None and (match := _SERVICE.fullmatch(host)):
        service = match["service"]
        # botocore's own list, so that a host that AWS does not have is refused as any other.
        if service not in _services():
            return None
    if match is None:
        return None
    named = match.groupdict()
    partition = "aws-cn" if named["china"] else "aws-us-gov" if named.get("gov") else "aws"
    region = named["region"] or HOME_REGIONS[partition]
    region_partition = partition_of(region)
    # A region of one partition below another's suffix is no host of AWS.
    if region_partition is None or (region_partition == "aws-cn") != (partition == "aws-cn"):
        return None
    return Endpoint(service, region, region_partition, bucket)
