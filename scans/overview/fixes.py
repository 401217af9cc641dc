"""What to fix first: changes and not findings. Findings with one root are closed by one change.

A change closes what its root says and gains points of the score: 100 × the weight of what it closes / the weight of all
that was evaluated. The weights are those of the score (docs/coverage.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count

from cloudaccounts.accounts.kept_numbers import KeptNumbers
from cloudaccounts.accounts.posture import Posture, by_environment, total
from cloudaccounts.contract.rules import Severity
from scans.findings.checks import find_check
from scans.findings.evaluation import SCORE_WEIGHTS
from scans.findings.queries import open_findings
from scans.models import RANKS
from teams.names import name_order
from teams.scope import Scope

SHOWN = 6
ENVIRONMENTS = KeptNumbers(by_environment, lambda parts: sum(part.accounts for part in parts))
SEVERITIES = tuple(RANKS)


class Per(StrEnum):
    """What one change is made in. ``TEAM``: once for the whole organization."""

    TEAM = "team"
    ACCOUNT = "account"
    RESOURCE = "asset_key"


@dataclass(frozen=True, slots=True)
class Root:
    """Checks whose findings one change closes; the source says why it does."""

    title: str
    per: Per
    checks: frozenset[str]
    where: str  # "in the organization", "in each account"


def _root(title: str, per: Per, where: str, *checks: str) -> Root:
    return Root(title, per, frozenset(checks), where)


ROOTS = (
    # Member accounts then have no root credentials left:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html
    _root(
        "Manage root access centrally, and delete members' root credentials", Per.TEAM, "in the organization",
        "aws_iam_root_mfa", "aws_iam_root_access_keys", "aws_iam_root_hardware_mfa", "aws_iam_root_unused",
    ),
    # The account's setting holds over every bucket's own:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    _root(
        "Block public access to S3 for the account", Per.ACCOUNT, "once in each account",
        "aws_s3_account_public_access_block", "aws_s3_bucket_public", "aws_s3_bucket_public_access_block",
    ),
    # An organization's trail logs all members and regions:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    _root(
        "Record all accounts and regions with one CloudTrail of the organization", Per.TEAM, "in the organization",
        "aws_cloudtrail_all_regions", "aws_cloudtrail_object_writes", "aws_cloudtrail_object_reads",
    ),
    _root(
        "Take the internet out of security groups", Per.RESOURCE, "a security group each",
        "aws_ec2_ssh_open", "aws_ec2_rdp_open", "aws_ec2_all_ports_open", "aws_ec2_database_ports_open",
        "aws_ec2_cifs_open",
    ),
    _root(
        "Take the internet out of network security groups", Per.RESOURCE, "a network security group each",
        "azure_nsg_rdp_open", "azure_nsg_ssh_open", "azure_nsg_all_ports_open", "azure_nsg_database_open",
        "azure_nsg_udp_open", "azure_nsg_http_open",
    ),
    _root(
        "Take the internet out of firewall rules", Per.RESOURCE, "a rule each",
        "gcp_firewall_ssh_open", "gcp_firewall_rdp_open", "gcp_firewall_all_open",
    ),
    # One password policy an account: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
    _root(
        "Set the account's password policy", Per.ACCOUNT, "once in each account",
        "aws_iam_password_length", "aws_iam_password_reuse",
    ),
    # Both are settings of the tenant's sign-in, which security defaults set together:
    # https://learn.microsoft.com/entra/fundamentals/security-defaults
    _root(
        "Turn on security defaults of the directory", Per.ACCOUNT, "once in each directory",
        "azure_entra_security_defaults", "azure_entra_second_factor",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fix:
    """``changes`` is how often it has to be made; ``points`` what the score gains when all of it is done."""

    title: str
    where: str
    changes: int
    findings: int
    numbers: dict[str, int]  # by severity
    points: float
    checks: tuple[str, ...]

    @property
    def closes(self) -> str:
        """``41 critical and 3 high``"""
        parts = [f"{number:,} {severity}" for severity, number in self.numbers.items() if number]
        return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def first_fixes(scope: Scope) -> list[Fix]:
    """What gains most by each change, best first. A fixed number of queries: two, and one for each root."""
    posture = total(ENVIRONMENTS.of(scope).numbers)
    rows = open_findings(scope).order_by().values("check_id", "severity_rank").annotate(number=Count("*"))
    numbers: dict[str, list[int]] = {}
    for row in rows:
        numbers.setdefault(row["check_id"], [0] * len(SEVERITIES))[row["severity_rank"]] += row["number"]
    fixes = []
    for root in ROOTS:
        own = {check: numbers.pop(check) for check in sorted(root.checks & numbers.keys())}
        if own:
            fixes.append(_fix(root.title, root.where, own, _changes(scope, root, own), posture))
    for check_id, counts in numbers.items():
        check = find_check(check_id)
        title = check.title if check else check_id
        fixes.append(_fix(title, "a resource each", {check_id: counts}, sum(counts), posture))
    # By change, and not in all: a change that closes forty findings comes before forty that close one each.
    return sorted(fixes, key=lambda fix: (-fix.points / fix.changes, -fix.points, name_order(fix.title)))[:SHOWN]


def _changes(scope: Scope, root: Root, checks: Iterable[str]) -> int:
    if root.per == Per.TEAM:
        return 1
    rows = open_findings(scope).filter(check_id__in=list(checks)).order_by()
    number: int = rows.values(root.per.value).distinct().count()
    return max(1, number)


def _fix(title: str, where: str, checks: dict[str, list[int]], changes: int, posture: Posture) -> Fix:
    sums = [sum(column) for column in zip(*checks.values(), strict=True)]
    weight = sum(SCORE_WEIGHTS[Severity(severity)] * number for severity, number in zip(SEVERITIES, sums, strict=True))
    return Fix(
        title, where, max(1, changes), sum(sums), dict(zip(SEVERITIES, sums, strict=True)),
        round(posture.points(weight), 1), tuple(checks),
    )  # fmt: skip
