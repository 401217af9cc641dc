"""What the account sets for all that is made in a region, and for all of its buckets."""

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
)
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub

_REGION = "aws.account.region"
# botocore's model, Type: all of both kinds.
_OF_ACCESS_OUTSIDE = ("ACCOUNT", "ORGANIZATION")
_OF_ACCESS_INSIDE = tuple(f"{whose}_{what}_ACCESS" for whose in _OF_ACCESS_OUTSIDE for what in ("UNUSED", "INTERNAL"))
_FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _snapshots(asset: Asset) -> Evaluation:
    state = required(asset, "snapshot_sharing", str)
    if state == "block-all-sharing":
        return passed("No snapshot can be made public, and none that was is any more.")
    if state == "block-new-sharing":
        return passed("No further snapshot can be made public; those that are stay so.")
    return _open(state, "Whoever may share a snapshot can make it public.")


def _images(asset: Asset) -> Evaluation:
    state = required(asset, "image_sharing", str)
    if state == "block-new-sharing":
        return passed("No machine image can be made public.")
    return _open(state, "Whoever may share a machine image can make it public.")


def _open(state: str, failure: str) -> Evaluation:
    if state != "unblocked":
        raise UnknownFactError(f"The setting has a value that is not known here: {state}.")
    return failed(failure)


def _metadata(asset: Asset) -> Evaluation:
    defaults = required(asset, "metadata_defaults", dict)
    # Left out, or without preference: the image or whoever launches decides.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataDefaultsResponse.html
    tokens = defaults.get("HttpTokens", "no-preference")
    if tokens not in ("required", "optional", "no-preference"):
        raise UnknownFactError("The default has a value that is not known here.")
    return expect(
        tokens == "required",
        "New instances answer IMDSv1 unless somebody asks for IMDSv2.",
        "New instances answer IMDSv2 only.",
    )


def _buckets(asset: Asset) -> Evaluation:
    block = optional(asset, "account_public_access_block", dict)
    # None is S3's "there is no such configuration" (see `inventory.s3`), not a refusal.
    if block is None:
        return failed("Nothing is blocked for the account: each bucket decides for itself.")
    if missing := [flag for flag in _FLAGS if block.get(flag) is False]:
        return failed(f"Not set for the account: {', '.join(missing)}.")
    if any(block.get(flag) is not True for flag in _FLAGS):
        raise UnknownFactError("A part of the account's block was not told.")
    return passed("Public access is blocked for all buckets.")


def _hub(asset: Asset) -> Evaluation:
    on = required(asset, "enabled", bool)
    return expect(on, "Security Hub is not enabled in this region.", "Security Hub is enabled in this region.")


def _analyzers(asset: Asset) -> Evaluation:
    """Of access from outside: analyzers of unused or internal access have other types."""
    outside = [row for row in rows(asset, "analyzers") if row.get("type") not in _OF_ACCESS_INSIDE]
    if any(row.get("type") in _OF_ACCESS_OUTSIDE and row.get("status") == "ACTIVE" for row in outside):
        return passed("An analyzer looks for access from outside.")
    # A type that is new may look for access from outside, or not.
    idle = ("CREATING", "DISABLED", "FAILED")
    if any(row.get("type") not in _OF_ACCESS_OUTSIDE or row.get("status") not in idle for row in outside):
        raise UnknownFactError("What an analyzer does was not told.")
    return failed(
        "The analyzer of access from outside does not run."
        if outside
        else "No analyzer of this account looks for access from outside in this region."
    )


CHECKS = (
    check(
        "ec2_snapshot_sharing_blocked",
        "Disk snapshots may be made public",
        Severity.MEDIUM,
        _REGION,
        _snapshots,
        why="One wrong click makes a disk public; the block keeps it from working, for the whole region.",
        console="EC2, Settings, Data protection and security, Block public access for EBS snapshots, Manage.",
        command="aws ec2 enable-snapshot-block-public-access --state block-all-sharing",
        references=(
            aws_docs(
                "Block public access for EBS snapshots",
                "https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html",
            ),
        ),
        every_region=True,
    ),
    check(
        "ec2_image_sharing_blocked",
        "Machine images may be made public",
        Severity.MEDIUM,
        _REGION,
        _images,
        why="One wrong click makes an image public; the block keeps it from working, for the whole region.",
        console="EC2, Settings, Data protection and security, Block public access for AMIs, Manage.",
        command="aws ec2 enable-image-block-public-access --image-block-public-access-state block-new-sharing",
        references=(
            aws_docs(
                "Block public access to images",
                "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html",
            ),
        ),
        every_region=True,
    ),
    check(
        "ec2_imdsv2_default",
        "New instances may answer IMDSv1",
        Severity.LOW,
        _REGION,
        _metadata,
        why="A default needs no memory: nobody has to think of IMDSv2 when an instance is launched.",
        console="EC2, Settings, Data protection and security, IMDS defaults, Manage: V2 only.",
        command="aws ec2 modify-instance-metadata-defaults --http-tokens required",
        references=(
            aws_docs(
                "Options of the metadata service",
                "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html",
            ),
        ),
        every_region=True,
    ),
    check(
        "s3_account_public_access_block",
        "Public access is not blocked for the account's buckets",
        Severity.MEDIUM,
        "aws.s3.account",
        _buckets,
        why="It holds for each bucket, also for those that are made tomorrow, whatever their own settings are.",
        console="S3, Block Public Access settings for this account, Edit: turn on all four.",
        command="aws s3control put-public-access-block --account-id <account> --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        references=(security_hub("S3.1"),),
    ),
    check(
        "securityhub_enabled",
        "Security Hub is not enabled in the region",
        Severity.LOW,
        "aws.securityhub.region",
        _hub,
        why="It gathers what GuardDuty, Inspector and others find, in one place for the whole organization.",
        console="Security Hub, Go to Security Hub, Enable. In each region, or for the organization.",
        command="aws securityhub enable-security-hub --enable-default-standards",
        references=(
            aws_docs(
                "Enabling Security Hub",
                "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-settingup.html",
            ),
        ),
        every_region=True,
    ),
    check(
        "accessanalyzer_enabled",
        "No analyzer looks for access from outside",
        Severity.LOW,
        "aws.accessanalyzer.region",
        _analyzers,
        why="It proves, for policies of all kinds of resources, who outside of the account gets in.",
        console="IAM, Access analyzer, Create analyzer: External access analysis. In each region.",
        command="aws accessanalyzer create-analyzer --analyzer-name account --type ACCOUNT",
        references=(security_hub("IAM.28"),),
        every_region=True,
    ),
)
