"""S3: every bucket of the account, whatever its region, with what decides who can read it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import ordered, plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, document, each, paged, tags
from cloudaccounts.providers.aws.regions import is_region

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import BucketTypeDef

THREADS = 4  # buckets read at once: each takes six small calls, and up to three more
_OPENNESS = ("public_access_block", "policy_is_public", "policy", "acl_grants", "ownership", "logging_to")
# Its list of access is switched off, and what is read of it names the owner alone: so is every bucket made since 2023.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html and API reference of GetBucketAcl
_NO_LISTS = "BucketOwnerEnforced"
_NO_BLOCK = ("NoSuchPublicAccessBlockConfiguration",)


def collect(scope: Scope) -> Iterator[Asset]:
    """Raises botocore's errors where buckets may not be listed. What one bucket denies is marked on its asset."""
    client = scope.connection.client("s3")
    account_wide = account_block(scope)
    yield _account(scope, account_wide)
    read = partial(_bucket, scope, account_wide)
    # With a page size the list names each bucket's region (S3 API reference, Bucket), which saves a call for each
    # bucket.
    buckets = paged(client, "list_buckets", "Buckets", PaginationConfig={"PageSize": 1000})
    yield from each(read, buckets, threads=THREADS)


def account_block(scope: Scope) -> Properties:
    """The account-wide block on public access. It is on every bucket's asset, because it overrides each (CIS AWS
    2.1.4).
    """
    properties = Properties(scope.connection)
    control = scope.connection.client("s3control")
    properties.read(
        "account_public_access_block",
        lambda: control.get_public_access_block(AccountId=scope.account_id)["PublicAccessBlockConfiguration"],
        permission="s3:GetAccountPublicAccessBlock",
        absent=_NO_BLOCK,
    )
    return properties


def _account(scope: Scope, account_wide: Properties) -> Asset:
    partition = scope.connection.partition.name
    return Asset(
        type="aws.s3.account",
        service="s3",
        region="global",
        native_id=f"arn:{partition}:s3:::account/{scope.account_id}",
        name=scope.account_id,
        properties=account_wide.to_dict(),
    )


def _bucket(scope: Scope, account_wide: Properties, bucket: BucketTypeDef) -> Asset:
    name = bucket["Name"]
    properties = Properties(scope.connection, dict(account_wide.values), dict(account_wide.refused), elsewhere=True)
    properties.values["created_at"] = plain(bucket.get("CreationDate"))
    region = bucket.get("BucketRegion") or _location(scope, name, properties)
    # A bucket must be asked in its own region; others answer with a redirect.
    if is_region(scope.connection.partition.name, region):
        regional = scope.connection.client("s3", region)
        _read(regional, name, properties)
        properties.read(
            "tags",
            lambda: tags(regional.get_bucket_tagging(Bucket=name)["TagSet"]),
            permission="s3:GetBucketTagging",
            absent=("NoSuchTagSet",),
            default={},
        )
    elif region:
        # Newer than our table: the bucket is told with nothing but its name, rather than left out.
        properties.refused["region"] = "region_unknown"
    return Asset(
        type="aws.s3.bucket",
        service="s3",
        # An asset needs a region; where it could not be read, `unreadable` says so beside it.
        region=region or scope.connection.partition.home,
        native_id=f"arn:{scope.connection.partition.name}:s3:::{name}",
        name=name,
        tags=properties.values.pop("tags", None) or {},
        properties=properties.to_dict(),
    )


def read_bucket(scope: Scope, name: str, account_wide: Properties) -> dict[str, Any]:
    """The facts of one bucket, of whichever account, as its asset has them. What may not be read is marked in it."""
    properties = Properties(scope.connection, dict(account_wide.values), dict(account_wide.refused), elsewhere=True)
    region = _location(scope, name, properties)
    if is_region(scope.connection.partition.name, region):
        _read(scope.connection.client("s3", region), name, properties)
    else:
        properties.refused |= dict.fromkeys(_OPENNESS, properties.refused.get("region", "region_unknown"))
    return properties.to_dict()


def _location(scope: Scope, name: str, properties: Properties) -> str:
    """For buckets that were listed without a region. Empty where it cannot be read: then nothing else can be either."""
    client = scope.connection.client("s3")
    properties.read(
        "region",
        lambda: client.get_bucket_location(Bucket=name)["LocationConstraint"],
        permission="s3:GetBucketLocation",
    )
    if "region" in properties.refused:
        return ""
    # The two oldest regions go by other names: API reference of GetBucketLocation.
    old_names = {None: scope.connection.partition.home, "": scope.connection.partition.home, "EU": "eu-west-1"}
    constraint = properties.values.pop("region")
    return old_names.get(constraint, str(constraint))


def _read(client: S3Client, name: str, properties: Properties) -> None:
    properties.read(
        "public_access_block",
        lambda: client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        permission="s3:GetBucketPublicAccessBlock",
        absent=_NO_BLOCK,
    )
    properties.read(
        "policy",
        lambda: document(client.get_bucket_policy(Bucket=name)["Policy"]),
        permission="s3:GetBucketPolicy",
        absent=("NoSuchBucketPolicy",),
    )
    if properties.values["policy"] is None and "policy" not in properties.refused:
        properties.values["policy_is_public"] = False  # of a bucket without one it is the same NoSuchBucketPolicy
    else:
        properties.read(
            "policy_is_public",
            lambda: client.get_bucket_policy_status(Bucket=name)["PolicyStatus"].get("IsPublic"),
            permission="s3:GetBucketPolicyStatus",
            absent=("NoSuchBucketPolicy",),
            default=False,
        )
    properties.read(
        "ownership",
        lambda: client.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
        permission="s3:GetBucketOwnershipControls",
        absent=("OwnershipControlsNotFoundError",),
    )
    if properties.values["ownership"] == _NO_LISTS:
        properties.values["acl_grants"] = []
    else:
        properties.read("acl_grants", lambda: _grants(client, name), permission="s3:GetBucketAcl")
    properties.read(
        "encryption",
        lambda: _encryption(client, name),
        permission="s3:GetEncryptionConfiguration",
        absent=("ServerSideEncryptionConfigurationNotFoundError",),
    )
    properties.read("versioning", lambda: _versioning(client, name), permission="s3:GetBucketVersioning")
    properties.read(
        "logging_to",
        lambda: _logging_to(client, name),
        permission="s3:GetBucketLogging",
    )


def _logging_to(client: Any, name: str) -> str | None:
    """None where it is off: S3 then leaves the whole element out."""
    enabled = client.get_bucket_logging(Bucket=name).get("LoggingEnabled")
    return str(enabled["TargetBucket"]) if enabled else None


def _grants(client: S3Client, name: str) -> list[Any]:
    """Who beside the owner: a canonical id or a group's URI, with the permission."""
    acl = client.get_bucket_acl(Bucket=name)
    owner = acl.get("Owner", {}).get("ID")
    return ordered(
        {"grantee": grantee.get("URI") or grantee.get("ID") or "", "permission": grant.get("Permission", "")}
        for grant in acl.get("Grants", ())
        if (grantee := grant.get("Grantee")) and grantee.get("ID", "") != owner
    )


def _encryption(client: S3Client, name: str) -> dict[str, Any]:
    rules = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return {
        "algorithm": default.get("SSEAlgorithm"),
        "kms_key_id": default.get("KMSMasterKeyID"),
        "bucket_key": bool(rules and rules[0].get("BucketKeyEnabled", False)),
    }


def _versioning(client: S3Client, name: str) -> dict[str, Any]:
    answer = client.get_bucket_versioning(Bucket=name)
    # S3 leaves both out of a bucket that never had versions: API reference of GetBucketVersioning.
    return {"status": answer.get("Status", "Off"), "mfa_delete": answer.get("MFADelete", "Disabled")}
