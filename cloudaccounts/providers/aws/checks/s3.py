"""Buckets: who can read them, how, and what is kept of them."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    optional,
    passed,
    required,
    rows,
    unknown,
)
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub
from cloudaccounts.providers.aws.policy.access import Opening, delegating, openings, openings_to_use
from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import Policy
from cloudaccounts.providers.aws.policy.transport import denies_plain_transport

_BUCKET = "aws.s3.bucket"
_NO_POLICY = Policy(())
_READING = ("s3:getobject", "s3:getobjectversion")
_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup")  # botocore's model, ServerSideEncryption
_FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# AuthenticatedUsers is everybody with any AWS account, so no less public.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
_EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
}
_BLOCKING = aws_docs(
    "Blocking public access to S3",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)


def _flags(asset: Asset) -> tuple[dict[str, bool], str]:
    """Which of the four blocks are on, for the account or the bucket; and why one of the two could not be read."""
    held, unknown = dict.fromkeys(_FLAGS, False), ""
    absent: set[str] = set()
    for name in ("public_access_block", "account_public_access_block"):
        try:
            block = optional(asset, name, dict)
        except UnknownFactError as error:
            unknown = str(error)
            continue
        # The account's block and the bucket's add up: either is enough.
        for flag in _FLAGS:
            held[flag] = held[flag] or bool(block and block.get(flag) is True)
            if block is not None and not isinstance(block.get(flag), bool):
                absent.add(flag)
    # S3 tells all four of each block.
    if unclear := [flag for flag in _FLAGS if flag in absent and not held[flag]]:
        unknown = unknown or f"{unclear[0]} was not told."
    return held, unknown


def _block(asset: Asset) -> Evaluation:
    held, unknown = _flags(asset)
    missing = [flag for flag in _FLAGS if not held[flag]]
    # Before what is unknown: the blocks that could be read are enough.
    if not missing:
        return passed("Public access is blocked, by the bucket's own settings or the account's.")
    if unknown:
        raise UnknownFactError(unknown)
    return failed(f"Not set, neither on the bucket nor on the account: {', '.join(missing)}.")


def evaluate_public(asset: Asset) -> Evaluation:
    """A policy or an access list that allows everybody counts, unless a block overrides it."""
    held, block_unknown = _flags(asset)
    reasons, unknown = [], ""
    by_services = _open_through_services(asset)
    for flag, reason in (("RestrictPublicBuckets", _open_by_policy), ("IgnorePublicAcls", _open_by_list)):
        if not held[flag]:
            try:
                reasons += reason(asset)
            except UnknownFactError as error:
                unknown = str(error)
    # A block that could not be read may override the policy or the list, so the bucket may not be public after all.
    policies.note_control_policies(asset, [*reasons, *by_services])
    if reasons and not block_unknown:
        return failed(f"The bucket is public: {' and '.join(reasons)}.")
    if any(opening.sure for opening in by_services):
        return policies.evaluate_openings(by_services, "")
    if reasons or unknown:
        raise UnknownFactError(unknown or block_unknown)
    if by_services:
        return policies.evaluate_openings(by_services, "")
    return passed("Neither policy nor access list lets everybody in.")


def _open_by_policy(asset: Asset) -> list[str]:
    """S3's own answer counts; the policy itself is read for the statement, and where S3 sees less than it says."""
    policy = _understood(asset)
    statements = [opening.statement for opening in openings(policy) if opening.sure]
    # S3's own word on "public" counts, and the evaluator adds what S3 does not see
    # (docs/decisions/0014-aws-policies-by-value.md).
    if not statements and not required(asset, "policy_is_public", bool):
        for opening in delegating(policy):
            raise UnknownFactError(
                f"The policy lets in whomever an access point lets in ({opening.statement}), no block stands in "
                "between, and policies of access points are not read here."
            )
        return []
    return [f"its policy lets everybody in{f' ({statements[0]})' if statements else ''}"]


def _open_through_services(asset: Asset) -> list[Opening]:
    """A service of AWS that reads objects for whoever has it do so. No block of public access is about services.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html, and RestrictPublicBuckets on `_BLOCKING`'s.
    Logs that services write are named by the account that they are of, so writing alone counts for nothing.
    """
    policy = _understood(asset)
    direct = openings(policy)
    return [opening for opening in openings_to_use(policy, _READING) if opening not in direct]


def _understood(asset: Asset) -> Policy:
    """Without statements where it has none, or was not read: then S3's own word alone counts."""
    try:
        return policies.resource_policy(asset) or _NO_POLICY
    except UnknownFactError:
        return _NO_POLICY


def _open_by_list(asset: Asset) -> list[str]:
    ownership = optional(asset, "ownership", str)
    if ownership == "BucketOwnerEnforced":  # then access lists count for nothing
        return []
    grants = rows(asset, "acl_grants")
    permissions = sorted({str(grant.get("permission")) for grant in grants if grant.get("grantee") in _EVERYBODY})
    if permissions and ownership not in (None, "BucketOwnerPreferred", "ObjectWriter"):
        raise UnknownFactError(f"Whether access lists count is not known here: {ownership}.")
    return [f"its access list gives everybody {', '.join(permissions)}"] if permissions else []


def _tls(asset: Asset) -> Evaluation:
    policy = policies.resource_policy(asset)
    if policy is None:
        return failed("There is no policy that denies requests without TLS.")
    answer = denies_plain_transport(policy, _arn(asset))
    if answer is Answer.UNSURE:
        return unknown("Whether all requests without TLS are denied rests on a condition that is not known here.")
    return expect(
        answer is Answer.YES,
        "No statement denies everybody every action on the bucket and all its objects without TLS.",
        "Requests without TLS are denied.",
    )


def _arn(asset: Asset) -> str:
    is_arn = asset.native_id.startswith("arn:") and asset.native_id.split(":")[2:3] == ["s3"]
    return asset.native_id if is_arn else f"arn:aws:s3:::{asset.name}"


def _encrypted(asset: Asset) -> Evaluation:
    encryption = optional(asset, "encryption", dict)
    if encryption is None:
        return failed("No default encryption is set.")
    algorithm = encryption.get("algorithm")
    if algorithm not in _ALGORITHMS:
        raise UnknownFactError("The default encryption has a form that is not known here.")
    return passed(f"New objects are encrypted ({algorithm}).")


def _versioned(asset: Asset) -> Evaluation:
    on = _state(asset, "status", on="Enabled", off=("Suspended", "Off"))
    return expect(on, "What is overwritten or deleted is gone.", "Old versions are kept.")


def _state(asset: Asset, name: str, *, on: str, off: tuple[str, ...]) -> bool:
    state = required(asset, "versioning", dict).get(name)
    if state != on and state not in off:
        raise UnknownFactError("Versioning has a form that is not known here.")
    return bool(state == on)


def _mfa_delete(asset: Asset) -> Evaluation:
    on = _state(asset, "mfa_delete", on="Enabled", off=("Disabled",))
    return expect(on, "Versions can be deleted without a second factor.", "Deleting versions needs a second factor.")


def evaluate_logging(asset: Asset) -> Evaluation:
    target = optional(asset, "logging_to", str)
    return expect(bool(target), "Who reads and writes is not logged.", f"Access is logged to {target}.")


CHECKS = (
    check(
        "s3_bucket_public",
        "Bucket is open to everybody",
        Severity.CRITICAL,
        _BUCKET,
        evaluate_public,
        why="Open buckets are found by scanners within hours; what they hold is then public for good.",
        console="S3, the bucket, Permissions: turn on Block all public access, or remove what grants access to "
        "everyone.",
        command="aws s3api put-public-access-block --bucket <bucket> --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        references=(_BLOCKING,),
    ),
    check(
        "s3_bucket_public_access_block",
        "Public access to the bucket is not blocked",
        Severity.HIGH,
        _BUCKET,
        _block,
        why="The block keeps one wrong policy or access list from opening a bucket.",
        console="S3, the bucket, Permissions, Block public access: turn on all four. Or for all: S3, Block Public "
        "Access "
        "settings for this account.",
        command="aws s3api put-public-access-block --bucket <bucket> --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        references=(_BLOCKING,),
    ),
    check(
        "s3_bucket_tls_only",
        "Bucket answers without TLS",
        Severity.MEDIUM,
        _BUCKET,
        _tls,
        why="Without TLS, objects and the signatures of requests can be read on the way.",
        console="S3, the bucket, Permissions, Bucket policy: deny s3:* to * on the bucket and its objects where "
        "aws:SecureTransport is false.",
        command="aws s3api put-bucket-policy --bucket <bucket> --policy file://tls-only.json",
        references=(security_hub("S3.5"),),
    ),
    check(
        "s3_bucket_encryption",
        "Bucket does not encrypt new objects",
        Severity.MEDIUM,
        _BUCKET,
        _encrypted,
        why="Encryption at rest keeps lost media unreadable, and with a KMS key each reading needs a second "
        "permission.",
        console="S3, the bucket, Properties, Default encryption, Edit.",
        command="aws s3api put-bucket-encryption --bucket <bucket> --server-side-encryption-configuration "
        '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"}}]}\'',
        references=(
            aws_docs(
                "Default encryption", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html"
            ),
        ),
    ),
    check(
        "s3_bucket_versioning",
        "Bucket keeps no old versions",
        Severity.LOW,
        _BUCKET,
        _versioned,
        why="Versions bring back what a mistake or an extortioner overwrote.",
        console="S3, the bucket, Properties, Bucket Versioning, Edit, Enable.",
        command="aws s3api put-bucket-versioning --bucket <bucket> --versioning-configuration Status=Enabled",
        references=(aws_docs("Versioning", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"),),
    ),
    check(
        "s3_bucket_mfa_delete",
        "Versions can be deleted without a second factor",
        Severity.LOW,
        _BUCKET,
        _mfa_delete,
        why="With it, even a stolen administrator's key cannot destroy the versions of a bucket.",
        console="It cannot be set in the console, only by the root user on the command line.",
        command="aws s3api put-bucket-versioning --bucket <bucket> --versioning-configuration "
        'Status=Enabled,MFADelete=Enabled --mfa "<device> <code>"',
        references=(security_hub("S3.20"),),
    ),
    check(
        "s3_bucket_logging",
        "Access to the bucket is not logged",
        Severity.LOW,
        _BUCKET,
        evaluate_logging,
        why="After an incident, the log tells what was read and by whom.",
        console="S3, the bucket, Properties, Server access logging, Edit, Enable.",
        command="aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status file://logging.json",
        references=(
            aws_docs("Server access logging", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html"),
        ),
    ),
)
