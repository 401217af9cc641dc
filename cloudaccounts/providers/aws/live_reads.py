"""Trying the needed permissions with small reads, where IAM's simulator may not be asked. No Django."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.report import PermissionResult, PermissionStatus
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import aws_code, denial_reason, explain, is_denied
from cloudaccounts.providers.aws.permissions import BY_ACTION, PERMISSIONS, WORKS, Permission

THREADS = 4  # reads at once: some fifty small ones, and an account's rate limit is shared with other probe
# "There is none": AWS says that only to those who may ask. Every other error proves nothing, least of all a permission.
_ABSENT = {
    "NoSuchEntity",
    "NoSuchBucketPolicy",
    "NoSuchTagSet",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "ReportNotPresent",
    "ReportInProgress",
    "ReportExpired",
    "InvalidAccessException",  # of Security Hub, where it is not enabled
}
# Their models require nothing; AWS asks for a load balancer or a listener all the same.
_NEED_MORE = {"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules"}


@dataclass(frozen=True, slots=True)
class _Samples:
    """One bucket (with its region) and one user to try permissions on. Empty where there is none, or none is listed."""

    bucket: str = ""
    bucket_region: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class _Probe:
    connection: Connection
    region: str
    account_id: str
    samples: _Samples

    def bucket_read(self, operation: str) -> Callable[[], Any] | None:
        if not self.samples.bucket:
            return None
        client = self.connection.client("s3", self.samples.bucket_region or self.region)
        return lambda: getattr(client, operation)(Bucket=self.samples.bucket)

    def user_read(self, operation: str) -> Callable[[], Any] | None:
        if not self.samples.user:
            return None
        client = self.connection.client("iam")
        return lambda: getattr(client, operation)(UserName=self.samples.user)


def read_live(
    connection: Connection, region: str, account_id: str, actions: Collection[str] = BY_ACTION
) -> tuple[PermissionResult, ...]:
    """Granted where a read worked, denied where AWS said so, unverifiable where there was nothing to try it on.

    Raises `ProviderError` where AWS cannot be reached at all.
    """
    probe = _Probe(connection, region, account_id, _samples(connection, region))
    permissions = [permission for permission in PERMISSIONS if permission.action in actions]
    return tuple(in_order(lambda permission: _try(probe, permission), permissions, threads=THREADS))


def read_in_turn(
    connection: Connection, region: str, account_id: str, permissions: Sequence[Permission], turn: int
) -> PermissionResult | None:
    """One of the permissions by one read, another each turn; None where none can be tried without looking for a sample.

    The first permission of each service before the second of any: what is taken away is often a whole service.
    """
    nth: Counter[str] = Counter()
    order: list[tuple[int, int]] = []
    for permission in permissions:
        order.append((nth[permission.service], len(order)))
        nth[permission.service] += 1
    in_turn = [permissions[place] for _, place in sorted(order)]
    probe = _Probe(connection, region, account_id, _Samples())
    start = turn % len(in_turn)
    for permission in in_turn[start:] + in_turn[:start]:
        # No report is made for a heartbeat.
        if permission.action != "iam:GenerateCredentialReport" and _read_for(probe, permission.action) is not None:
            return _try(probe, permission)
    return None


def _samples(connection: Connection, region: str) -> _Samples:
    # One of each is enough: the permission is the same for all of them, unless a policy names single ones.
    bucket = bucket_region = user = ""
    try:
        buckets = connection.client("s3", region).list_buckets(MaxBuckets=1)["Buckets"]
        if buckets:
            bucket, bucket_region = buckets[0]["Name"], buckets[0].get("BucketRegion", "")
    except ClientError:
        pass  # reported when the permission itself is tried
    except BotoCoreError as error:
        raise explain(error, connection.who) from None
    try:
        users = connection.client("iam").list_users(MaxItems=1)["Users"]
        user = users[0]["UserName"] if users else ""
    except ClientError:
        pass
    except BotoCoreError as error:
        raise explain(error, connection.who) from None
    return _Samples(bucket, bucket_region, user)


def _try(probe: _Probe, permission: Permission) -> PermissionResult:
    status, reason = PermissionStatus.GRANTED, WORKS
    read = _read_for(probe, permission.action)
    if read is None:
        status, reason = PermissionStatus.UNVERIFIABLE, "there is nothing that it could be tried on"
    else:
        try:
            read()
        except ClientError as error:
            if aws_code(error) in _ABSENT:
                pass  # before the HTTP status, by which Security Hub's "not enabled" looks like a refusal
            elif is_denied(error):
                status, reason = PermissionStatus.DENIED, denial_reason(error) or "tried: AWS denied it"
            else:
                status = PermissionStatus.UNVERIFIABLE
                reason = explain(error, probe.connection.who, permission.action).cause
        except BotoCoreError as error:
            status, reason = PermissionStatus.UNVERIFIABLE, explain(error, probe.connection.who).cause
    return PermissionResult(permission.service, permission.action, status, reason)


_BUCKET_READS = {
    "s3:GetBucketLocation": "get_bucket_location",
    "s3:GetBucketPublicAccessBlock": "get_public_access_block",
    "s3:GetBucketPolicyStatus": "get_bucket_policy_status",
    "s3:GetBucketPolicy": "get_bucket_policy",
    "s3:GetBucketAcl": "get_bucket_acl",
    "s3:GetBucketOwnershipControls": "get_bucket_ownership_controls",
    "s3:GetEncryptionConfiguration": "get_bucket_encryption",
    "s3:GetBucketVersioning": "get_bucket_versioning",
    "s3:GetBucketLogging": "get_bucket_logging",
    "s3:GetBucketTagging": "get_bucket_tagging",
}
_GLOBAL = {"route53", "cloudfront"}
# Without these, AWS lists what all accounts share with everybody.
_OWN_ONLY: dict[str, dict[str, Any]] = {
    "ec2:DescribeSnapshots": {"OwnerIds": ["self"], "MaxResults": 5},
    "ec2:DescribeImages": {"Owners": ["self"], "MaxResults": 5},
    "cloudtrail:LookupEvents": {"MaxResults": 1},
}
_USER_READS = {"iam:ListAccessKeys": "list_access_keys", "iam:ListMFADevices": "list_mfa_devices"}


def _read_for(probe: _Probe, action: str) -> Callable[[], Any] | None:
    """The smallest read that needs the action; None where there is nothing to read."""
    if action in _BUCKET_READS:
        return probe.bucket_read(_BUCKET_READS[action])
    if action in _USER_READS:
        return probe.user_read(_USER_READS[action])
    client, region = probe.connection.client, probe.region
    reads: dict[str, Callable[[], Any]] = {
        "iam:GetAccountSummary": lambda: client("iam").get_account_summary(),
        "iam:GetAccountPasswordPolicy": lambda: client("iam").get_account_password_policy(),
        "iam:GetAccountAuthorizationDetails": lambda: client("iam").get_account_authorization_details(MaxItems=1),
        "iam:ListEntitiesForPolicy": lambda: client("iam").list_entities_for_policy(
            PolicyArn=f"arn:{probe.connection.partition.name}:iam::aws:policy/AWSSupportAccess", MaxItems=1
        ),
        "iam:GenerateCredentialReport": lambda: client("iam").generate_credential_report(),
        "iam:GetCredentialReport": lambda: client("iam").get_credential_report(),
        "s3:ListAllMyBuckets": lambda: client("s3", region).list_buckets(MaxBuckets=1),
        "s3:GetAccountPublicAccessBlock": lambda: client("s3control", region).get_public_access_block(
            AccountId=probe.account_id
        ),
        "ec2:DescribeRegions": lambda: client("ec2", region).describe_regions(),
        "ec2:DescribeInstances": lambda: client("ec2", region).describe_instances(MaxResults=5),
        "ec2:DescribeSecurityGroups": lambda: client("ec2", region).describe_security_groups(MaxResults=5),
        "ec2:DescribeVolumes": lambda: client("ec2", region).describe_volumes(MaxResults=5),
        "ec2:DescribeVpcs": lambda: client("ec2", region).describe_vpcs(MaxResults=5),
    }
    return reads.get(action) or _plain_read(probe, BY_ACTION[action])


def _plain_read(probe: _Probe, permission: Permission) -> Callable[[], Any] | None:
    """The first page of a list that needs no parameter; None for operations that need a resource.

    The SDK's own model says which parameters are required, so that a permission added to the list needs nothing here.
    """
    service, operation = permission.calls[0].split(".")
    client = probe.connection.client(service, "" if service in _GLOBAL else probe.region)
    parameters = client.meta.service_model.operation_model(operation).input_shape
    if permission.action in _NEED_MORE or (parameters is not None and parameters.required_members):
        return None
    if permission.action in _OWN_ONLY:
        return partial(getattr(client, xform_name(operation)), **_OWN_ONLY[permission.action])
    read: Callable[[], Any] = getattr(client, xform_name(operation))
    return read
