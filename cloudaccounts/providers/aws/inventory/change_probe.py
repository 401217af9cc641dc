"""Whether a unit is as it was known, by fewer calls than a look: for what may change without an event. No Django.

Asked only of units in whose regions the event history is silent (`changes.GLANCED`). What such a unit can still hide:

- `ec2`: a machine is stopped or ended from within, its volumes with it, and AWS itself stops machines. All of that
  shows on the machines: where each is as known, so are the volumes. Without machines, nothing is left to change.
- `cloudtrail`: an organization's trail is made, changed or ended by its management account. Where every trail is named
  as known and the account's own, the history would have told all else.
- `guardduty`: the administrator's account changes the detector, of which a region has one at most (API reference of
  CreateDetector).
- `acm`: AWS renews certificates and lets them expire: where none is known, there is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.inventory import UNREADABLE, Asset, ScanUnit
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.inventory import changes, cloudtrail, ec2, guardduty
from cloudaccounts.providers.aws.inventory.common import Scope, paged

THREADS = 8  # units at a time

IsSame = Callable[[], bool]


def different(
    connection: Connection, account_id: str, units: Iterable[ScanUnit], known: KnownAssets
) -> frozenset[ScanUnit]:
    """Those that may not be as known, so that they are to be looked at; of `changes.GLANCED` only."""
    asked: dict[ScanUnit, IsSame] = {}
    for unit in units:
        if unit.service in changes.GLANCED:
            region = "" if unit.region == "global" else unit.region
            scope = Scope(connection, account_id, region, unit.service)
            asked[unit] = _GLANCES[unit.service](scope, known(unit))
    same = in_order(_answer, asked.values(), threads=THREADS)
    return frozenset(unit for unit, is_same in zip(asked, same, strict=True) if not is_same)


def _answer(is_same: IsSame) -> bool:
    try:
        return is_same()
    except (ClientError, BotoCoreError):
        return False  # the look that follows meets the error again, and tells it


@dataclass(frozen=True, slots=True)
class _Digest:
    """Of any number of assets in whatever order, in little memory."""

    count: int
    total: int

    @classmethod
    def of(cls, assets: Iterable[Asset]) -> _Digest:
        count = total = 0
        for asset in assets:
            count += 1
            total += int.from_bytes(hashlib.sha256(asset.fingerprint().encode()).digest())
        return cls(count, total % 2**256)


def _ec2(scope: Scope, known: Iterable[Asset]) -> IsSame:
    before = _Digest.of(asset for asset in known if asset.type == "aws.ec2.instance")
    return lambda: before.count == 0 or _Digest.of(ec2.instances(scope)) == before


def _cloudtrail(scope: Scope, known: Iterable[Asset]) -> IsSame:
    assets = list(known)
    trails = [asset for asset in assets if asset.type == "aws.cloudtrail.trail"]
    own = f":{scope.account_id}:trail/"
    plain = all(
        own in trail.native_id and trail.properties.get("organization") is False and UNREADABLE not in trail.properties
        for trail in trails
    )
    before = sorted((trail.native_id, trail.region) for trail in trails)
    return lambda: plain and len(assets) == len(trails) + 1 and sorted(cloudtrail.named(scope)) == before


def _guardduty(scope: Scope, known: Iterable[Asset]) -> IsSame:
    assets = list(known)
    if [asset.type for asset in assets] != ["aws.guardduty.region"]:
        return lambda: False
    before = assets[0].properties["detectors"]
    client = scope.connection.client("guardduty", scope.region)
    if not before:
        return lambda: not any(paged(client, "list_detectors", "DetectorIds"))
    return lambda: [guardduty.detector(client, before[0]["id"])] == before


def _acm(scope: Scope, known: Iterable[Asset]) -> IsSame:
    is_empty = not any(True for _ in known)
    return lambda: is_empty


_GLANCES: Mapping[str, Callable[[Scope, Iterable[Asset]], IsSame]] = MappingProxyType(
    {"ec2": _ec2, "cloudtrail": _cloudtrail, "guardduty": _guardduty, "acm": _acm}
)
