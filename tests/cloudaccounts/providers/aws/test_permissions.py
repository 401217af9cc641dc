"""The list of what a scan needs, and how each answer of AWS about it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.credentials import Credentials as SdkCredentials
from moto.iam.aws_managed_policies import aws_managed_policies_data

from cloudaccounts.contract.report import CheckStatus, PermissionResult, PermissionStatus
from cloudaccounts.providers.aws import check_results, live_reads, permission_check
from cloudaccounts.providers.aws.beyond_need import ACTIONS as BEYOND
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import Who
from cloudaccounts.providers.aws.inventory import open_session
from cloudaccounts.providers.aws.least_privilege import ACTIONS, reading_of_type
from cloudaccounts.providers.aws.permissions import BY_ACTION, PERMISSIONS, How, blind_topics, missing_statement
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, Cloud, check, make_target

GRANTED, DENIED, UNVERIFIABLE = PermissionStatus.GRANTED, PermissionStatus.DENIED, PermissionStatus.UNVERIFIABLE

# Questions about one resource, which cannot be tried without listing first; the simulator tells them.
NEED_A_RESOURCE = {
    *("cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "guardduty:GetDetector", "kms:DescribeKey"),
    *("kms:GetKeyRotationStatus", "rds:DescribeDBSnapshotAttributes", "lambda:GetPolicy", "sqs:GetQueueAttributes"),
    *("sns:GetTopicAttributes", "eks:DescribeCluster", "dynamodb:DescribeTable"),
    *(
        "dynamodb:DescribeContinuousBackups",
        "ec2:GetManagedPrefixListEntries",
        "kms:GetKeyPolicy",
        "lambda:ListAliases",
    ),
    *("elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeRules"),
    "elasticloadbalancing:DescribeListeners",
    *("secretsmanager:GetResourcePolicy", "ecr:GetRepositoryPolicy", "rds:DescribeDBClusterSnapshotAttributes"),
}


def results(**statuses: PermissionStatus) -> tuple[PermissionResult, ...]:
    by_action = {name.replace("_", ":", 1): status for name, status in statuses.items()}
    return tuple(
        PermissionResult(item.service, item.action, by_action.get(item.action, GRANTED)) for item in PERMISSIONS
    )


def test_each_permission_is_listed_once_and_can_be_tried() -> None:
    assert len(BY_ACTION) == len(PERMISSIONS)
    assert all(item.calls for item in PERMISSIONS)


def test_the_two_managed_policies_of_the_guides_grant_everything() -> None:
    policies = json.loads(aws_managed_policies_data)
    allowed = [
        pattern
        for name in ("SecurityAudit", "ViewOnlyAccess")
        for statement in policies[name]["Document"]["Statement"]
        if statement["Resource"] == "*"
        for pattern in statement["Action"]
    ]
    for action in (*BY_ACTION, "iam:SimulatePrincipalPolicy"):
        assert any(fnmatchcase(action, pattern) for pattern in allowed), action


def judged(**evaluation: Any) -> PermissionResult:
    answer: Any = {"EvalActionName": PERMISSIONS[0].action, **evaluation}
    return permission_check._result(PERMISSIONS[0], answer)


@pytest.mark.parametrize(
    ("evaluation", "status", "reason"),
    [
        ({"EvalDecision": "allowed"}, GRANTED, ""),
        ({"EvalDecision": "implicitDeny"}, DENIED, "no policy allows it"),
        (
            {"EvalDecision": "explicitDeny", "MatchedStatements": [{"SourcePolicyId": "b"}, {"SourcePolicyId": "a"}]},
            DENIED,
            "explicitly denied by a, b",
        ),
        ({"EvalDecision": "explicitDeny"}, DENIED, "explicitly denied by a policy"),
        (
            {"EvalDecision": "implicitDeny", "OrganizationsDecisionDetail": {"AllowedByOrganizations": False}},
            DENIED,
            "denied by a service control policy of the organization",
        ),
        (
            {
                "EvalDecision": "implicitDeny",
                "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
            },
            DENIED,
            "not allowed by the permissions boundary",
        ),
        (
            {"EvalDecision": "implicitDeny", "MissingContextValues": ["aws:SourceIp"]},
            UNVERIFIABLE,
            "depends on a condition that the simulator does not know: aws:SourceIp",
        ),
    ],
)
def test_the_simulators_answer_is_told_with_its_reason(
    evaluation: dict[str, Any], status: PermissionStatus, reason: str
) -> None:
    told = judged(**evaluation)
    assert (told.status, told.reason) == (status, reason)


def test_no_answer_is_no_proof() -> None:
    assert permission_check._result(PERMISSIONS[0], None).status == UNVERIFIABLE


def test_gaps_are_mended_by_one_sorted_statement_and_named_by_what_they_hide() -> None:
    gaps = results(s3_GetBucketAcl=DENIED, ec2_DescribeVolumes=DENIED, iam_ListAccessKeys=UNVERIFIABLE)
    assert json.loads(missing_statement(gaps)) == {
        "Effect": "Allow",
        "Action": ["ec2:DescribeVolumes", "iam:ListAccessKeys", "s3:GetBucketAcl"],
        "Resource": "*",
    }
    assert blind_topics(gaps) == "public access to buckets and volumes"
    assert (missing_statement(results()), blind_topics(results())) == ("", "")


def test_nothing_granted_is_refused_and_no_answer_can_be_retried() -> None:
    none = tuple(PermissionResult(item.service, item.action, DENIED) for item in PERMISSIONS)
    verdict = check_results.permissions(none, how=How.SIMULATED)
    assert (verdict.status, verdict.code, verdict.retry_helps) == (CheckStatus.FAILED, "no_permissions", False)
    unknown = tuple(PermissionResult(item.service, item.action, UNVERIFIABLE) for item in PERMISSIONS)
    verdict = check_results.permissions(unknown, how=How.REFUSED)
    assert (verdict.status, verdict.code, verdict.retry_helps) == (CheckStatus.FAILED, "permissions_unverifiable", True)


def test_what_cannot_be_verified_is_no_gap() -> None:
    verdict = check_results.permissions(results(s3_GetBucketAcl=UNVERIFIABLE), how=How.REFUSED)
    assert verdict.status == CheckStatus.PASSED
    assert "1 could not be verified" in verdict.detail


def test_many_actions_are_asked_in_few_calls(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permission_check, "BATCH", 10)
    report = cloud.validate(cloud.keys("good"))
    # Of both kinds together, since the region that is asked about is the partition's home.
    assert len(cloud.calls("SimulatePrincipalPolicy")) == -(-(len(PERMISSIONS) + len(BEYOND)) // 10)
    assert report.count(GRANTED) == len(PERMISSIONS)


# As organizations keep accounts in their regions: services without regions are left out of it.
OTHER_REGIONS = {
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*", "route53:*", "cloudfront:*", "s3:ListAllMyBuckets"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
}


@pytest.fixture
def organization(cloud: Cloud) -> Iterator[Callable[..., None]]:
    yield lambda *statements: cloud.control.put_control_policies(ACCOUNT, *statements)
    cloud.control.put_control_policies(ACCOUNT)


def test_a_policy_that_denies_other_regions_denies_nothing_in_ours(
    cloud: Cloud, organization: Callable[..., None]
) -> None:
    organization(OTHER_REGIONS)
    report = cloud.validate(cloud.keys("in-a-region"))
    assert report.count(GRANTED) == len(PERMISSIONS)


def test_what_the_simulator_denies_for_want_of_context_is_settled_by_the_read(
    cloud: Cloud, organization: Callable[..., None]
) -> None:
    """It does not know who calls, which a call tells: here the policy leaves out whom it is about."""
    condition = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}
    organization({"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": condition})
    told = {item.permission: item for item in cloud.validate(cloud.keys("left-out")).permissions}
    assert (told["ec2:DescribeVpcs"].status, told["ec2:DescribeVpcs"].reason) == (GRANTED, "tried: it works")
    unproven = told["ec2:GetManagedPrefixListEntries"]  # it needs a list to be read
    assert unproven.status == UNVERIFIABLE
    assert "the organization denies it" in unproven.reason


def test_what_the_organization_really_denies_is_denied(cloud: Cloud, organization: Callable[..., None]) -> None:
    organization({"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"})
    report = cloud.validate(cloud.keys("kept-out"))
    denied = [item for item in report.permissions if item.status == DENIED]
    assert [item.permission for item in denied] == ["ec2:DescribeVpcs"]
    assert denied[0].reason == "denied by a service control policy of the organization"


def test_without_the_simulator_each_permission_is_tried(cloud: Cloud) -> None:
    account = cloud.rig.scenario("Permissions that cannot be simulated")["account_id"]
    # The sandbox loads a service when it is first asked, and here all are: some seconds, more on a busy machine.
    scenario = cloud.scenario("Permissions that cannot be simulated")
    report = cloud.validate(scenario, account_id=account, deadline=120.0, timeout=30.0)
    assert report.ok
    assert "tried with a small read" in check(report, "permissions").detail
    untried = {item.permission for item in report.permissions if item.status == UNVERIFIABLE}
    assert untried == NEED_A_RESOURCE
    assert report.count(GRANTED) == len(PERMISSIONS) - len(untried)


def test_a_read_that_is_denied_is_denied_and_one_with_nothing_to_try_is_neither(cloud: Cloud) -> None:
    allowed = {"Effect": "Allow", "Action": ["ec2:Describe*", "s3:*", "iam:ListUsers"], "Resource": "*"}
    report = cloud.validate(cloud.keys("reader", policies=[], inline={"reads": [allowed]}))
    told = {item.permission: item for item in report.permissions}
    assert told["ec2:DescribeVolumes"].status == GRANTED
    assert told["iam:GetAccountSummary"].status == DENIED
    assert told["iam:GetAccountSummary"].reason == "not allowed by an identity-based policy"
    assert told["s3:GetBucketAcl"].status == UNVERIFIABLE  # this account has no bucket
    assert "nothing that it could be tried on" in told["s3:GetBucketAcl"].reason


def test_a_throttled_read_is_neither_granted_nor_denied(cloud: Cloud) -> None:
    cloud.control.fault("deny", permission="iam:SimulatePrincipalPolicy")
    cloud.control.fault("throttle", action="DescribeVolumes")
    report = cloud.validate(cloud.keys("good"))
    told = {item.permission: item for item in report.permissions}
    assert told["ec2:DescribeVolumes"].status == UNVERIFIABLE


@pytest.mark.parametrize("kind", ["expired_token", "clock_skew", "error"])
def test_an_answer_that_proves_nothing_grants_nothing(cloud: Cloud, kind: str) -> None:
    cloud.control.fault("deny", permission="iam:SimulatePrincipalPolicy")
    cloud.control.fault(kind, action="DescribeVolumes")
    cloud.control.fault(kind, action="GetAccountSummary")
    report = cloud.validate(cloud.keys("good"))
    told = {item.permission: item for item in report.permissions}
    assert told["ec2:DescribeVolumes"].status == UNVERIFIABLE
    assert told["iam:GetAccountSummary"].status == UNVERIFIABLE
    assert told["ec2:DescribeInstances"].status == GRANTED


def test_what_is_denied_explicitly_is_not_mended_by_a_statement_that_allows_it(cloud: Cloud) -> None:
    found = cloud.rig.scenario("Some permissions denied")
    report = cloud.validate(cloud.scenario("Some permissions denied"), account_id=found["account_id"])
    assert "A policy denies these explicitly" in report.mending_title
    assert "Allow" not in report.mending
    assert "ec2:DescribeVolumes" in report.mending.splitlines()


def test_every_permission_that_needs_no_resource_has_a_read_of_its_own() -> None:
    unused = SdkCredentials("AKIAIOSFODNN7EXAMPLE", "s" * 40)
    tools = live_reads._Probe(
        connection=Connection(unused, partition="aws", timeout=1.0, who=Who.KEYS),
        region="us-east-1",
        account_id="123400000001",
        samples=live_reads._Samples("bucket", "us-east-1", "user"),
    )
    assert {action for action in BY_ACTION if live_reads._read_for(tools, action) is None} == NEED_A_RESOURCE


def test_each_reading_calls_what_its_least_privilege_says(cloud: Cloud) -> None:
    """Both ways: one action too few is a gap of a scan, one too many is a grant that nothing needs."""
    session = open_session(cloud.scenario("Everything granted"), make_target(account_id="111122223333"))
    asked: dict[str, set[str]] = {}
    for unit in session.units(("us-east-1", "eu-west-1")):
        cloud.control.clear_journal()
        for asset in session.collect(unit):
            if asset.type.split(".")[1] != "account" or asset.type == "aws.account.region":
                assert reading_of_type(asset.type) == unit.service
        asked.setdefault(unit.service, set()).update(call["permission"] for call in cloud.control.calls("aws"))
    session.close()
    # Read once by a scan, whichever reading comes first; a prefix list is asked for where a rule names one.
    # Exclusions are asked for where the internet is blocked, which it is in none of these regions.
    shared = {"ec2:GetManagedPrefixListEntries", "s3:GetBucketLocation", "iam:GenerateCredentialReport"}
    shared |= {"ec2:DescribeVpcBlockPublicAccessExclusions"}
    assert {name: actions - shared for name, actions in asked.items()} == {
        name: actions - shared for name, actions in ACTIONS.items()
    }


# What is asked in a region that holds nothing but its default network: lists, and settings of the region. What another
# call would be about is not there.
EMPTY_REGION = {
    "ec2": "DescribeInstances DescribeVolumes",
    "vpc": "DescribeFlowLogs DescribeNetworkAcls DescribeSecurityGroups DescribeSubnets"
    " DescribeVpcBlockPublicAccessOptions DescribeVpcs",
    "ebs": "DescribeImages DescribeSnapshots GetEbsEncryptionByDefault GetImageBlockPublicAccessState"
    " GetInstanceMetadataDefaults GetSnapshotBlockPublicAccessState",
    "rds": "DescribeDBClusterSnapshots DescribeDBClusters DescribeDBInstances DescribeDBSnapshots",
    "lambda": "ListFunctions",
    "kms": "ListKeys",
    "config": "DescribeConfigurationRecorders",
    "guardduty": "ListDetectors",
    "securityhub": "DescribeHub",
    "access-analyzer": "ListAnalyzers",
    "secretsmanager": "ListSecrets",
    "sqs": "ListQueues",
    "sns": "ListTopics",
    "eks": "ListClusters",
    "ecs": "ListClusters",
    "ecr": "DescribeRepositories",
    "efs": "DescribeFileSystems",
    "dynamodb": "ListTables",
    "elbv2": "DescribeLoadBalancers",
    "acm": "ListCertificates",
    "cloudformation": "DescribeStacks",
    "logs": "DescribeLogGroups",
}


def test_in_an_empty_region_nothing_is_asked_that_an_answer_before_settles(cloud: Cloud) -> None:
    session = open_session(cloud.scenario("Everything granted"), make_target(account_id="111122223333"))
    asked: dict[str, str] = {}
    for unit in session.units(("ap-south-1",)):
        if unit.region != "ap-south-1":
            continue
        cloud.control.clear_journal()
        list(session.collect(unit))
        calls = sorted(call["permission"].partition(":")[2] for call in cloud.control.calls("aws"))
        asked[unit.service] = " ".join(calls)
    session.close()
    assert asked == EMPTY_REGION
