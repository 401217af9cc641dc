"""Secrets, keys and certificates: renewed, rotated, in time."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    days_since,
    expect,
    not_applicable,
    optional,
    required,
    text,
)
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub

# Security Hub's default for ACM.1.
EXPIRY_DAYS = 30
# As botocore's models of KMS and ACM list them; the beginnings of the families of key specs.
_KEY_SPECS = ("SYMMETRIC_DEFAULT", "RSA_", "ECC_", "HMAC_", "SM2", "ML_DSA_", "ML_KEM_")
_KEY_ORIGINS = ("AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
_KEY_STATES = (
    *("Creating", "Enabled", "Disabled", "PendingDeletion", "PendingImport", "PendingReplicaDeletion"),
    *("Unavailable", "Updating"),
)
_NOT_ISSUED = ("PENDING_VALIDATION", "INACTIVE", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED")


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
    """Of symmetric keys of the customer's own: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html

    How often is free, from 90 days to seven years, a year unless somebody chose: API reference of EnableKeyRotation.
    """
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
    return expect(on, "The key is never rotated automatically.", "The key is rotated automatically.")


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


CHECKS = (
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
)
