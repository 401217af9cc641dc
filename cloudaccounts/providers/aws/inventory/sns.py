"""SNS in one region: topics with their policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, paged

THREADS = 4  # topics read at once: each takes a small call


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("sns", scope.region)
    arns = (item["TopicArn"] for item in paged(client, "list_topics", "Topics"))
    yield from in_order(partial(_topic, scope, client), arns, threads=THREADS)


def _topic(scope: Scope, client: Any, arn: str) -> Asset:
    properties = Properties(scope.connection)
    properties.read(
        "attributes",
        lambda: client.get_topic_attributes(TopicArn=arn).get("Attributes", {}),
        permission="sns:GetTopicAttributes",
    )
    attributes = properties.values.pop("attributes") or {}
    properties.values |= {
        "policy": document(attributes.get("Policy")),
        "encrypted": bool(attributes.get("KmsMasterKeyId")),
        "kms_key_id": attributes.get("KmsMasterKeyId"),
    }
    # One call holds both properties, so neither is known.
    if code := properties.refused.pop("attributes", ""):
        properties.values |= dict.fromkeys(("policy", "encrypted"))
        properties.refused |= dict.fromkeys(("policy", "encrypted"), code)
    return asset(scope, "sns.topic", arn, arn.rpartition(":")[2], properties.to_dict())
