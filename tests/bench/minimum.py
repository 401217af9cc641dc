"""The fewest calls that a full scan of an AWS account can make, from what it found and what AWS's API offers.

A reading's lists are asked once for each region, because no API lists a service's resources in all regions completely
(Resource Explorer's index lags behind and leaves types out, so its silence is no proof that a region is empty). What
lists do not tell is asked of each resource where an operation takes one alone: `ONE_BY_ONE`, held against botocore's
models by a test. Pages are not counted: no list of a bench's account has two.

Not counted here, although this product makes them: a second list of security groups and network ACLs, and a second look
at what blocks the internet, in a region with a public instance; facts of a trail's bucket beside those of the bucket,
and tags bucket by bucket (``resourcegroupstaggingapi.GetResources`` would list those of a region, with a permission
more).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset, ScanUnit

# Who asks, and which regions are enabled.
BEFORE = ("sts.GetCallerIdentity", "ec2.DescribeRegions")
LISTS: Mapping[str, tuple[str, ...]] = {
    "iam": (
        *("iam.GetAccountSummary", "iam.GetAccountPasswordPolicy", "iam.ListEntitiesForPolicy"),
        *("iam.ListVirtualMFADevices", "iam.GetAccountAuthorizationDetails", "iam.ListServerCertificates"),
    ),
    "credential-report": ("iam.GetCredentialReport",),
    "s3": ("s3control.GetPublicAccessBlock", "s3.ListBuckets"),
    "cloudtrail": ("cloudtrail.ListTrails",),
    "route53": ("route53.ListHostedZones",),
    "cloudfront": ("cloudfront.ListDistributions",),
    "ec2": ("ec2.DescribeVolumes", "ec2.DescribeInstances"),
    "vpc": (
        *("ec2.DescribeFlowLogs", "ec2.DescribeVpcs", "ec2.DescribeSubnets", "ec2.DescribeSecurityGroups"),
        *("ec2.DescribeNetworkAcls", "ec2.DescribeVpcBlockPublicAccessOptions"),
    ),
    "ebs": (
        *("ec2.GetEbsEncryptionByDefault", "ec2.GetSnapshotBlockPublicAccessState"),
        *("ec2.GetImageBlockPublicAccessState", "ec2.GetInstanceMetadataDefaults"),
        *("ec2.DescribeSnapshots", "ec2.DescribeImages"),
    ),
    "rds": (
        *("rds.DescribeDBInstances", "rds.DescribeDBClusters", "rds.DescribeDBSnapshots"),
        "rds.DescribeDBClusterSnapshots",
    ),
    "lambda": ("lambda.ListFunctions",),
    "kms": ("kms.ListKeys",),
    "config": ("config.DescribeConfigurationRecorders",),
    "guardduty": ("guardduty.ListDetectors",),
    "securityhub": ("securityhub.DescribeHub",),
    "access-analyzer": ("accessanalyzer.ListAnalyzers",),
    "secretsmanager": ("secretsmanager.ListSecrets",),
    "sqs": ("sqs.ListQueues",),
    "sns": ("sns.ListTopics",),
    "eks": ("eks.ListClusters",),
    "ecs": ("ecs.ListClusters",),
    "ecr": ("ecr.DescribeRepositories",),
    "efs": ("efs.DescribeFileSystems",),
    "dynamodb": ("dynamodb.ListTables",),
    "elbv2": ("elbv2.DescribeLoadBalancers",),
    "acm": ("acm.ListCertificates",),
    "cloudformation": ("cloudformation.DescribeStacks",),
    "logs": ("logs.DescribeLogGroups",),
}
Facts = Mapping[str, Any]
Needed = Callable[[Facts], int]


def _always(_: Facts) -> int:
    return 1


# By type of asset: operations that take one resource, with how often this one needs each.
ONE_BY_ONE: Mapping[str, Mapping[str, Needed]] = {
    "aws.s3.bucket": {
        "s3.GetPublicAccessBlock": _always,
        "s3.GetBucketPolicy": _always,
        "s3.GetBucketPolicyStatus": lambda facts: facts.get("policy") is not None,
        "s3.GetBucketOwnershipControls": _always,
        "s3.GetBucketAcl": lambda facts: facts.get("ownership") != "BucketOwnerEnforced",
        "s3.GetBucketEncryption": _always,
        "s3.GetBucketVersioning": _always,
        "s3.GetBucketLogging": _always,
    },
    "aws.iam.user": {"iam.ListAccessKeys": _always, "iam.ListMFADevices": _always},
    "aws.cloudtrail.trail": {"cloudtrail.GetTrailStatus": _always, "cloudtrail.GetEventSelectors": _always},
    "aws.kms.key": {
        "kms.DescribeKey": _always,
        "kms.GetKeyPolicy": _always,
        "kms.GetKeyRotationStatus": lambda facts: facts.get("rotation") is not None,
    },
    "aws.lambda.function": {
        "lambda.GetPolicy": lambda facts: 1 + len(facts.get("alias_policies") or ()),
        "lambda.ListAliases": _always,
    },
    "aws.rds.snapshot": {"rds.DescribeDBSnapshotAttributes": _always},
    "aws.rds.cluster_snapshot": {"rds.DescribeDBClusterSnapshotAttributes": _always},
    "aws.guardduty.region": {"guardduty.GetDetector": lambda facts: len(facts.get("detectors") or ())},
    "aws.secretsmanager.secret": {"secretsmanager.GetResourcePolicy": _always},
    "aws.sqs.queue": {"sqs.GetQueueAttributes": _always},
    "aws.sns.topic": {"sns.GetTopicAttributes": _always},
    "aws.eks.cluster": {"eks.DescribeCluster": _always},
    "aws.ecr.repository": {"ecr.GetRepositoryPolicy": _always},
    "aws.dynamodb.table": {"dynamodb.DescribeTable": _always, "dynamodb.DescribeContinuousBackups": _always},
    "aws.elbv2.load_balancer": {
        "elbv2.DescribeLoadBalancerAttributes": _always,
        "elbv2.DescribeListeners": _always,
        "elbv2.DescribeRules": lambda facts: sum("rules" in each for each in facts.get("listeners") or ()),
    },
}
# Asked once in a region where the reading found something that needs it: by type, with what it depends on.
ONCE_WHERE: Mapping[str, Mapping[str, Needed]] = {
    "aws.config.recorder": {
        "config.DescribeConfigurationRecorderStatus": lambda facts: bool(facts.get("recorders")),
    },
    "aws.kms.key": {"kms.ListAliases": _always},
    "aws.ecr.repository": {"ecr.GetRegistryScanningConfiguration": _always},
    "aws.ecs.cluster": {"ecs.DescribeClusters": _always},
    "aws.elbv2.load_balancer": {"elbv2.DescribeSSLPolicies": lambda facts: "policies" in facts},
    "aws.ec2.snapshot": {"ec2.DescribeSnapshots": _always},
    "aws.ec2.instance": {"ec2.DescribeRouteTables": lambda facts: bool(facts.get("public_addresses"))},
    "aws.cloudtrail.trail": {"cloudtrail.DescribeTrails": _always},
    "aws.s3.bucket": {"resourcegroupstaggingapi.GetResources": _always},
}


def fewest_calls(units: Iterable[ScanUnit], assets: Iterable[Asset]) -> int:
    calls = len(BEFORE) + sum(len(LISTS[unit.service]) for unit in units)
    once: set[tuple[str, str]] = set()
    prefix_lists: dict[str, set[str]] = defaultdict(set)
    for asset in assets:
        facts = asset.properties
        calls += sum(int(needed(facts)) for needed in ONE_BY_ONE.get(asset.type, {}).values())
        once |= {(call, asset.region) for call, needed in ONCE_WHERE.get(asset.type, {}).items() if needed(facts)}
        prefix_lists[asset.region] |= set(facts.get("prefix_list_entries") or ())
    return calls + len(once) + sum(map(len, prefix_lists.values()))
