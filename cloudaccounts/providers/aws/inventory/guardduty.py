"""GuardDuty in one region: whether threats are looked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Scope, asset, paged, tags


def collect(scope: Scope) -> Iterator[Asset]:
    """One asset for the region, also without a detector: that is what the check must find."""
    client = scope.connection.client("guardduty", scope.region)
    detectors = [detector(client, identifier) for identifier in paged(client, "list_detectors", "DetectorIds")]
    properties = {"detectors": sorted(detectors, key=lambda detector: str(detector["id"]))}
    yield asset(scope, "guardduty.region", scope.arn("guardduty", "detectors"), scope.region, properties)


def detector(client: Any, identifier: str) -> dict[str, Any]:
    answer = client.get_detector(DetectorId=identifier)
    return {
        "id": identifier,
        "enabled": answer.get("Status") == "ENABLED",
        "created_at": plain(answer.get("CreatedAt")),
        "findings_every": answer.get("FindingPublishingFrequency"),
        "tags": tags([{"Key": key, "Value": value} for key, value in (answer.get("Tags") or {}).items()]),
    }
