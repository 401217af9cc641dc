"""GuardDuty in one region: whether threats are looked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import GoneError, Properties, Scope, asset, paged, tags

_FACTS = ("status", "enabled", "created_at", "findings_every", "tags")
# What GetDetector answers for an identifier that is no detector of the account, as after its deletion.
_NOT_OURS = ("BadRequestException",)


def collect(scope: Scope) -> Iterator[Asset]:
    """One asset for the region, also without a detector: that is what the check must find."""
    client = scope.connection.client("guardduty", scope.region)
    read = [_detector(scope, client, identifier) for identifier in paged(client, "list_detectors", "DetectorIds")]
    detectors = [facts for facts in read if facts is not None]
    properties = {"detectors": sorted(detectors, key=lambda facts: str(facts["id"]))}
    yield asset(scope, "guardduty.region", scope.arn("guardduty", "detectors"), scope.region, properties)


def _detector(scope: Scope, client: Any, identifier: str) -> dict[str, Any] | None:
    """With ``unreadable`` where it could not be read; None where it is gone."""
    properties = Properties(scope.connection)
    properties.values["id"] = identifier
    try:
        properties.read(
            "detector",
            lambda: detector(client, identifier),
            permission="guardduty:GetDetector",
            names=_FACTS,
            gone=_NOT_OURS,
        )
    except GoneError:
        return None
    facts = properties.to_dict()
    return {key: facts[key] for key in ("id", *_FACTS, UNREADABLE) if key in facts}


def detector(client: Any, identifier: str) -> dict[str, Any]:
    answer = client.get_detector(DetectorId=identifier)
    return {
        "id": identifier,
        "status": answer.get("Status"),
        # A status that is new is neither (docs/decisions/0017-dates-not-lists.md).
        "enabled": {"ENABLED": True, "DISABLED": False}.get(answer.get("Status")),
        "created_at": plain(answer.get("CreatedAt")),
        "findings_every": answer.get("FindingPublishingFrequency"),
        "tags": tags([{"Key": key, "Value": value} for key, value in (answer.get("Tags") or {}).items()]),
    }
