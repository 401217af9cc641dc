"""SNS in one region: topics with their policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, each, paged

THREADS = 4  # topics read at once: each takes a small call
_FACTS = ("policy", "encrypted", "kms_key_id")


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("sns", scope.region)
    topics = paged(client, "list_topics", "Topics")
    yield from each(partial(_topic, scope, client), topics, threads=THREADS)


def _topic(scope: Scope, client: Any, topic: Any) -> Asset:
    arn = topic["TopicArn"]
    properties = Properties(scope.connection)
    properties.read("attributes", lambda: _attributes(client, arn), permission="sns:GetTopicAttributes", names=_FACTS)
    return asset(scope, "sns.topic", arn, arn.rpartition(":")[2], properties.to_dict())


def _attributes(client: Any, arn: str) -> dict[str, Any]:
    """SNS names a key only where the topic has one: API reference of GetTopicAttributes."""
    attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    key = attributes.get("KmsMasterKeyId")
    return {"policy": document(attributes.get("Policy")), "encrypted": bool(key), "kms_key_id": key}
