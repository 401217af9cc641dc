"""Queues, topics, secrets, keys, certificates and what serves the web."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    days_since,
    expect,
    failed,
    not_applicable,
    optional,
    passed,
    required,
    text,
)
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub, texts

# Security Hub's default for ACM.1.
EXPIRY_DAYS = 30
_QUEUE, _TOPIC = "aws.sqs.queue", "aws.sns.topic"
# As botocore's models of KMS and ACM list them; the beginnings of the families of key specs.
_KEY_SPECS = ("SYMMETRIC_DEFAULT", "RSA_", "ECC_", "HMAC_", "SM2", "ML_DSA_", "ML_KEM_")
_KEY_ORIGINS = ("AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
_KEY_STATES = (
    *("Creating", "Enabled", "Disabled", "PendingDeletion", "PendingImport", "PendingReplicaDeletion"),
    *("Unavailable", "Updating"),
)
_NOT_ISSUED = ("PENDING_VALIDATION", "INACTIVE", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED")


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


def _rotated(asset: Asset) -> Evaluation:
    # Such secrets are rotated by the service that owns them, and people may not change that.
    if optional(asset, "owning_service", str):
        return not_applicable("Another AWS service manages this secret.")
    # A copy gets its value from there: https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    if (primary := text(asset, "primary_region")) and primary != asset.region:
        return not_applicable(f"It is a copy of the secret in {primary}, which renews it.")
    on = required(asset, "rotation", bool)
    return expect(on, "The secret is never renewed automatically.", "The secret is renewed automatically.")


def _key_rotation(asset: Asset) -> Evaluation:
    """Of symmetric keys of the customer's own: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"""
    state = required(asset, "state", str)
    if state not in _KEY_STATES:
        raise UnknownFactError(f"The key's state is not known here: {state}.")
    # Before the kind of the key: what is disabled or waits for its deletion encrypts nothing new.
    if state != "Enabled":
        return not_applicable("The key is not in use.")
    spec, origin = required(asset, "spec", str), required(asset, "origin", str)
    if not spec.startswith(_KEY_SPECS) or origin not in _KEY_ORIGINS:
        raise UnknownFactError("This kind of key is not known here.")
    if spec != "SYMMETRIC_DEFAULT" or origin != "AWS_KMS":
        return not_applicable("AWS cannot rotate keys of this kind automatically.")
    on = required(asset, "rotation", bool)
    return expect(on, "The key is never rotated automatically.", "The key is rotated each year.")


def _expires(asset: Asset) -> Evaluation:
    status = required(asset, "status", str)
    if status in _NOT_ISSUED:
        return not_applicable("The certificate is not issued.")
    if status not in ("ISSUED", "EXPIRED"):
        raise UnknownFactError(f"The certificate's status is not known here: {status}.")
    # Only where ACM says so: None is "not told", and such a certificate is looked at.
    if optional(asset, "in_use", bool) is False:
        return not_applicable("Nothing uses the certificate.")
    # The date is in the future, so the days since it are negative.
    left = -days_since(asset, required(asset, "expires_at", str))
    return expect(
        left > EXPIRY_DAYS,
        f"The certificate ends in {left} days." if left >= 0 else "The certificate has expired.",
        f"The certificate is valid for {left} more days.",
    )


def _https(asset: Asset) -> Evaluation:
    if not required(asset, "enabled", bool):
        return not_applicable("The distribution is switched off.")
    protocols = set(texts(required(asset, "viewer_protocols", list)))
    # One behaviour that lets HTTP in is enough; others may redirect.
    if "allow-all" in protocols:
        return failed("Visitors may read without HTTPS.")
    if not protocols or protocols - {"https-only", "redirect-to-https"}:
        raise UnknownFactError("What visitors are served by has a form that is not known here.")
    return passed("Visitors are served over HTTPS.")


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
    check(
        "secretsmanager_rotation",
        "Secret is not renewed automatically",
        Severity.LOW,
        "aws.secretsmanager.secret",
        _rotated,
        why="A secret that is renewed limits how long a leaked copy works.",
        console="Secrets Manager, the secret, Rotation, Edit rotation: Automatic rotation.",
        command="aws secretsmanager rotate-secret --secret-id <secret> --rotation-lambda-arn <function> "
        "--rotation-rules AutomaticallyAfterDays=30",
        references=(security_hub("SecretsManager.1"),),
    ),
    check(
        "kms_key_rotation",
        "Key of your own is not rotated",
        Severity.MEDIUM,
        "aws.kms.key",
        _key_rotation,
        why="Rotation limits how much is lost with one version of a key.",
        console="KMS, Customer managed keys, the key, Key rotation: Automatically rotate this key.",
        command="aws kms enable-key-rotation --key-id <key>",
        references=(security_hub("KMS.4"),),
    ),
    check(
        "acm_certificate_expiry",
        "Certificate in use ends within a month",
        Severity.MEDIUM,
        "aws.acm.certificate",
        _expires,
        why="An expired certificate turns every visitor away; imported ones are not renewed by AWS.",
        console="Certificate Manager, the certificate: Reimport, or check the DNS record that validates it.",
        command="aws acm import-certificate --certificate-arn <certificate> --certificate fileb://cert.pem "
        "--private-key "
        "fileb://key.pem",
        references=(
            aws_docs("Managed renewal", "https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html"),
        ),
        time_dependent=True,
    ),
    check(
        "cloudfront_https",
        "Distribution answers without HTTPS",
        Severity.MEDIUM,
        "aws.cloudfront.distribution",
        _https,
        why="Without HTTPS, anybody on the way reads and changes what visitors get.",
        console="CloudFront, the distribution, Behaviors, Edit: Redirect HTTP to HTTPS.",
        command="aws cloudfront update-distribution --id <distribution> --distribution-config file://config.json "
        "--if-match <etag>",
        references=(security_hub("CloudFront.3"),),
    ),
)
