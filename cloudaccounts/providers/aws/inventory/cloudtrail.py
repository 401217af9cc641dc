"""CloudTrail: all trails of the account, whatever their home region, and one asset that sums them up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Lock
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory import s3
from cloudaccounts.providers.aws.inventory.common import (
    GoneError,
    Properties,
    Scope,
    asset,
    each,
    held_back,
    paged,
    unexpected,
)
from cloudaccounts.providers.aws.regions import is_region

THREADS = 4  # trails read at once: each takes two small calls
_FACTS = (
    *("multi_region", "organization", "log_file_validation", "kms_key_id", "bucket", "log_group"),
    *("global_service_events", "logging", "management_events", "object_events", "bucket_facts"),
)
_SELECTED = ("management_events", "object_events")


class _Buckets:
    """What buckets say of themselves that keep logs; they may be another account's. Trails share them, so that each is
    read once, and so is the account's own setting.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._lock = Lock()  # trails are read in several threads
        self._account_wide: Properties | None = None
        self._facts: dict[str, dict[str, Any]] = {}

    def facts(self, name: str | None) -> dict[str, Any] | None:
        """None for a trail without a bucket."""
        if not name:
            return None
        with self._lock:
            if name not in self._facts:
                self._account_wide = self._account_wide or s3.account_block(self._scope)
                try:
                    self._facts[name] = s3.read_bucket(self._scope, name, self._account_wide)
                except GoneError:
                    self._facts[name] = {"missing": True}  # the trail is there all the same
            return self._facts[name]


def collect(scope: Scope) -> Iterator[Asset]:
    """ListTrails names the trails of all regions, so that only regions with a trail need further calls."""
    by_home: dict[str, list[str]] = {}
    trails: list[Asset] = []
    odd: list[ProviderError] = []
    for arn, region in list_trails(scope):
        if arn:
            by_home.setdefault(region, []).append(arn)
        else:
            odd.append(unexpected(KeyError("TrailARN"), "a trail"))
    buckets = _Buckets(scope)
    # Sorted, so that two scans give the same order whatever AWS lists first.
    for region, arns in sorted(by_home.items()):
        trails += held_back(odd, _trails_of(scope, buckets, region, sorted(arns)))
    yield from trails
    # Before what sums them up: a trail that is not known may be the one that it asks for.
    if odd:
        raise odd[0]
    yield _account(scope, trails)


def _trails_of(scope: Scope, buckets: _Buckets, region: str, arns: list[str]) -> Iterator[Asset]:
    """A home region that may not be asked costs the facts of its trails, and not the other regions' trails."""
    # It becomes a part of a host name, so only regions of our table are believed; one that is newer is not asked.
    if not is_region(scope.connection.partition.name, region):
        return (_unread(scope, region or scope.connection.partition.home, arn, "region_unknown") for arn in arns)
    client = scope.connection.client("cloudtrail", region)
    described = Properties(scope.connection, elsewhere=True)
    described.read(
        "trails",
        # By name and in the home region: without names, trails of other regions would be listed again as copies.
        lambda: client.describe_trails(trailNameList=arns).get("trailList", ()),
        permission="cloudtrail:DescribeTrails",
    )
    if code := described.refused.get("trails"):
        return (_unread(scope, region, arn, code) for arn in arns)
    return each(partial(_trail, scope, client, buckets), described.values["trails"], threads=THREADS)


def _unread(scope: Scope, region: str, arn: str, code: str) -> Asset:
    properties = Properties(scope.connection, dict.fromkeys(_FACTS), dict.fromkeys(_FACTS, code))
    return asset(scope, "cloudtrail.trail", arn, arn.rpartition("/")[2], properties.to_dict(), region=region)


def list_trails(scope: Scope) -> Iterator[tuple[str, str]]:
    """ARN and home region of each trail."""
    for item in paged(scope.connection.client("cloudtrail"), "list_trails", "Trails"):
        yield item.get("TrailARN", ""), item.get("HomeRegion", "")


def _trail(scope: Scope, client: Any, buckets: _Buckets, trail: Any) -> Asset:
    arn = trail["TrailARN"]
    properties = Properties(scope.connection)
    properties.values |= {
        "multi_region": trail.get("IsMultiRegionTrail"),
        "organization": trail.get("IsOrganizationTrail"),
        "log_file_validation": trail.get("LogFileValidationEnabled"),
        "kms_key_id": trail.get("KmsKeyId"),
        "bucket": trail.get("S3BucketName"),
        "log_group": trail.get("CloudWatchLogsLogGroupArn"),
        "global_service_events": trail.get("IncludeGlobalServiceEvents"),
    }
    properties.read("status", lambda: client.get_trail_status(Name=arn), permission="cloudtrail:GetTrailStatus")
    properties.read(
        "selectors",
        lambda: _selected(client.get_event_selectors(TrailName=arn)),
        permission="cloudtrail:GetEventSelectors",
        names=_SELECTED,
    )
    properties.read("bucket_facts", lambda: buckets.facts(trail.get("S3BucketName")), permission="s3:GetBucket*")
    # Of the status only what a person changes is a property; when logs were delivered last is observed.
    status = properties.values.pop("status") or {}
    properties.values["logging"] = status.get("IsLogging")
    # The asset has no property "status": what could not be read is told under the name that rules look for.
    if "status" in properties.refused:
        properties.refused["logging"] = properties.refused.pop("status")
    properties.values[OBSERVED] = {"delivered_at": plain(status.get("LatestDeliveryTime"))}
    name, home = trail.get("Name") or arn.rpartition("/")[2], trail.get("HomeRegion", "")
    return asset(scope, "cloudtrail.trail", arn, name, properties.to_dict(), region=home)


def _selected(selectors: Any) -> dict[str, Any]:
    return {"management_events": _management_events(selectors), "object_events": object_events(selectors)}


def object_events(selectors: Any) -> str | None:
    """Which calls on objects of all buckets are recorded: "All", "ReadOnly", "WriteOnly" or "None".

    A selector for some buckets alone does not count: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
    logging-data-events-with-cloudtrail.html
    """
    kinds: set[str] = set()
    for selector in selectors.get("EventSelectors") or ():
        for data in selector.get("DataResources") or ():
            # "arn:aws:s3" and "arn:aws:s3:::" stand for all buckets: API reference of DataResource.
            every = any(map(_is_every_bucket, data.get("Values") or ()))
            if data.get("Type") == "AWS::S3::Object" and every:
                kinds.add(selector.get("ReadWriteType", "All"))
    for selector in selectors.get("AdvancedEventSelectors") or ():
        fields = {item["Field"]: item for item in selector.get("FieldSelectors", ()) if not _is_every_object(item)}
        types = list(fields.get("resources.type", {}).get("Equals") or ())
        # Any further field (an ARN, an event's name) narrows the selector, so that it does not cover all buckets.
        if set(fields) <= {"eventCategory", "resources.type", "readOnly"} and "AWS::S3::Object" in types:
            kinds.add(_of_read_only(fields))
    return _together(kinds, selectors)


def _is_every_bucket(arn: Any) -> bool:
    return str(arn).rstrip(":").count(":") == 2


def _is_every_object(field: Any) -> bool:
    """A condition on the ARN that holds for all objects, so that it narrows nothing.

    One value is enough, and all operators must hold:
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
    """
    operators = {name for name, values in field.items() if name != "Field" and values}
    return (
        field.get("Field") == "resources.ARN"
        and operators == {"StartsWith"}
        and any(str(value).startswith("arn:") and _is_every_bucket(value) for value in field["StartsWith"])
    )


def _of_read_only(fields: dict[str, Any]) -> str:
    """Without a selector for readOnly, both kinds are recorded."""
    read_only = list(fields.get("readOnly", {}).get("Equals") or ())
    return "All" if not read_only else "ReadOnly" if "true" in read_only else "WriteOnly"


def _together(kinds: set[str], selectors: Any) -> str | None:
    """None where it is not known: a kind that is new, or neither sort of selector, of which a trail has one."""
    if "All" in kinds or {"ReadOnly", "WriteOnly"} <= kinds:
        return "All"
    told = "EventSelectors" in selectors or "AdvancedEventSelectors" in selectors
    if not told or kinds - {"ReadOnly", "WriteOnly"}:
        return None
    return next(iter(kinds), "None")


def _management_events(selectors: Any) -> str | None:
    """ "All", "ReadOnly", "WriteOnly" or "None", of both kinds of selectors."""
    kinds: set[str] = set()
    for selector in selectors.get("EventSelectors") or ():
        # Left out, it counts as true: API reference of EventSelector.
        if selector.get("IncludeManagementEvents", True):
            kinds.add(selector.get("ReadWriteType", "All"))
    for selector in selectors.get("AdvancedEventSelectors") or ():
        fields = {item["Field"]: item for item in selector.get("FieldSelectors", ())}
        # AWS lets people leave out the events of KMS and of RDS's data API; what names single events leaves out more.
        if "Management" in (fields.get("eventCategory", {}).get("Equals") or ()) and not _picks(fields):
            kinds.add(_of_read_only(fields))
    return _together(kinds, selectors)


def _picks(fields: dict[str, Any]) -> bool:
    return any(
        item.get(operator)
        for name, item in fields.items()
        if name not in ("eventCategory", "readOnly")
        for operator in ("Equals", "StartsWith", "EndsWith")
    )


def _account(scope: Scope, trails: list[Asset]) -> Asset:
    names = ("multi_region", "logging", "management_events", "object_events")
    trail_facts = [{"arn": trail.native_id, **{name: trail.properties.get(name) for name in names}} for trail in trails]
    arn = scope.arn("cloudtrail", "account-trails", region="")
    return asset(scope, "cloudtrail.account", arn, scope.account_id, {"trails": trail_facts})
