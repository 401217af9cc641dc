"""SQS in one region: queues with their policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, paged

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


def collect(scope: Scope) -> Iterator[Asset]:
    client: SQSClient = scope.connection.client("sqs", scope.region)
    urls = paged(client, "list_queues", "QueueUrls", PaginationConfig={"PageSize": 1000})
    yield from in_order(partial(_queue, scope, client), urls, threads=THREADS)


def _queue(scope: Scope, client: SQSClient, url: str) -> Asset:
    name = url.rpartition("/")[2]
    properties = Properties(scope.connection)
    properties.values |= {"url": url}
    properties.read(
        "attributes",
        lambda: client.get_queue_attributes(QueueUrl=url, AttributeNames=_ATTRIBUTES).get("Attributes", {}),
        permission="sqs:GetQueueAttributes",
    )
    attributes = properties.values.pop("attributes") or {}
    properties.values |= {
        "policy": document(attributes.get("Policy")),
        "encrypted": bool(attributes.get("KmsMasterKeyId")) or attributes.get("SqsManagedSseEnabled") == "true",
        "kms_key_id": attributes.get("KmsMasterKeyId"),
        "dead_letters": document(attributes.get("RedrivePolicy")),
        "retention_seconds": attributes.get("MessageRetentionPeriod"),
    }
    # One call holds both properties, so neither is known.
    if code := properties.refused.pop("attributes", ""):
        properties.values |= dict.fromkeys(("policy", "encrypted"))
        properties.refused |= dict.fromkeys(("policy", "encrypted"), code)
    return asset(scope, "sqs.queue", scope.arn("sqs", name), name, properties.to_dict())
