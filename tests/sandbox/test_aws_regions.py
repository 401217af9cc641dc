"""Regions: which an account has enabled, and what the others answer."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.control import Control
from sandbox.rig import Rig
from tests.sandbox.conftest import Fields, MakeClient, refusal


def statuses(answer: Any) -> dict[str, str]:
    return {one["RegionName"]: one["OptInStatus"] for one in answer["Regions"]}


def test_ec2_tells_the_enabled_regions(client: MakeClient, auditor: Fields) -> None:
    known = statuses(client("ec2", auditor).describe_regions())
    assert known["us-east-1"] == "opt-in-not-required"
    assert known["eu-south-1"] == "opted-in"
    assert "me-central-1" not in known
    assert len(known) == 18


def test_ec2_tells_all_regions_when_asked(client: MakeClient, auditor: Fields) -> None:
    known = statuses(client("ec2", auditor).describe_regions(AllRegions=True))
    assert known["me-central-1"] == known["eu-central-2"] == "not-opted-in"
    ec2 = client("ec2", auditor)
    wanted = [{"Name": "opt-in-status", "Values": ["not-opted-in"]}]
    assert set(statuses(ec2.describe_regions(AllRegions=True, Filters=wanted)).values()) == {"not-opted-in"}
    assert statuses(ec2.describe_regions(RegionNames=["eu-west-1"])) == {"eu-west-1": "opt-in-not-required"}
    assert refusal(ec2.describe_regions, RegionNames=["moon-east-1"])[0] == "InvalidParameterValue"


def test_the_account_service_tells_the_enabled_regions(client: MakeClient, rig: Rig) -> None:
    account = client("account", rig.scenario("Permissions that cannot be simulated")["fields"])
    pages = account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10})
    known = {one["RegionName"]: one["RegionOptStatus"] for page in pages for one in page["Regions"]}
    assert known["us-east-1"] == "ENABLED_BY_DEFAULT"
    assert known["eu-south-1"] == "ENABLED"
    assert known["me-central-1"] == "DISABLED"
    enabled = account.list_regions(RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"])["Regions"]
    assert len(enabled) == 18
    assert account.get_region_opt_status(RegionName="me-central-1")["RegionOptStatus"] == "DISABLED"


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("sts", "get_caller_identity", ("InvalidClientTokenId", 403)),
        ("ec2", "describe_instances", ("AuthFailure", 401)),
        ("lambda", "list_functions", ("UnrecognizedClientException", 403)),
        ("kms", "list_keys", ("UnrecognizedClientException", 400)),
    ],
)
def test_a_region_that_is_not_enabled_knows_no_key(
    client: MakeClient, auditor: Fields, service: str, operation: str, expected: tuple[str, int]
) -> None:
    assert refusal(getattr(client(service, auditor, region="me-central-1"), operation)) == expected


def test_an_enabled_opt_in_region_answers(client: MakeClient, auditor: Fields) -> None:
    assert client("ec2", auditor, region="eu-south-1").describe_vpcs()["Vpcs"]
    assert client("sts", auditor, region="eu-south-1").get_caller_identity()["Account"] == "111122223333"


def test_a_bucket_in_another_region_is_found_all_the_same(
    client: MakeClient, auditor: Fields, control: Control
) -> None:
    """S3 redirects, and botocore follows: the product sees neither, the journal both."""
    s3 = client("s3", auditor, region="us-east-1", retries={"total_max_attempts": 3})
    assert s3.get_bucket_tagging(Bucket="data-platform-eu-exports")["TagSet"]
    codes = [call["code"] for call in control.calls() if call["action"] == "GetBucketTagging"]
    assert codes[0] == "PermanentRedirect"
    assert codes[-1] == ""
    assert s3.get_bucket_location(Bucket="data-platform-public-docs")["LocationConstraint"] == "us-west-2"
