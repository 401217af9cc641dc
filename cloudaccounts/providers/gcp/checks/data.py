"""Buckets, datasets and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Verdict
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    days_since,
    expect,
    failed,
    flag,
    known,
    mapping,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
    texts,
    unknown,
)
from cloudaccounts.provider_kit.reach.addresses import networks
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.gcp.checks.above import TO_READ, enforced_above, unless_above
from cloudaccounts.providers.gcp.checks.narrowed import minding_conditions
from cloudaccounts.providers.gcp.checks.public import evaluate_public, publication
from cloudaccounts.providers.gcp.checks.references import cite
from cloudaccounts.providers.gcp.permissions import PUBLIC_ACCESS

_BUCKET = "gcp.storage.bucket"
_KEY = "gcp.cloudkms.crypto_key"
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
# https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys#CryptoKeyPurpose
_NEVER_ROTATED = (
    *("ASYMMETRIC_SIGN", "ASYMMETRIC_DECRYPT", "RAW_ENCRYPT_DECRYPT", "MAC", "KEY_ENCAPSULATION", "AES_WRAPPING"),
)
_ENDED = (
    *("DESTROYED", "DESTROY_SCHEDULED", "PENDING_EXTERNAL_DESTRUCTION", "EXTERNAL_DESTRUCTION_FAILED"),
    *("IMPORT_FAILED", "GENERATION_FAILED"),
)
LONGEST_SECONDS = 90 * 86_400


def _bucket_public(asset: Asset) -> Evaluation:
    # It overrides the policy, whatever that grants.
    prevention = text(asset, "iamConfiguration.publicAccessPrevention")
    if prevention == "enforced":
        return passed("Public access is prevented, whatever its policy says.")
    above = enforced_above(asset, PUBLIC_ACCESS)
    if above:
        return passed("An organization policy prevents public access, whatever its policy says.")
    result = _opened(asset)
    if result.verdict != Verdict.FAIL:
        return result
    if prevention not in ("", "inherited", "unspecified"):
        return unknown("Public access is prevented in a way that is not known here.")
    return _within_filter(asset, replace(result, reason=unless_above(result.reason, above)))


def _opened(asset: Asset) -> Evaluation:
    if not flag(asset, "iamConfiguration.uniformBucketLevelAccess.enabled"):
        # With access lists, those of new objects: https://cloud.google.com/storage/docs/access-control/lists
        entries = [*mappings(asset, "acl"), *mappings(asset, "defaultObjectAcl")]
        if any(entry.get("entity") in _EVERYBODY for entry in entries):
            return failed("An access list of it, or of its new objects, names everybody.")
    return evaluate_public(asset)


def _within_filter(asset: Asset, opened: Evaluation) -> Evaluation:
    """A filter that is on lets requests in from the networks that it names, whoever makes them.

    https://cloud.google.com/storage/docs/ip-filtering-overview
    """
    mode = text(asset, "ipFilter.mode")
    if mode in ("", "Disabled"):
        return opened
    if mode != "Enabled":
        return unknown("Its filter of addresses is in a mode that is not known here.")
    ranges = texts(asset, "ipFilter.publicNetworkSource.allowedIpCidrRanges")
    return evaluation(
        networks(ranges).reach,
        opened.reason,
        "Everybody may, and its filter of addresses lets in only the networks that it names.",
        "Its filter of addresses names a network of a form that is not known here.",
    )


bucket_public = publication(
    "gcp_storage_public",
    "Bucket is public",
    Severity.CRITICAL,
    _BUCKET,
    "gcloud storage buckets remove-iam-policy-binding gs://<bucket> --member=allUsers --role=<role>",
    _bucket_public,
)


@posture_check(
    "gcp_storage_public_access_prevention",
    "Bucket may be made public",
    Severity.MEDIUM,
    "storage",
    _BUCKET,
    why="While it is not prevented, one change of its policy opens the bucket to the internet, by mistake as well.",
    console="Cloud Storage, Buckets, choose the bucket, Permissions: Prevent public access." + TO_READ,
    command="gcloud storage buckets update gs://<bucket> --public-access-prevention",
    references=cite("storage/docs/public-access-prevention"),
)
def public_access_prevention(asset: Asset) -> Evaluation:
    prevention = text(asset, "iamConfiguration.publicAccessPrevention")
    if prevention not in ("enforced", "inherited", "unspecified"):
        return unknown("Whether public access is prevented was not told, or in a way that is not known here.")
    if prevention == "enforced":
        return passed("Public access is prevented.")
    above = enforced_above(asset, PUBLIC_ACCESS)
    return expect(
        above is True,
        unless_above("Public access is not prevented here.", above),
        "Public access is prevented by an organization policy.",
    )


@posture_check(
    "gcp_storage_uniform_access",
    "Bucket has access lists beside its policy",
    Severity.MEDIUM,
    "storage",
    _BUCKET,
    why="Where each object has a list of its own, nobody can tell who may read what, and a public one is not noticed.",
    console="Cloud Storage, Buckets, choose the bucket, Permissions: switch Access control to Uniform.",
    command="gcloud storage buckets update gs://<bucket> --uniform-bucket-level-access",
    references=cite("storage/docs/uniform-bucket-level-access"),
)
def uniform_access(asset: Asset) -> Evaluation:
    uniform = flag(asset, "iamConfiguration.uniformBucketLevelAccess.enabled")
    return expect(uniform, "Objects have access lists of their own.", "Its policy alone decides.")


@posture_check(
    "gcp_storage_log_lock",
    "Logs in the bucket can be deleted",
    Severity.MEDIUM,
    "storage",
    _BUCKET,
    why="Whoever breaks in deletes the logs. With a retention policy that is locked nobody can before its end.",
    console="Cloud Storage, Buckets, choose the bucket, Protection, Retention policy: set it, then Lock. A lock is for "
    "good.",
    command="gcloud storage buckets update gs://<bucket> --retention-period=1y\ngcloud storage buckets update "
    "gs://<bucket> --lock-retention-period",
    references=cite("storage/docs/bucket-lock"),
    expected={"retentionPolicy.isLocked": True},
)
def log_lock(asset: Asset) -> Evaluation:
    known(asset, "sinks")
    sinks = texts(asset, "sinks")
    if not sinks:
        return not_applicable("No sink of the project writes logs into it.")
    if not mapping(asset, "retentionPolicy"):
        return failed(f"{abridge(sinks)} writes logs into it, and it has no retention policy.")
    # Once locked it stays so; the API leaves out what is false.
    locked = flag(asset, "retentionPolicy.isLocked")
    return expect(locked, "Its retention policy is not locked.", "Its retention policy is locked.")


@posture_check(
    "gcp_bigquery_dataset_public",
    "Dataset is public",
    Severity.CRITICAL,
    "bigquery",
    "gcp.bigquery.dataset",
    why="All of its tables can be queried by everybody with a Google account, without a trace in your project but the "
    "log.",
    console="BigQuery, choose the dataset, Sharing, Permissions: remove allUsers and allAuthenticatedUsers.",
    command="bq show --format=prettyjson <project>:<dataset> > dataset.json\n"
    "# remove the entries from access in dataset.json, then\n"
    "bq update --source dataset.json <project>:<dataset>",
    references=cite("bigquery/docs/dataset-access-controls"),
)
@minding_conditions
def dataset_public(asset: Asset) -> Evaluation:
    entries = [
        entry
        for entry in mappings(asset, "access")
        if entry.get("specialGroup") in _EVERYBODY or entry.get("iamMember") in _EVERYBODY
    ]
    roles = [str(entry.get("role")) for entry in entries if not _condition(entry)]
    if roles:
        return failed(f"Everybody with a Google account holds {abridge(roles)}.")
    result = evaluate_public(asset)
    if entries and result.verdict == Verdict.PASS:
        return unknown("Everybody has access under a condition, which is not evaluated here.")
    return result


def _condition(entry: Mapping[str, object]) -> object:
    """Of an entry of a dataset's list: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset"""
    given = entry.get("condition")
    return given.get("expression") if isinstance(given, Mapping) else given


def _unused(asset: Asset) -> Evaluation | None:
    """Why the key encrypts nothing any more; None where it does, or may.

    https://cloud.google.com/kms/docs/key-states: what is destroyed does not come back, and a rotation would make a new
    version of a key that somebody ended.
    """
    primary = text(asset, "primary.state")
    if primary in _ENDED:
        return not_applicable("Its primary version is destroyed, or will be: it encrypts nothing any more.")
    if primary:
        return None
    states = mapping(asset, "version_states")
    # No state at all is a key without versions, which encrypts nothing either.
    if "version_states" in asset.properties and all(state in _ENDED for state in states):
        return not_applicable("It has no version that could encrypt.")
    return None


@posture_check(
    "gcp_kms_rotation",
    "Key is not rotated within 90 days",
    Severity.MEDIUM,
    "cloudkms",
    _KEY,
    why="The more is encrypted with one version of a key, the more is lost with it. Rotation by schedule is free: "
    "old versions still decrypt.",
    console="Security, Key Management, choose the key, Edit rotation period: 90 days or less.",
    command="gcloud kms keys update <key> --keyring=<ring> --location=<location> --rotation-period=90d "
    "--next-rotation-time=<time>",
    references=cite("kms/docs/key-rotation"),
    time_dependent=True,
)
def key_rotation(asset: Asset) -> Evaluation:
    # Of asymmetric keys somebody must exchange the public half, so Cloud KMS does not rotate them.
    purpose = known(asset, "purpose")
    if purpose in _NEVER_ROTATED:
        return not_applicable("Only symmetric keys for encryption rotate by schedule.")
    if purpose != "ENCRYPT_DECRYPT":
        return unknown("It is a key for a purpose that is not known here.")
    if flag(asset, "importOnly") or text(asset, "versionTemplate.protectionLevel") in ("EXTERNAL", "EXTERNAL_VPC"):
        return not_applicable("Its material is made elsewhere, so Cloud KMS does not rotate it.")
    if (unused := _unused(asset)) is not None:
        return unused
    period = text(asset, "rotationPeriod")
    if not period:
        return failed("No rotation is scheduled.")
    seconds = period.removesuffix("s").partition(".")[0]
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 16):  # thirty million years
        raise UnknownFactError("The rotation period has a form that is not known here.")
    days = int(seconds) // 86_400
    if int(seconds) > LONGEST_SECONDS:
        return failed(f"It rotates every {days} days.")
    # The period begins with the next rotation, which somebody may have set for years ahead. Both are set together:
    # https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys
    ahead = -days_since(asset, known(asset, "nextRotationTime"))
    if ahead > LONGEST_SECONDS // 86_400:
        return failed(f"It rotates every {days} days, the next time only in {ahead} days.")
    if -ahead > LONGEST_SECONDS // 86_400:
        # A rotation moves the time on: either there was none, or it was not read since.
        return unknown(f"It was to rotate {-ahead} days ago, and whether it did was not told.")
    return passed(f"It rotates every {days} days.")


CHECKS = (
    bucket_public,
    log_lock,
    public_access_prevention,
    uniform_access,
    dataset_public,
    key_rotation,
)
