"""SQS in one region: queues with their policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, each, paged

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeFilterType

THREADS = 4  # queues read at once: each takes a small call
# Not "All", which holds how many messages are waiting: the fingerprint would change at every scan.
_ATTRIBUTES: list[QueueAttributeFilterType] = [
    "Policy",
    "KmsMasterKeyId",
    "SqsManagedSseEnabled",
    "RedrivePolicy",
    "MessageRetentionPeriod",
]
_FACTS = ("policy", "encrypted", "kms_key_id", "dead_letters", "retention_seconds")


def collect(scope: Scope) -> Iterator[Asset]:
    client: SQSClient = scope.connection.client("sqs", scope.region)
    urls = paged(client, "list_queues", "QueueUrls", PaginationConfig={"PageSize": 1000})
    yield from each(partial(_queue, scope, client), urls, threads=THREADS)


def _queue(scope: Scope, client: SQSClient, url: str) -> Asset:
    name = url.rpartition("/")[2]
    properties = Properties(scope.connection)
    properties.values |= {"url": url}
    properties.read("attributes", lambda: _attributes(client, url), permission="sqs:GetQueueAttributes", names=_FACTS)
    return asset(scope, "sqs.queue", scope.arn("sqs", name), name, properties.to_dict())


def _attributes(client: SQSClient, url: str) -> dict[str, Any]:
    """A queue without encryption says ``false``; one that has a key says nothing of SQS's own."""
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=_ATTRIBUTES)["Attributes"]
    key, own = attributes.get("KmsMasterKeyId"), attributes.get("SqsManagedSseEnabled")
    return {
        "policy": document(attributes.get("Policy")),
        "encrypted": True if key else {"true": True, "false": False}.get(own or ""),
        "kms_key_id": key,
        "dead_letters": document(attributes.get("RedrivePolicy")),
        "retention_seconds": attributes.get("MessageRetentionPeriod"),
    }
