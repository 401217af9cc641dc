"""What an account holds, as normalized assets. No Django.

One file per service and one line in `SERVICES`: the scan, its units and the pages follow from that. A service's calls
must be covered by `permissions.PERMISSIONS` (a test compares).

Properties are stable facts in JSON types, lists in a fixed order, so that a fingerprint changes exactly when a person
changed something. What changes by mere use (last used, last signed in) is under `OBSERVED`, which the fingerprint
leaves out. What could not be read is under `UNREADABLE`, by property, with the error's code: a bucket whose policy may
not be read is still an asset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import RegionResult
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.provider_kit.check_results import require_passed
from cloudaccounts.provider_kit.deadlines import Deadline
from cloudaccounts.providers.aws import check_results
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.errors import aws_code, explain
from cloudaccounts.providers.aws.inventory import (
    change_probe,
    changes,
    cloudtrail,
    config,
    containers,
    credential_report,
    ebs,
    ec2,
    guardduty,
    iam,
    kms,
    lambda_,
    load_balancers,
    other_services,
    rds,
    s3,
    secretsmanager,
    sns,
    sqs,
    storage,
    vpc,
    watching,
)
from cloudaccounts.providers.aws.inventory.common import NOT_SIGNED_UP, REGION_OFF, Scope, asset, is_accepted
from cloudaccounts.providers.aws.plan import CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE
from cloudaccounts.providers.aws.region_check import account_regions
from cloudaccounts.providers.aws.regions import PARTITIONS, require_regions, signing_region
from cloudaccounts.providers.aws.role import RoleSession
from cloudaccounts.providers.aws.signin import Identity, caller, sign_in_role

Collector = Callable[[Scope], Iterator[Asset]]
GLOBAL = "global"


_ALL_PARTITIONS = frozenset(PARTITIONS)
_BY_EC2 = ("ec2", "vpc", "ebs")  # services whose calls are EC2's
# How services answer in a region where AWS does not know the identity. EC2 has names of its own.
_REGION_OFF_CODES = frozenset(
    {
        *("AuthFailure", "OptInRequired", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"),
        *("InvalidToken", "InvalidTokenException", "RegionDisabledException"),
    }
)


@dataclass(frozen=True, slots=True)
class Service:
    collect: Collector
    regional: bool
    partitions: frozenset[str] = _ALL_PARTITIONS


SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "iam": Service(iam.collect, regional=False),
        "credential-report": Service(credential_report.collect, regional=False),
        "s3": Service(s3.collect, regional=False),
        "cloudtrail": Service(cloudtrail.collect, regional=False),
        "route53": Service(other_services.route53, regional=False, partitions=frozenset({"aws"})),
        "cloudfront": Service(other_services.cloudfront, regional=False, partitions=frozenset({"aws"})),
        "ec2": Service(ec2.collect, regional=True),
        "vpc": Service(vpc.collect, regional=True),
        "ebs": Service(ebs.collect, regional=True),
        "rds": Service(rds.collect, regional=True),
        "lambda": Service(lambda_.collect, regional=True),
        "kms": Service(kms.collect, regional=True),
        "config": Service(config.collect, regional=True),
        "guardduty": Service(guardduty.collect, regional=True),
        "securityhub": Service(watching.security_hub, regional=True),
        "access-analyzer": Service(watching.access_analyzer, regional=True),
        "secretsmanager": Service(secretsmanager.collect, regional=True),
        "sqs": Service(sqs.collect, regional=True),
        "sns": Service(sns.collect, regional=True),
        "eks": Service(containers.eks, regional=True),
        "ecs": Service(containers.ecs, regional=True),
        "ecr": Service(containers.ecr, regional=True),
        "efs": Service(storage.efs, regional=True),
        "dynamodb": Service(storage.dynamodb, regional=True),
        "elbv2": Service(load_balancers.collect, regional=True),
        "acm": Service(other_services.acm, regional=True),
        "cloudformation": Service(other_services.cloudformation, regional=True),
        "logs": Service(other_services.logs, regional=True),
    }
)


class AwsSession:
    """An opened connection to one account. Safe to use from several threads."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._connection = connection
        self._target = target

    def regions(self) -> tuple[RegionResult, ...]:
        return account_regions(self._connection, signing_region(self._target.partition, self._target.regions))

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """Global services first. Raises `ProviderError` for a region outside the account's partition."""
        # Before any host name is made of them: a region may come from a form.
        names = require_regions(self._target.partition, regions)
        partition = self._target.partition
        services = {name: service for name, service in SERVICES.items() if partition in service.partitions}
        return (
            *(ScanUnit(name, GLOBAL) for name, service in services.items() if not service.regional),
            *(ScanUnit(name, region) for region in names for name, service in services.items() if service.regional),
        )

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources, page by page. Raises `ProviderError`, also after some were yielded."""
        service = SERVICES.get(unit.service)
        if service is None:
            raise ProviderError("service_unknown", f"There is no collector for {unit.label}.")
        if unit.region != GLOBAL:
            require_regions(self._target.partition, (unit.region,))
        region = "" if unit.region == GLOBAL else unit.region
        scope = Scope(self._connection, self._target.account_id, region, unit.service)
        # One time for the whole unit, and its beginning: rules about age must not depend on how long the unit took.
        began = datetime.now(UTC)
        try:
            for found_asset in service.collect(scope):
                yield found_asset.as_of(began)
        except (ClientError, BotoCoreError) as error:
            # EC2 answers the same way for a region that is not enabled (see `_explain`), so it is left out here.
            if region and unit.service not in _BY_EC2 and aws_code(error) in NOT_SIGNED_UP:
                yield _not_signed_up(scope)
                return
            raise _explain(error, self._connection, unit) from None

    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        """By CloudTrail's event history; see `changes`. Raises `ProviderError` where that cannot be read."""
        try:
            quiet = changes.unchanged(self._connection, units, since, datetime.now(UTC), probing=known is not None)
        except (ClientError, BotoCoreError) as error:
            operation = getattr(error, "operation_name", "LookupEvents")
            service = "ec2" if operation == "DescribeRegions" else "cloudtrail"
            raise explain(error, self._connection.who, f"{service}:{operation}") from None
        # Without the stored assets nothing can be compared, so only what the history covers is quiet
        # (docs/decisions/0007-incremental-scans.md).
        if known is None:
            return quiet
        return quiet - change_probe.different(self._connection, self._target.account_id, quiet, known)

    def close(self) -> None:
        self._connection.close()


def _not_signed_up(scope: Scope) -> Asset:
    """A service that the account is not signed up for holds nothing. That is no gap, but it is shown."""
    arn, name = scope.arn(scope.service, "not-subscribed"), f"{scope.service} is not set up in {scope.region}"
    return asset(scope, "account.unused_service", arn, name, {"subscribed": False})


def _explain(error: Exception, connection: Connection, unit: ScanUnit) -> ProviderError:
    """Where one region refuses an identity that AWS knows elsewhere, that region is not enabled in the account.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    operation = getattr(error, "operation_name", "")
    explained = explain(error, connection.who, f"{unit.service}:{operation}" if operation else "")
    # The last condition costs a call, so it is asked last.
    if unit.region == GLOBAL or explained.sdk_error not in _REGION_OFF_CODES or not is_accepted(connection):
        return explained
    return ProviderError(
        REGION_OFF,
        f"AWS does not accept these credentials in {unit.region}: the region is not enabled in this account.",
        "Enable it under Account, AWS Regions, or leave it out of the account's regions.",
        sdk_error=explained.sdk_error,
    )


def open_session(credentials: Credentials, target: Target) -> AwsSession:
    """Signs in for a scan. Raises `ProviderError`."""
    return AwsSession(open_connection(credentials, target), target)


def open_connection(credentials: Credentials, target: Target) -> Connection:
    """Signs in to read the account. Raises `ProviderError`.

    Refuses another account and the root user, as the validation does: an account may be scanned weeks after its last
    validation.
    """
    require_regions(target.partition, target.regions)
    signed_in: RoleSession | Identity
    if credentials.method in (CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE):
        signed_in = sign_in_role(credentials, target, Deadline(target.deadline, "AWS"))
    else:
        signed_in = caller(credentials, target)
    try:
        require_passed(check_results.account(signed_in.account_id, target.account_id))
        require_passed(check_results.root(signed_in.arn))
    except ProviderError:
        # Whoever opened the connection closes it: the session that would do so does not come about.
        signed_in.connection.close()
        raise
    return signed_in.connection
