"""CloudTrail: all trails of the account, whatever their home region, and one asset that sums them up."""

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
    """ListTrails names the trails of all regions, so that only regions with a trail need further calls."""
    by_home: dict[str, list[str]] = {}
    for arn, region in list_trails(scope):
        by_home.setdefault(region, []).append(arn)
    trails: list[Asset] = []
    for region, arns in sorted(by_home.items()):
        client = scope.connection.client("cloudtrail", region)
        # By name and in the home region: without names, trails of other regions would be listed again as copies.
        described = client.describe_trails(trailNameList=sorted(arns)).get("trailList", ())
        trails += in_order(partial(_trail, scope, client), described, threads=THREADS)
    yield from trails
    yield _account(scope, trails)


def list_trails(scope: Scope) -> Iterator[tuple[str, str]]:
    """ARN and home region of each trail."""
    for item in paged(scope.connection.client("cloudtrail"), "list_trails", "Trails"):
        if is_region(scope.connection.partition.name, item.get("HomeRegion", "")):
            yield item["TrailARN"], item["HomeRegion"]


def _trail(scope: Scope, client: Any, trail: Any) -> Asset:
    arn = trail["TrailARN"]
    properties = Properties(scope.connection)
    properties.values |= {
        "multi_region": trail.get("IsMultiRegionTrail", False),
        "organization": trail.get("IsOrganizationTrail", False),
        "log_file_validation": trail.get("LogFileValidationEnabled", False),
        "kms_key_id": trail.get("KmsKeyId"),
        "bucket": trail.get("S3BucketName"),
        "log_group": trail.get("CloudWatchLogsLogGroupArn"),
        "global_service_events": trail.get("IncludeGlobalServiceEvents", False),
    }
    properties.read("status", lambda: client.get_trail_status(Name=arn), permission="cloudtrail:GetTrailStatus")
    properties.read(
        "management_events",
        lambda: _management_events(client.get_event_selectors(TrailName=arn)),
        permission="cloudtrail:GetEventSelectors",
    )
    # Of the status only what a person changes is a property; when logs were delivered last is observed.
    status = properties.values.pop("status") or {}
    properties.values["logging"] = status.get("IsLogging")
    if "status" in properties.refused:
        properties.refused["logging"] = properties.refused.pop("status")
    properties.values[OBSERVED] = {"delivered_at": plain(status.get("LatestDeliveryTime"))}
    return asset(
        scope, "cloudtrail.trail", arn, trail["Name"], properties.to_dict(), region=trail.get("HomeRegion", "")
    )


def _management_events(selectors: Any) -> str:
    """ "All", "ReadOnly", "WriteOnly" or "None", of both kinds of selectors."""
    kinds: set[str] = set()
    for selector in selectors.get("EventSelectors") or ():
        if selector.get("IncludeManagementEvents", True):
            kinds.add(selector.get("ReadWriteType", "All"))
    for selector in selectors.get("AdvancedEventSelectors") or ():
        fields = {item["Field"]: item.get("Equals", ()) for item in selector.get("FieldSelectors", ())}
        if "Management" in fields.get("eventCategory", ()):
            # Without a selector for readOnly, both kinds are recorded.
            read_only = list(fields.get("readOnly", ()))
            kinds.add("All" if not read_only else "ReadOnly" if "true" in read_only else "WriteOnly")
    if "All" in kinds or {"ReadOnly", "WriteOnly"} <= kinds:
        return "All"
    return next(iter(kinds), "None")


def _account(scope: Scope, trails: list[Asset]) -> Asset:
    names = ("multi_region", "logging", "management_events")
    trail_facts = [{"arn": trail.native_id, **{name: trail.properties.get(name) for name in names}} for trail in trails]
    arn = scope.arn("cloudtrail", "account-trails", region="")
    return asset(scope, "cloudtrail.account", arn, scope.account_id, {"trails": trail_facts})
