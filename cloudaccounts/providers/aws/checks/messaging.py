"""Queues and topics: who may use them, and encryption."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import UnknownFactError, expect, optional, required
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import check, security_hub

_QUEUE, _TOPIC = "aws.sqs.queue", "aws.sns.topic"


def _open_policy(asset: Asset) -> Evaluation:
    return policies.evaluate_access(asset, through_services=True)


def _topic_public(asset: Asset) -> Evaluation:
    # SNS makes a policy with every topic, so None cannot mean that there is none.
    # https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
    if optional(asset, "policy", dict) is None:
        raise UnknownFactError("Policy was not told: every topic has one.")
    return _open_policy(asset)


def _encrypted(asset: Asset) -> Evaluation:
    return expect(required(asset, "encrypted", bool), "Messages are not encrypted.", "Messages are encrypted at rest.")


CHECKS = (
    check(
        "sqs_queue_public",
        "Queue is open to everybody",
        Severity.HIGH,
        _QUEUE,
        _open_policy,
        why="Whoever may send can feed false work; whoever may receive reads and removes what others wait for.",
        console="SQS, Queues, the queue, Access policy, Edit: name the accounts or services, or add a condition.",
        command="aws sqs set-queue-attributes --queue-url <queue> --attributes file://policy.json",
        references=(security_hub("SQS.3"),),
    ),
    check(
        "sqs_queue_encrypted",
        "Queue is not encrypted",
        Severity.LOW,
        _QUEUE,
        _encrypted,
        why="Messages often carry personal data that nobody thinks of as stored.",
        console="SQS, Queues, the queue, Edit, Encryption: Enabled.",
        command="aws sqs set-queue-attributes --queue-url <queue> --attributes SqsManagedSseEnabled=true",
        references=(security_hub("SQS.1"),),
    ),
    check(
        "sns_topic_public",
        "Topic is open to everybody",
        Severity.HIGH,
        _TOPIC,
        _topic_public,
        why="Whoever may subscribe reads what is told; whoever may publish tells your systems what he likes.",
        console="SNS, Topics, the topic, Edit, Access policy: name the accounts or services, or add a condition.",
        command="aws sns set-topic-attributes --topic-arn <topic> --attribute-name Policy --attribute-value "
        "file://policy.json",
        references=(security_hub("SNS.4"),),
    ),
    check(
        "sns_topic_encrypted",
        "Topic is not encrypted",
        Severity.LOW,
        _TOPIC,
        _encrypted,
        why="Messages often carry personal data that nobody thinks of as stored.",
        console="SNS, Topics, the topic, Edit, Encryption: Enable.",
        command="aws sns set-topic-attributes --topic-arn <topic> --attribute-name KmsMasterKeyId --attribute-value "
        "alias/aws/sns",
        references=(security_hub("SNS.1"),),
    ),
)
