"""What watches a region for the account: Security Hub and IAM Access Analyzer. One asset each, also where it is off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import ordered, plain
from cloudaccounts.providers.aws.errors import aws_code
from cloudaccounts.providers.aws.inventory.common import Scope, asset, paged

# What DescribeHub answers where Security Hub is not enabled: its API reference names the first.
_NOT_ENABLED = ("InvalidAccessException", "ResourceNotFoundException")


def security_hub(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("securityhub", scope.region)
    try:
        hub: dict[str, Any] | None = _hub(client)
    except ClientError as error:
        if aws_code(error) not in _NOT_ENABLED:
            raise
        # Off is a state of the region and no gap: the check needs an asset to fail on.
        hub = None
    facts = {"enabled": hub is not None, "hub": hub}
    yield asset(scope, "securityhub.region", scope.arn("securityhub", "hub/default"), scope.region, facts)


def _hub(client: Any) -> dict[str, Any]:
    answer = client.describe_hub()
    return {"arn": answer.get("HubArn"), "since": plain(answer.get("SubscribedAt"))}


def access_analyzer(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("accessanalyzer", scope.region)
    analyzers = [
        {"name": item.get("name"), "type": item.get("type"), "status": item.get("status")}
        for item in paged(client, "list_analyzers", "analyzers")
    ]
    arn = scope.arn("access-analyzer", "analyzers")
    yield asset(scope, "accessanalyzer.region", arn, scope.region, {"analyzers": ordered(analyzers)})
