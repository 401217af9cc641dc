"""The smallest grants: held against what each reading of a scan really calls, as the sandbox records it, both ways."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cloudaccounts import registry
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.providers.aws import inventory
from cloudaccounts.providers.aws import least_privilege as aws
from cloudaccounts.providers.aws import permissions as aws_permissions
from cloudaccounts.providers.azure import least_privilege as azure
from cloudaccounts.providers.azure import permissions as azure_permissions
from cloudaccounts.providers.gcp import least_privilege as gcp
from cloudaccounts.providers.gcp import permissions as gcp_permissions
from sandbox.gcp.roles import ROLES as GCP_ROLES

PROVIDERS = ("aws", "azure", "gcp")


def checks(provider: str, *ids: str) -> list[PostureCheck]:
    return [check for check in registry.get(provider).posture_checks() if not ids or check.id in ids]


def printed(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("least_privilege", *arguments, stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_all_checks_together_need_what_validations_prove() -> None:
    """So what set-up grants exactly, what a report names and what is called are one list."""
    actions = {item.action for item in aws_permissions.PERMISSIONS} | {aws.SIMULATOR}
    assert aws.ALWAYS.union(*aws.ACTIONS.values()) == actions
    assert azure.ALWAYS.union(*azure.ACTIONS.values()) == set(azure_permissions.BY_ACTION)
    whole = gcp.least_privilege(checks("gcp"))
    assert set(gcp_permissions.BY_NAME) <= set(whole.permissions)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_check_alone_needs_something_and_no_more_than_all(provider: str) -> None:
    spec = registry.get(provider)
    whole = spec.least_privilege(spec.posture_checks())
    assert whole is not None
    for check in spec.posture_checks():
        alone = spec.least_privilege([check])
        assert alone is not None
        assert set(alone.permissions) <= set(whole.permissions)
    nothing = spec.least_privilege([])
    assert nothing is not None
    assert set(nothing.needed_for.values()) == {()}  # signing in, and listing


def test_the_readings_are_those_of_a_scan() -> None:
    assert set(aws.ACTIONS) == set(inventory.SERVICES)
    assert {name for name, service in inventory.SERVICES.items() if not service.regional} == aws.GLOBAL
    assert {check.service for check in checks("azure")} == set(azure.ACTIONS)


def test_a_policy_of_some_regions_leaves_the_worldwide_services_their_own() -> None:
    smallest = aws.least_privilege(checks("aws"), regions=("eu-west-1", "us-east-1", "eu-west-1"))
    worldwide, regional = smallest.document["Statement"]
    assert regional["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}
    assert {"iam:ListAccessKeys", "s3:GetBucketPolicy", "ec2:DescribeRegions"} <= set(worldwide["Action"])
    assert {"ec2:DescribeInstances", "rds:DescribeDBInstances"} <= set(regional["Action"])
    assert not set(worldwide["Action"]) & set(regional["Action"])


def test_a_managed_policy_holds_it() -> None:
    assert len(json.dumps(aws.least_privilege(checks("aws")).document, separators=(",", ":"))) <= 6144


def test_fewer_checks_need_a_smaller_policy() -> None:
    one: Any = printed("--provider", "aws", "--checks", "aws_s3_bucket_public,aws_s3_bucket_encryption")
    (statement,) = one["Statement"]
    assert {action.split(":")[0] for action in statement["Action"]} == {"s3", "iam", "ec2", "cloudtrail"}
    assert {action for action in statement["Action"] if not action.startswith("s3:")} == aws.ALWAYS


def test_azure_prints_a_role_of_the_subscription() -> None:
    subscription = "11111111-2222-4333-8444-555555555555"
    role = printed("--provider", "azure", "--account-id", subscription)
    assert role["AssignableScopes"] == [f"/subscriptions/{subscription}"]
    assert role["Actions"] == sorted(azure_permissions.BY_ACTION)  # set-up's Reader has them all, and every other read
    assert "*/read" in printed("--provider", "azure", "--whole")["Actions"]
    assert role["DataActions"] == []


def test_google_prints_a_custom_role_and_the_roles_that_contain_it() -> None:
    document = printed("--provider", "gcp")
    custom, roles = document["custom_role"], document["roles"]
    assert set(custom["includedPermissions"]) <= {name for role in roles for name in GCP_ROLES[role]}
    assert set(roles) == set(gcp_permissions.ROLES)
    with_key = printed("--provider", "gcp", "--method", "service_account_key")
    assert set(with_key["roles"]) == set(gcp_permissions.KEY_ROLES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--provider", "aws", "--checks", "aws_no_such"), "has no check 'aws_no_such'"),
        (("--provider", "aws", "--regions", "eu-moon-1"), "has no region 'eu-moon-1'"),
        (("--provider", "azure", "--account-id", "../x"), "subscription"),
    ],
)
def test_what_does_not_exist_is_told(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        printed(*arguments)
