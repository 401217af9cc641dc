"""What was not changed since a time, by CloudTrail's event history: for incremental scans.

Every account has the history, without a trail, for 90 days and separately for each region:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
Global services (IAM, Route 53, CloudFront) write to the partition's home region; S3 writes to the bucket's own.

A unit counts as unchanged only where every call that could have changed it would be in what was read. Left out are

- services that change without a call in the account (`ec2`: a machine is stopped from within; `acm`: AWS renews
  certificates; `ecr`: replication from another account; `cloudtrail`, `guardduty` and `securityhub`: the
  organization's administrator), unless the history is silent and a probe shows that they did not change
  (`change_probe`), and `credential-report`, because using a credential is no change of it;
- services whose event source is not known here;
- services in `WORLDWIDE`, while the history of any enabled region cannot be read.

A declarative policy of the organization sets VPC Block Public Access without a call in the account: the next full scan
finds it.

Events arrive up to 15 minutes late, and what a call began continues after it (a database takes a while to be deleted).
So the history is read from `OVERLAP` before the requested time. A change of the last 15 minutes may therefore be found
only by the next scan; a full scan finds it at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.regions import is_region

OVERLAP = timedelta(hours=2)
HISTORY = timedelta(days=89)  # AWS keeps 90: one day of margin for the overlap
THREADS = 8  # regions at once: the limit of two calls a second applies to each region separately
PAGES = 40  # of 50 events; in a region with more, reading everything again is quicker than reading on
PAUSE = 0.5  # seconds between pages of one region: LookupEvents allows two calls a second

# By service, the first label of the event sources that may change what its collector reads.
SOURCES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "iam": frozenset({"iam", "signin"}),
        "s3": frozenset({"s3"}),
        "route53": frozenset({"route53"}),
        "cloudfront": frozenset({"cloudfront"}),
        "vpc": frozenset({"ec2"}),
        "ebs": frozenset({"ec2", "backup", "dlm"}),
        "rds": frozenset({"rds", "backup"}),
        "lambda": frozenset({"lambda"}),
        "kms": frozenset({"kms"}),
        "config": frozenset({"config"}),
        "access-analyzer": frozenset({"access-analyzer"}),
        "secretsmanager": frozenset({"secretsmanager"}),
        "sqs": frozenset({"sqs"}),
        "sns": frozenset({"sns"}),
        "eks": frozenset({"eks"}),
        "ecs": frozenset({"ecs"}),
        "efs": frozenset({"elasticfilesystem", "backup"}),
        "dynamodb": frozenset({"dynamodb", "backup"}),
        "elbv2": frozenset({"elasticloadbalancing"}),
        "cloudformation": frozenset({"cloudformation"}),
        "logs": frozenset({"logs"}),
    }
)
# The same for services that may also change without an event, so that a probe must follow.
PROBED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cloudtrail": frozenset({"cloudtrail", "s3"}),  # a trail's asset tells of its bucket, too
        "ec2": frozenset({"ec2", "backup", "dlm"}),
        "guardduty": frozenset({"guardduty"}),
        "acm": frozenset({"acm"}),
    }
)
# A call in one region may change what is in another (replicas), and buckets and trails may be in any region. So these
# need the history of all regions.
WORLDWIDE = frozenset({"s3", "kms", "rds", "secretsmanager", "dynamodb", "efs", "cloudtrail"})
# CloudTrail records these as changes, but of nothing that is collected here. Some are so frequent (PutLogEvents) that
# no unit would ever count as unchanged.
_HARMLESS = frozenset(
    {
        *("GenerateCredentialReport", "CreateLogStream", "PutLogEvents", "CreateGrant", "RetireGrant"),
        *("ConsoleLogin", "CheckMfa", "SwitchRole", "ExitRole", "RenewRole", "GetSigninToken"),
    }
)

EventSources = frozenset[str]


def unchanged(
    connection: Connection, units: Sequence[ScanUnit], since: datetime, now: datetime, *, probing: bool = False
) -> frozenset[ScanUnit]:
    """One DescribeRegions and, for each enabled region, one LookupEvents (more where much was changed).

    With ``probing``, units of `PROBED` for which the history is silent are in the answer as well: the caller then
    probes them. Raises botocore's errors where the history of a region of these units, or of the home region, cannot be
    read.
    """
    # A scan of a server whose clock is ahead must not ask for a time that has not come.
    start = min(since, now) - OVERLAP
    sources = {**SOURCES, **PROBED} if probing else SOURCES
    candidates = [unit for unit in units if unit.service in sources]
    # An older time than the history reaches: its silence would say nothing.
    if not candidates or now - start > HISTORY:
        return frozenset()
    enabled = _enabled(connection)
    home = connection.partition.home
    required = {home, *(unit.region for unit in candidates if unit.region != "global")} & enabled
    # Fewest calls: all regions are asked only where a unit needs them all.
    regions = sorted(enabled if any(unit.service in WORLDWIDE for unit in candidates) else required)
    relevant = frozenset().union(*(sources[unit.service] for unit in candidates))
    read = partial(_history, connection, start, now, relevant, required)
    histories = dict(zip(regions, in_order(read, regions, threads=THREADS), strict=True))

    def is_quiet(unit: ScanUnit) -> bool:
        unit_regions: Iterable[str] = (
            enabled if unit.service in WORLDWIDE else (home if unit.region == "global" else unit.region,)
        )
        # A disabled region has no history to read. The reading of the unit then says why.
        if unit.region != "global" and unit.region not in enabled:
            return False
        # None is a history that could not be read, so it is not taken for a silent one.
        return all(
            changed is not None and not changed & sources[unit.service]
            for changed in (histories.get(region) for region in unit_regions)
        )

    return frozenset(unit for unit in candidates if is_quiet(unit))


def _enabled(connection: Connection) -> frozenset[str]:
    answer = connection.client("ec2").describe_regions()
    return frozenset(region["RegionName"] for region in answer["Regions"])


def _history(
    connection: Connection,
    start: datetime,
    end: datetime,
    relevant: EventSources,
    required: frozenset[str] | set[str],
    region: str,
) -> EventSources | None:
    """The relevant sources with changes. None where a region cannot be read that is needed for `WORLDWIDE` alone."""
    if not is_region(connection.partition.name, region):
        return None  # newer than our table, and only names in the table become part of a host name
    try:
        return _changed_sources(connection, start, end, relevant, region)
    except (ClientError, BotoCoreError):
        if region in required:
            raise
        return None


def _changed_sources(
    connection: Connection, start: datetime, end: datetime, relevant: EventSources, region: str
) -> EventSources:
    client = connection.client("cloudtrail", region)
    pages = client.get_paginator("lookup_events").paginate(
        # LookupEvents takes one attribute. This one leaves out the reads, which are most of what a region logs:
        # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
        LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        StartTime=start,
        EndTime=end,
        PaginationConfig={"PageSize": 50},
    )
    changed: set[str] = set()
    for number, page in enumerate(pages, start=1):
        for event in page["Events"]:
            if event.get("EventName") not in _HARMLESS:
                changed.add(str(event.get("EventSource", "")).partition(".")[0])
        # Once every relevant source has a change, further pages cannot add anything.
        if relevant <= changed or not page.get("NextToken"):
            break
        # Told as "everything changed", which reads more than needed and never less.
        if number == PAGES:
            return relevant
        time.sleep(PAUSE)
    return relevant & changed
