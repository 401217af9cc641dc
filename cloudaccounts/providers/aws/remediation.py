"""What the placeholders of AWS's commands stand for, by type of resource. No Django, no SDK, no network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import PostureCheck, Remediation
from cloudaccounts.provider_kit.remediation import Scope, Values, remediation
from cloudaccounts.providers.aws.regions import PARTITIONS, is_region

# For every resource: <arn>, <id> (the ARN's last part), <name>, <region>, <account> and <partition>. By type, one more
# that reads better, and which of these it is. <path> is the resource of an ARN behind its first separator.
RESOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "aws.acm.certificate": ("certificate", "arn"),
        "aws.cloudfront.distribution": ("distribution", "id"),
        "aws.cloudtrail.trail": ("trail", "arn"),
        "aws.dynamodb.table": ("table", "id"),
        "aws.ec2.image": ("image", "id"),
        "aws.ec2.instance": ("instance", "id"),
        "aws.ec2.security_group": ("group", "id"),
        "aws.ec2.snapshot": ("snapshot", "id"),
        "aws.ec2.volume": ("volume", "id"),
        "aws.ec2.vpc": ("vpc", "id"),
        "aws.ecr.repository": ("repository", "path"),
        "aws.efs.file_system": ("file-system", "id"),
        "aws.eks.cluster": ("cluster", "id"),
        "aws.iam.credentials": ("user", "id"),
        "aws.iam.group": ("group", "id"),
        "aws.iam.policy": ("policy", "arn"),
        "aws.iam.role": ("role", "id"),
        "aws.iam.user": ("user", "id"),
        "aws.kms.key": ("key", "id"),
        "aws.lambda.function": ("function", "path"),
        "aws.rds.cluster": ("cluster", "id"),
        "aws.rds.cluster_snapshot": ("snapshot", "path"),
        "aws.rds.instance": ("database", "id"),
        "aws.rds.snapshot": ("snapshot", "path"),
        "aws.s3.bucket": ("bucket", "id"),
        "aws.secretsmanager.secret": ("secret", "arn"),
        "aws.sns.topic": ("topic", "arn"),
        "aws.sqs.queue": ("queue", "queue"),
    }
)
# Placeholders that a person has to choose a value for, in commands about resources that do not tell it.
CHOSEN = frozenset(
    {
        *(
            "bucket",
            "bucket arn",
            "code",
            "device",
            "encrypted",
            "engine",
            "etag",
            "function",
            "group",
            "inline policy",
        ),
        *(
            "key",
            "key id",
            "log bucket",
            "new",
            "next code",
            "old key id",
            "policy",
            "port",
            "recorder",
            "role",
            "rule",
            "runtime",
        ),
        *("listener", "snapshot", "statement", "trail", "vpc"),
    }
)
# Global options may stand before the service:
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html
_HAS_REGION = re.compile(r"--region\b")


def remediate(check: PostureCheck, asset: Asset, *, account_id: str, partition: str) -> Remediation:
    values = values_of(asset, account_id=account_id, partition=partition)
    return remediation(check, values, Scope("aws", "--region <region>", _HAS_REGION) if "region" in values else None)


def values_of(asset: Asset, *, account_id: str, partition: str) -> Values:
    """What is known of the resource. The region of a global one is that of the partition's IAM, where it matters."""
    resource = asset.native_id.split(":", 5)[-1]
    values = {
        "arn": asset.native_id,
        "id": re.split("[:/]", resource)[-1],
        "path": re.split("[:/]", resource, maxsplit=1)[-1],
        "name": asset.name,
        "account": account_id,
        "partition": partition,
        "region": _region(asset, partition),
    }
    if asset.type in RESOURCES:
        placeholder, kind = RESOURCES[asset.type]
        values[placeholder] = _queue_url(values) if kind == "queue" else values[kind]
    # Without the empty ones: what is not known stays a placeholder, for the person to fill in.
    return {name: value for name, value in values.items() if value}


def _region(asset: Asset, partition: str) -> str:
    if is_region(partition, asset.region):
        return asset.region
    # In the standard partition each region signs for global services; in the others only their own regions do.
    return PARTITIONS[partition].home if partition in PARTITIONS and partition != "aws" else ""


def _queue_url(values: Values) -> str:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html"""
    suffix = PARTITIONS[values["partition"]].dns_suffix if values["partition"] in PARTITIONS else ""
    parts = (values["region"], suffix, values["account"], values["id"])
    return "https://sqs.{}.{}/{}/{}".format(*parts) if all(parts) else ""
