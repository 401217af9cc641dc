"""CloudTrail: all trails of the account, wherever their home region is, and whether together they see everything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, paged
from cloudaccounts.providers.aws.regions import is_region

THREADS = 4  # trails read at once: each takes two small calls


def collect(scope: Scope) -> Iterator[Asset]:
    """ListTrails names the trails of all regions, so that no region must be asked in vain."""
    by_home: dict[str, list[str]] = {}
    for arn, region in named(scope):
        by_home.setdefault(region, []).append(arn)
    trails: list[Asset] = []
    for region, arns in sorted(by_home.items()):
        client = scope.connection.client("cloudtrail", region)
        described = client.describe_trails(trailNameList=sorted(arns)).get("trailList", ())
        trails += in_order(partial(_trail, scope, client), described, threads=THREADS)
    yield from trails
    yield _account(scope, trails)


def named(scope: Scope) -> Iterator[tuple[str, str]]:
    """ARN and home region of each trail."""
    for item in paged(scope.connection.client("cloudtrail"), "list_trails", "Trails"):
        if is_region(scope.connection.partition.name, item.get("HomeRegion", "")):
            yield item["TrailARN"], item["HomeRegion"]


def _trail(scope: Scope, client: Any, trail: Any) -> Asset:
    arn = trail["TrailARN"]
    told = Properties(scope.connection)
    told.values |= {
        "multi_region": trail.get("IsMultiRegionTrail", False),
        "organization": trail.get("IsOrganizationTrail", False),
        "log_file_validation": trail.get("LogFileValidationEnabled", False),
        "kms_key_id": trail.get("KmsKeyId"),
        "bucket": trail.get("S3BucketName"),
        "log_group": trail.get("CloudWatchLogsLogGroupArn"),
        "global_service_events": trail.get("IncludeGlobalServiceEvents", False),
    }
    told.read("status", lambda: client.get_trail_status(Name=arn), permission="cloudtrail:GetTrailStatus")
    told.read(
        "management_events",
        lambda: _management_events(client.get_event_selectors(TrailName=arn)),
        permission="cloudtrail:GetEventSelectors",
    )
    status = told.values.pop("status") or {}
    told.values["logging"] = status.get("IsLogging")
    if "status" in told.refused:
        told.refused["logging"] = told.refused.pop("status")
    told.values[OBSERVED] = {"delivered_at": plain(status.get("LatestDeliveryTime"))}
    return asset(scope, "cloudtrail.trail", arn, trail["Name"], told.told(), region=trail.get("HomeRegion", ""))


def _management_events(selectors: Any) -> str:
    """ "All", "ReadOnly", "WriteOnly" or "None", of both kinds of selectors."""
    kinds: set[str] = set()
    for selector in selectors.get("EventSelectors") or ():
        if selector.get("IncludeManagementEvents", True):
            kinds.add(selector.get("ReadWriteType", "All"))
    for selector in selectors.get("AdvancedEventSelectors") or ():
        fields = {item["Field"]: item.get("Equals", ()) for item in selector.get("FieldSelectors", ())}
        if "Management" in fields.get("eventCategory", ()):
            wanted = list(fields.get("readOnly", ()))
            kinds.add("All" if not wanted else "ReadOnly" if "true" in wanted else "WriteOnly")
    if "All" in kinds or {"ReadOnly", "WriteOnly"} <= kinds:
        return "All"
    return next(iter(kinds), "None")


def _account(scope: Scope, trails: list[Asset]) -> Asset:
    names = ("multi_region", "logging", "management_events")
    told = [{"arn": trail.native_id, **{name: trail.properties.get(name) for name in names}} for trail in trails]
    arn = scope.arn("cloudtrail", "account-trails", region="")
    return asset(scope, "cloudtrail.account", arn, scope.account_id, {"trails": told})
