"""Which regions the account has enabled. No Django."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.report import RegionResult
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import explain, is_denied

OFF = "not enabled in this account: enable it under Account, AWS Regions, or leave it out"
UNKNOWN = "this account does not know the region"
_SWITCHING = "being enabled or disabled right now"


def account_regions(connection: Connection, region: str) -> tuple[RegionResult, ...]:
    """All regions of the partition, by EC2, which the managed policies allow; where denied, by Account Management.

    Asked in ``region``. Regions that are newer than this version are among them. Raises `ProviderError` where both
    refuse.
    """
    try:
        states = _by_ec2(connection, region)
    except ClientError as error:
        if not is_denied(error):
            raise explain(error, connection.who, "ec2:DescribeRegions") from None
        states = _by_account(connection)
    except BotoCoreError as error:
        raise explain(error, connection.who, "ec2:DescribeRegions") from None
    return tuple(_result(name, state) for name, state in sorted(states.items()))


def _result(name: str, state: str) -> RegionResult:
    if state in ("opted-in", "opt-in-not-required", "ENABLED", "ENABLED_BY_DEFAULT"):
        return RegionResult(name, True)
    return RegionResult(name, False, _SWITCHING if state in ("ENABLING", "DISABLING") else "")


def _by_ec2(connection: Connection, region: str) -> dict[str, str]:
    # Without AllRegions only enabled ones are listed, and "not enabled" could not be distinguished from "unknown".
    answer = connection.client("ec2", region).describe_regions(AllRegions=True)
    return {item["RegionName"]: item.get("OptInStatus", "opt-in-not-required") for item in answer["Regions"]}


def _by_account(connection: Connection) -> dict[str, str]:
    try:
        pages = connection.client("account").get_paginator("list_regions").paginate()
        return {item["RegionName"]: item["RegionOptStatus"] for page in pages for item in page["Regions"]}
    except (ClientError, BotoCoreError) as error:
        # EC2's permission is named, because that is the one that set-up grants.
        raise explain(error, connection.who, "ec2:DescribeRegions") from None
