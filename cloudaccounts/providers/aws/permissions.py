"""What the scan needs, permission by permission. The inventory calls nothing else. No Django, no SDK.

Everything is covered by the AWS managed policies SecurityAudit and ViewOnlyAccess (a test holds the list against them).
``calls`` are the SDK's operations that need the permission; ``about`` completes "Findings about … will be missing".
Actions of each operation: the Service Authorization Reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from cloudaccounts.report import PermissionResult, PermissionStatus


@dataclass(frozen=True, slots=True)
class Permission:
    action: str  # "iam:ListAccessKeys"
    service: str  # the heading under which it is shown
    about: str
    calls: tuple[str, ...]  # "iam.ListAccessKeys", as botocore names service and operation


def _group(service: str, prefix: str, rows: Iterable[tuple[str, str, str]]) -> tuple[Permission, ...]:
    """Rows of action, what it is about, and the operation where that is named otherwise."""
    return tuple(
        Permission(f"{prefix}:{action}", service, about, (call if "." in call else f"{prefix}.{call}",) if call else ())
        for action, about, call in rows
    )


PERMISSIONS: tuple[Permission, ...] = (
    *_group(
        "IAM",
        "iam",
        (
            ("GetAccountSummary", "the root user", "GetAccountSummary"),
            ("GetAccountPasswordPolicy", "the password policy", "GetAccountPasswordPolicy"),
            ("GetAccountAuthorizationDetails", "users, roles and policies", "GetAccountAuthorizationDetails"),
            ("ListAccessKeys", "access keys", "ListAccessKeys"),
            ("ListMFADevices", "multi-factor authentication", "ListMFADevices"),
            ("GenerateCredentialReport", "unused passwords and keys", "GenerateCredentialReport"),
            ("GetCredentialReport", "unused passwords and keys", "GetCredentialReport"),
        ),
    ),
    *_group(
        "S3",
        "s3",
        (
            ("ListAllMyBuckets", "buckets", "ListBuckets"),
            ("GetBucketLocation", "buckets", "GetBucketLocation"),
            ("GetAccountPublicAccessBlock", "public access to buckets", "s3control.GetPublicAccessBlock"),
            ("GetBucketPublicAccessBlock", "public access to buckets", "GetPublicAccessBlock"),
            ("GetBucketPolicyStatus", "public access to buckets", "GetBucketPolicyStatus"),
            ("GetBucketAcl", "public access to buckets", "GetBucketAcl"),
            ("GetBucketOwnershipControls", "public access to buckets", "GetBucketOwnershipControls"),
            ("GetEncryptionConfiguration", "the encryption of buckets", "GetBucketEncryption"),
            ("GetBucketVersioning", "the versioning of buckets", "GetBucketVersioning"),
            ("GetBucketLogging", "the access logs of buckets", "GetBucketLogging"),
            ("GetBucketTagging", "the tags of buckets", "GetBucketTagging"),
        ),
    ),
    *_group(
        "EC2",
        "ec2",
        (
            ("DescribeRegions", "which regions are enabled", "DescribeRegions"),
            ("DescribeInstances", "instances", "DescribeInstances"),
            ("DescribeSecurityGroups", "security groups", "DescribeSecurityGroups"),
            ("DescribeVolumes", "volumes", "DescribeVolumes"),
            ("DescribeVpcs", "networks", "DescribeVpcs"),
        ),
    ),
)

BY_ACTION = {permission.action: permission for permission in PERMISSIONS}


def is_forbidden(result: PermissionResult) -> bool:
    """Denied by a policy that says so: no statement that allows it can lift that, the denying one must change."""
    return result.status == PermissionStatus.DENIED and result.reason.startswith(("explicitly denied", "denied by"))


def mending(results: Iterable[PermissionResult]) -> str:
    """The policy statement that grants what is missing, as JSON; empty where nothing is, or where it would not help.

    What could not be verified is in it as well, once anything is missing: granting it twice does no harm, and finding
    out in a second round would.
    """
    results = [result for result in results if not is_forbidden(result)]
    if not any(result.status == PermissionStatus.DENIED for result in results):
        return ""
    wanted = sorted(result.permission for result in results if result.status != PermissionStatus.GRANTED)
    return json.dumps({"Effect": "Allow", "Action": wanted, "Resource": "*"}, indent=2)


def forbidden(results: Iterable[PermissionResult]) -> list[str]:
    return sorted(result.permission for result in results if is_forbidden(result))


def blinded(results: Iterable[PermissionResult]) -> str:
    """What nothing will be told about: "access keys, buckets and volumes"; empty where nothing is denied."""
    denied = {result.permission for result in results if result.status == PermissionStatus.DENIED}
    topics = list(dict.fromkeys(permission.about for permission in PERMISSIONS if permission.action in denied))
    if len(topics) <= 1:
        return "".join(topics)
    return f"{', '.join(topics[:-1])} and {topics[-1]}"
