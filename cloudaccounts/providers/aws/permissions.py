"""What a scan needs, permission by permission. The inventory makes no other calls. No Django, no SDK.

The AWS managed policies SecurityAudit and ViewOnlyAccess cover everything (a test compares the list with them).
``calls`` are the SDK's operations that need the permission; ``about`` completes "Findings about … will be missing".
Actions of each operation: the Service Authorization Reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cloudaccounts.contract.report import PermissionResult, PermissionStatus
from cloudaccounts.provider_kit.check_results import join_names

WORKS = "tried: it works"  # the reason of what is granted whatever the simulator says


class How(StrEnum):
    """How permissions became known. It decides how soon a loss is noticed, see `permission_probe`."""

    SIMULATED = "simulated"
    REFUSED = "refused"  # the simulator may not be asked, or does not know the identity
    TEMPORARY = "temporary"  # whatever narrows the session, the simulator does not know it


@dataclass(frozen=True, slots=True)
class Permission:
    action: str  # "iam:ListAccessKeys"
    service: str  # the heading under which it is shown
    about: str
    calls: tuple[str, ...]  # "iam.ListAccessKeys", as botocore names service and operation
    readings: tuple[str, ...]  # which of `inventory.SERVICES` make these calls; none: whatever is read


ALWAYS = ""  # of readings: which regions are enabled, and what changed since the last scan


def _group(service: str, prefix: str, readings: str, rows: Iterable[tuple[str, ...]]) -> tuple[Permission, ...]:
    """Rows of action, what it is about, the operation, and the readings where they are others than the group's."""
    return tuple(
        Permission(
            action=f"{prefix}:{action}",
            service=service,
            about=about,
            calls=(call if "." in call else f"{prefix}.{call}",),
            readings=tuple((own[0] if own else readings).split()),
        )
        for action, about, call, *own in rows
    )


PERMISSIONS: tuple[Permission, ...] = (
    *_group(
        "IAM",
        "iam",
        "iam",
        (
            ("GetAccountSummary", "the root user", "GetAccountSummary"),
            ("GetAccountPasswordPolicy", "the password policy", "GetAccountPasswordPolicy"),
            ("GetAccountAuthorizationDetails", "users, groups, roles and policies", "GetAccountAuthorizationDetails"),
            ("ListAccessKeys", "access keys", "ListAccessKeys"),
            ("ListMFADevices", "multi-factor authentication", "ListMFADevices"),
            ("ListEntitiesForPolicy", "the support role", "ListEntitiesForPolicy"),
            ("ListVirtualMFADevices", "the root user's second factor", "ListVirtualMFADevices"),
            ("ListServerCertificates", "certificates in IAM", "ListServerCertificates"),
            ("GenerateCredentialReport", "unused passwords and keys", "GenerateCredentialReport", "credential-report"),
            ("GetCredentialReport", "unused passwords and keys", "GetCredentialReport", "credential-report"),
        ),
    ),
    *_group(
        "S3",
        "s3",
        "cloudtrail s3",
        (
            ("ListAllMyBuckets", "buckets", "ListBuckets", "s3"),
            ("GetBucketLocation", "buckets", "GetBucketLocation"),
            ("GetAccountPublicAccessBlock", "public access to buckets", "s3control.GetPublicAccessBlock"),
            ("GetBucketPublicAccessBlock", "public access to buckets", "GetPublicAccessBlock"),
            ("GetBucketPolicyStatus", "public access to buckets", "GetBucketPolicyStatus"),
            ("GetBucketPolicy", "encrypted transport and public access to buckets", "GetBucketPolicy"),
            ("GetBucketAcl", "public access to buckets", "GetBucketAcl"),
            ("GetBucketOwnershipControls", "public access to buckets", "GetBucketOwnershipControls"),
            ("GetEncryptionConfiguration", "the encryption of buckets", "GetBucketEncryption"),
            ("GetBucketVersioning", "the versioning of buckets", "GetBucketVersioning"),
            ("GetBucketLogging", "the access logs of buckets", "GetBucketLogging"),
            ("GetBucketTagging", "the tags of buckets", "GetBucketTagging", "s3"),
        ),
    ),
    *_group(
        "EC2",
        "ec2",
        "ebs",
        (
            ("DescribeRegions", "which regions are enabled", "DescribeRegions", ALWAYS),
            ("DescribeInstances", "instances", "DescribeInstances", "ec2"),
            ("DescribeSecurityGroups", "security groups", "DescribeSecurityGroups", "ec2 vpc"),
            (
                "GetManagedPrefixListEntries",
                "prefix lists of security groups",
                "GetManagedPrefixListEntries",
                "ec2 vpc",
            ),
            ("DescribeVolumes", "volumes", "DescribeVolumes", "ec2"),
            ("DescribeVpcs", "networks", "DescribeVpcs", "vpc"),
            ("DescribeSubnets", "networks", "DescribeSubnets", "vpc"),
            ("DescribeFlowLogs", "flow logs", "DescribeFlowLogs", "vpc"),
            ("DescribeSnapshots", "snapshots", "DescribeSnapshots"),
            ("DescribeImages", "machine images", "DescribeImages"),
            ("GetEbsEncryptionByDefault", "the default encryption of volumes", "GetEbsEncryptionByDefault"),
            ("GetSnapshotBlockPublicAccessState", "the sharing of snapshots", "GetSnapshotBlockPublicAccessState"),
            ("GetImageBlockPublicAccessState", "the sharing of machine images", "GetImageBlockPublicAccessState"),
            ("GetInstanceMetadataDefaults", "the defaults of new instances", "GetInstanceMetadataDefaults"),
            ("DescribeNetworkAcls", "network ACLs", "DescribeNetworkAcls", "ec2 vpc"),
            ("DescribeRouteTables", "which instances the internet reaches", "DescribeRouteTables", "ec2"),
            (
                "DescribeVpcBlockPublicAccessOptions",
                "what blocks the internet from networks",
                "DescribeVpcBlockPublicAccessOptions",
                "ec2 vpc",
            ),
            (
                "DescribeVpcBlockPublicAccessExclusions",
                "what blocks the internet from networks",
                "DescribeVpcBlockPublicAccessExclusions",
                "ec2 vpc",
            ),
        ),
    ),
    *_group(
        "CloudTrail",
        "cloudtrail",
        "cloudtrail",
        (
            ("ListTrails", "trails", "ListTrails"),
            ("DescribeTrails", "trails", "DescribeTrails"),
            ("GetTrailStatus", "trails", "GetTrailStatus"),
            ("GetEventSelectors", "trails", "GetEventSelectors"),
            ("LookupEvents", "changes between scans", "LookupEvents", ALWAYS),
        ),
    ),
    *_group(
        "AWS Config",
        "config",
        "config",
        (
            ("DescribeConfigurationRecorders", "AWS Config", "DescribeConfigurationRecorders"),
            ("DescribeConfigurationRecorderStatus", "AWS Config", "DescribeConfigurationRecorderStatus"),
        ),
    ),
    *_group(
        "GuardDuty",
        "guardduty",
        "guardduty",
        (("ListDetectors", "GuardDuty", "ListDetectors"), ("GetDetector", "GuardDuty", "GetDetector")),
    ),
    *_group("Security Hub", "securityhub", "securityhub", (("DescribeHub", "Security Hub", "DescribeHub"),)),
    *_group(
        "Access Analyzer",
        "access-analyzer",
        "access-analyzer",
        (("ListAnalyzers", "IAM Access Analyzer", "accessanalyzer.ListAnalyzers"),),
    ),
    *_group(
        "KMS",
        "kms",
        "kms",
        (
            ("ListAliases", "encryption keys", "ListAliases"),
            ("ListKeys", "encryption keys", "ListKeys"),
            ("DescribeKey", "encryption keys", "DescribeKey"),
            ("GetKeyRotationStatus", "the rotation of encryption keys", "GetKeyRotationStatus"),
            ("GetKeyPolicy", "public access to encryption keys", "GetKeyPolicy"),
        ),
    ),
    *_group(
        "RDS",
        "rds",
        "rds",
        (
            ("DescribeDBInstances", "databases", "DescribeDBInstances"),
            ("DescribeDBClusters", "databases", "DescribeDBClusters"),
            ("DescribeDBSnapshots", "snapshots of databases", "DescribeDBSnapshots"),
            ("DescribeDBSnapshotAttributes", "snapshots of databases", "DescribeDBSnapshotAttributes"),
            ("DescribeDBClusterSnapshots", "snapshots of databases", "DescribeDBClusterSnapshots"),
            ("DescribeDBClusterSnapshotAttributes", "snapshots of databases", "DescribeDBClusterSnapshotAttributes"),
        ),
    ),
    *_group(
        "Lambda",
        "lambda",
        "lambda",
        (
            ("ListFunctions", "functions", "ListFunctions"),
            ("GetPolicy", "public functions", "GetPolicy"),
            ("ListAliases", "public functions", "ListAliases"),
        ),
    ),
    *_group(
        "Secrets Manager",
        "secretsmanager",
        "secretsmanager",
        (
            ("ListSecrets", "secrets", "ListSecrets"),
            ("GetResourcePolicy", "public access to secrets", "GetResourcePolicy"),
        ),
    ),
    *_group(
        "SQS",
        "sqs",
        "sqs",
        (("ListQueues", "queues", "ListQueues"), ("GetQueueAttributes", "queues", "GetQueueAttributes")),
    ),
    *_group(
        "SNS",
        "sns",
        "sns",
        (("ListTopics", "topics", "ListTopics"), ("GetTopicAttributes", "topics", "GetTopicAttributes")),
    ),
    *_group(
        "Containers",
        "eks",
        "eks",
        (
            ("ListClusters", "Kubernetes clusters", "ListClusters"),
            ("DescribeCluster", "Kubernetes clusters", "DescribeCluster"),
        ),
    ),
    *_group(
        "Containers",
        "ecs",
        "ecs",
        (
            ("ListClusters", "container clusters", "ListClusters"),
            ("DescribeClusters", "container clusters", "DescribeClusters"),
        ),
    ),
    *_group(
        "Containers",
        "ecr",
        "ecr",
        (
            ("DescribeRepositories", "container images", "DescribeRepositories"),
            ("GetRepositoryPolicy", "public access to container images", "GetRepositoryPolicy"),
            ("GetRegistryScanningConfiguration", "scans of container images", "GetRegistryScanningConfiguration"),
        ),
    ),
    *_group("EFS", "elasticfilesystem", "efs", (("DescribeFileSystems", "file systems", "efs.DescribeFileSystems"),)),
    *_group(
        "DynamoDB",
        "dynamodb",
        "dynamodb",
        (
            ("ListTables", "tables", "ListTables"),
            ("DescribeTable", "tables", "DescribeTable"),
            ("DescribeContinuousBackups", "backups of tables", "DescribeContinuousBackups"),
        ),
    ),
    *_group(
        "Load balancing",
        "elasticloadbalancing",
        "elbv2",
        (
            ("DescribeLoadBalancers", "load balancers", "elbv2.DescribeLoadBalancers"),
            ("DescribeLoadBalancerAttributes", "load balancers", "elbv2.DescribeLoadBalancerAttributes"),
            ("DescribeListeners", "encrypted transport to load balancers", "elbv2.DescribeListeners"),
            ("DescribeRules", "encrypted transport to load balancers", "elbv2.DescribeRules"),
            ("DescribeSSLPolicies", "encrypted transport to load balancers", "elbv2.DescribeSSLPolicies"),
        ),
    ),
    *_group("ACM", "acm", "acm", (("ListCertificates", "certificates", "ListCertificates"),)),
    *_group("CloudFormation", "cloudformation", "cloudformation", (("DescribeStacks", "stacks", "DescribeStacks"),)),
    *_group("CloudWatch Logs", "logs", "logs", (("DescribeLogGroups", "log groups", "DescribeLogGroups"),)),
    *_group("Route 53", "route53", "route53", (("ListHostedZones", "hosted zones", "ListHostedZones"),)),
    *_group("CloudFront", "cloudfront", "cloudfront", (("ListDistributions", "distributions", "ListDistributions"),)),
)

# Actions are unique: one permission has one row, however many operations need it.
BY_ACTION = {permission.action: permission for permission in PERMISSIONS}


def is_forbidden(result: PermissionResult) -> bool:
    """Denied explicitly: no statement that allows it can lift that, the denying policy must change.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    return result.status == PermissionStatus.DENIED and result.reason.startswith(("explicitly denied", "denied by"))


def missing_statement(results: Iterable[PermissionResult]) -> str:
    """The policy statement that grants what is missing, as JSON. Empty where nothing is, or where it would not help.

    Once anything is missing, what could not be verified is in it as well: granting it twice does no harm, and a second
    attempt costs the person time.
    """
    results = [result for result in results if not is_forbidden(result)]
    if not any(result.status == PermissionStatus.DENIED for result in results):
        return ""
    # Sorted, so that the statement of one check can be compared with that of the next.
    actions = sorted(result.permission for result in results if result.status != PermissionStatus.GRANTED)
    return json.dumps({"Effect": "Allow", "Action": actions, "Resource": "*"}, indent=2)


def forbidden(results: Iterable[PermissionResult]) -> list[str]:
    return sorted(result.permission for result in results if is_forbidden(result))


def topic(permission: str) -> str:
    """What findings are about that need this permission; empty for one that is not known."""
    needed = BY_ACTION.get(permission)
    return needed.about if needed else ""


def blind_topics(results: Iterable[PermissionResult]) -> str:
    """What a scan will find nothing about: "access keys, buckets and volumes"; empty where nothing is denied."""
    denied = {result.permission for result in results if result.status == PermissionStatus.DENIED}
    # Several permissions may be about one topic, which is named once.
    return join_names(list(dict.fromkeys(p.about for p in PERMISSIONS if p.action in denied)))
