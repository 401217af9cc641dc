"""VPC Block Public Access: whether a region keeps the internet out of its networks, whatever their rules allow.

It stands above security groups, network ACLs and routes, holds for the VPCs that the account owns, and takes exclusions
for single VPCs and subnets: https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html. Shapes: botocore
data/ec2, `VpcBlockPublicAccessOptions` and `VpcBlockPublicAccessExclusion`, whose ARN is that of the VPC or subnet.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.aws.inventory.common import Properties, Scope

NAME = "internet_block"
OFF = "off"
# A region whose EC2 does not know the operation has no such block:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_UNKNOWN_THERE = "InvalidAction"
_KINDS = ("vpc", "subnet")


class InternetBlock:
    """Asked once, when the first network is told of; exclusions only where the block is on. Safe in several threads."""

    def __init__(self, scope: Scope, client: Any) -> None:
        self._scope = scope
        self._client = client
        self._read: Properties | None = None
        self._lock = Lock()

    def add(self, properties: Properties, *, own: bool | None, concerns: Callable[[str], bool]) -> None:
        """Adds the block with the exclusions that concern a network: ``concerns`` takes the id of a VPC or subnet.

        ``own``: whether the account owns the VPC, None where that was not told. Another account's VPC has the block of
        that account, which is not seen from here: then nothing is added, and the rules decide.
        """
        if own is False:
            return
        with self._lock:
            read = self._read = self._read or self._all()
        block = read.values[NAME]
        if block is None:
            properties.values[NAME] = None
            properties.refused |= read.refused
        elif own is None and block["mode"] != OFF:
            properties.values[NAME] = {"mode": None}
        else:
            # What is excluded and cannot be told may be this network.
            exclusions = [each for each in block["exclusions"] if not each["of"] or concerns(each["of"])]
            properties.values[NAME] = {**block, "exclusions": exclusions}

    def _all(self) -> Properties:
        read = Properties(self._scope.connection)
        read.read(
            NAME,
            self._options,
            permission="ec2:DescribeVpcBlockPublicAccessOptions",
            absent=[_UNKNOWN_THERE],
            default={"mode": OFF, "exclusions": []},
        )
        if read.values[NAME] and read.values[NAME]["mode"] != OFF:
            read.read("exclusions", self._exclusions, permission="ec2:DescribeVpcBlockPublicAccessExclusions")
            if read.refused:
                # Which networks are left out is not known, so neither is what is blocked.
                return Properties(self._scope.connection, {NAME: None}, {NAME: read.refused["exclusions"]})
            read.values[NAME]["exclusions"] = read.values["exclusions"]
        return read

    def _options(self) -> dict[str, Any]:
        told = self._client.describe_vpc_block_public_access_options().get("VpcBlockPublicAccessOptions") or {}
        return {
            "mode": told.get("InternetGatewayBlockMode") if told else OFF,
            "state": told.get("State"),
            "managed_by": told.get("ManagedBy"),
            "exclusions": [],
        }

    def _exclusions(self) -> list[dict[str, Any]]:
        listed: list[Any] = []
        answer: Any = {"NextToken": ""}
        # botocore has no paginator for this operation. A token that comes again would never end.
        tokens: set[str] = set()
        while (token := answer.get("NextToken")) is not None and token not in tokens:
            tokens.add(token)
            answer = self._client.describe_vpc_block_public_access_exclusions(**({"NextToken": token} if token else {}))
            listed += answer.get("VpcBlockPublicAccessExclusions") or ()
        return ordered(
            {
                "of": _resource(str(item.get("ResourceArn", ""))),
                "mode": item.get("InternetGatewayExclusionMode"),
                "state": item.get("State"),
            }
            for item in listed
        )


def _resource(arn: str) -> str:
    """``vpc-…`` or ``subnet-…``; empty where the ARN is of something else, so that it may be of any of them."""
    kind, _, identifier = arn.rpartition(":")[2].partition("/")
    return identifier if kind in _KINDS else ""
