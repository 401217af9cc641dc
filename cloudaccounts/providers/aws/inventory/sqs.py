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
# Not "All": how many messages wait changes by the second.
_WANTED: list[QueueAttributeFilterType] = [
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
    told = Properties(scope.connection)
    told.values |= {"url": url}
    told.read(
        "attributes",
        lambda: client.get_queue_attributes(QueueUrl=url, AttributeNames=_WANTED).get("Attributes", {}),
        permission="sqs:GetQueueAttributes",
    )
    attributes = told.values.pop("attributes") or {}
    told.values |= {
        "policy": document(attributes.get("Policy")),
        "encrypted": bool(attributes.get("KmsMasterKeyId")) or attributes.get("SqsManagedSseEnabled") == "true",
        "kms_key_id": attributes.get("KmsMasterKeyId"),
        "dead_letters": document(attributes.get("RedrivePolicy")),
        "retention_seconds": attributes.get("MessageRetentionPeriod"),
    }
    if code := told.refused.pop("attributes", ""):
        told.values |= dict.fromkeys(("policy", "encrypted"))
        told.refused |= dict.fromkeys(("policy", "encrypted"), code)
    return asset(scope, "sqs.queue", scope.arn("sqs", name), name, told.told())
