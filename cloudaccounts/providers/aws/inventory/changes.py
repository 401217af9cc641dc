"""What was left alone since a moment, by CloudTrail's event history: for incremental scans.

The history is there in every account, without a trail, for 90 days and for each region by itself:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
Global services (IAM, Route 53, CloudFront) write to the partition's home region; S3 writes to the bucket's own.

A unit is told as unchanged only where every call that could have changed it would stand in what was read. Left out are

- services that change by themselves or by other accounts (`ec2`: a machine is stopped from within; `acm`: AWS renews;
  `ecr`: replication from another account; `cloudtrail` and `guardduty`: the organization's administrator), unless a
  glance at them, where the history is silent, shows that they did not (`glance`), and `credential-report`, because use
  is no change;
- services whose event source is not known here;
- worldwide ones, while the history of any enabled region cannot be read.

Events arrive up to 15 minutes late, and what a call began goes on after it (a database takes a while to be gone): so
the look begins `OVERLAP` before the moment asked for. What was changed within the last 15 minutes may therefore be told
by the next scan only; a full scan sees it at once.
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
HISTORY = timedelta(days=89)  # AWS keeps 90
THREADS = 8  # regions at a time: the limit of two calls a second is each region's own
PAGES = 40  # of 50 events; in a region with more, everything counts as changed
PAUSE = 0.5  # seconds between pages of one region

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
# The same for what may also change without an event, so that a glance must follow.
GLANCED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cloudtrail": frozenset({"cloudtrail"}),
        "ec2": frozenset({"ec2", "backup", "dlm"}),
        "guardduty": frozenset({"guardduty"}),
        "acm": frozenset({"acm"}),
    }
)
# A call in one region may change another (replicas), or buckets and trails lie anywhere: these need the history of all
# regions.
WORLDWIDE = frozenset({"s3", "kms", "rds", "secretsmanager", "dynamodb", "efs", "cloudtrail"})
# Written as changes by CloudTrail, but of nothing that is read here; some are very frequent.
_HARMLESS = frozenset(
    {
        *("GenerateCredentialReport", "CreateLogStream", "PutLogEvents", "CreateGrant", "RetireGrant"),
        *("ConsoleLogin", "CheckMfa", "SwitchRole", "ExitRole", "RenewRole", "GetSigninToken"),
    }
)

Touched = frozenset[str]  # event sources


def unchanged(
    connection: Connection, units: Sequence[ScanUnit], since: datetime, now: datetime, *, glances: bool = False
) -> frozenset[ScanUnit]:
    """One DescribeRegions and, for each enabled region, one LookupEvents (more where much was changed).

    With ``glances``, those of `GLANCED` in which the history is silent are in the answer as well. Raises botocore's
    errors where the history of a region of these units, or of the home region, cannot be read.
    """
    start = min(since, now) - OVERLAP
    sources = {**SOURCES, **GLANCED} if glances else SOURCES
    asked = [unit for unit in units if unit.service in sources]
    if not asked or now - start > HISTORY:
        return frozenset()
    enabled = _enabled(connection)
    home = connection.partition.home
    own = {home, *(unit.region for unit in asked if unit.region != "global")} & enabled
    every = enabled if any(unit.service in WORLDWIDE for unit in asked) else own
    wanted = frozenset().union(*(sources[unit.service] for unit in asked))
    read = partial(_history, connection, start, now, wanted, own)
    order = sorted(every)
    histories = dict(zip(order, in_order(read, order, threads=THREADS), strict=True))

    def is_quiet(unit: ScanUnit) -> bool:
        places: Iterable[str] = (
            enabled if unit.service in WORLDWIDE else (home if unit.region == "global" else unit.region,)
        )
        if unit.region != "global" and unit.region not in enabled:
            return False
        return all(
            touched is not None and not touched & sources[unit.service]
            for touched in (histories.get(place) for place in places)
        )

    return frozenset(unit for unit in asked if is_quiet(unit))


def _enabled(connection: Connection) -> frozenset[str]:
    answer = connection.client("ec2").describe_regions()
    return frozenset(region["RegionName"] for region in answer["Regions"])


def _history(
    connection: Connection, start: datetime, end: datetime, wanted: Touched, own: frozenset[str] | set[str], region: str
) -> Touched | None:
    """The wanted sources with changes; None where that cannot be read in a region that nobody asked for."""
    if not is_region(connection.partition.name, region):
        return None  # younger than our table: its name reaches no host
    try:
        return _touched(connection, start, end, wanted, region)
    except (ClientError, BotoCoreError):
        if region in own:
            raise
        return None


def _touched(connection: Connection, start: datetime, end: datetime, wanted: Touched, region: str) -> Touched:
    client = connection.client("cloudtrail", region)
    pages = client.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        StartTime=start,
        EndTime=end,
        PaginationConfig={"PageSize": 50},
    )
    found: set[str] = set()
    for number, page in enumerate(pages, start=1):
        for event in page["Events"]:
            if event.get("EventName") not in _HARMLESS:
                found.add(str(event.get("EventSource", "")).partition(".")[0])
        if wanted <= found or not page.get("NextToken"):
            break
        if number == PAGES:
            return wanted
        time.sleep(PAUSE)
    return wanted & found
