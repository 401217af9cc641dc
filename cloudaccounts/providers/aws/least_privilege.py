"""The smallest IAM policy for some checks. No SDK, no Django.

Which reading of a scan calls what, `permissions.PERMISSIONS` says; a test holds it against the calls that the sandbox
records, both ways. Condition key of regions:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:RequestedRegion). A managed
policy holds 6,144 characters without white space; all checks take about 3,900:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.provider_kit.least_privilege import Readings
from cloudaccounts.providers.aws.permissions import PERMISSIONS

SIMULATOR = "iam:SimulatePrincipalPolicy"  # how a validation asks which permissions there are
# Whatever is checked: which regions are enabled, what changed since the last scan, and what the identity may do. By
# reading, as `inventory.SERVICES` names them.
READINGS = Readings.of([(SIMULATOR, ()), *((item.action, item.readings) for item in PERMISSIONS)])
ALWAYS, ACTIONS = READINGS.always, READINGS.by_name
# Asked at one place for the whole account, or in the regions of buckets, which may be others than the scanned ones.
GLOBAL = frozenset({"iam", "credential-report", "s3", "cloudtrail", "route53", "cloudfront"})
# The reading of a type of asset is its second part, but for these.
_READINGS = {
    "aws.iam.credentials": "credential-report",
    "aws.ec2.vpc": "vpc",
    "aws.ec2.subnet": "vpc",
    "aws.ec2.security_group": "vpc",
    "aws.ec2.network_acl": "vpc",
    "aws.account.region": "ebs",
    "aws.ec2.snapshot": "ebs",
    "aws.ec2.image": "ebs",
    "aws.accessanalyzer.region": "access-analyzer",
}


def reading_of(check: PostureCheck) -> str:
    """Raises KeyError for a check of a type of asset that no reading yields."""
    return reading_of_type(check.asset_type)


def reading_of_type(asset_type: str) -> str:
    reading = _READINGS.get(asset_type) or asset_type.split(".")[1]
    if reading not in ACTIONS:
        raise KeyError(asset_type)
    return reading


def least_privilege(
    checks: Iterable[PostureCheck],
    *,
    account_id: str = "",
    method: str = "",
    regions: Sequence[str] = (),
    whole: bool = False,
) -> LeastPrivilege:
    """A policy with what is called for these checks; for the given regions only, where some are given."""
    needed = READINGS.needed(checks, reading_of, whole=READINGS.all if whole else ())
    everywhere = ALWAYS.union(*(ACTIONS[reading] for reading in GLOBAL))
    if not regions:
        return LeastPrivilege("IAM policy", "cloud-accounts-policy.json", _policy([_allow(needed)]), needed)
    statements = [_allow(action for action in needed if action in everywhere)]
    if regional := [action for action in needed if action not in everywhere]:
        condition = {"StringEquals": {"aws:RequestedRegion": sorted(set(regions))}}
        statements.append(_allow(regional) | {"Condition": condition})
    return LeastPrivilege("IAM policy", "cloud-accounts-policy.json", _policy(statements), needed)


def _allow(actions: Iterable[str]) -> dict[str, Any]:
    # Of all resources: what there is in the account is not known before it is read.
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}
