"""Whether a unit is still as known, with fewer calls than reading it again. No Django.

For services that may change without an event (`changes.PROBED`), and only where the event history is silent. Changes
that the history then does not show:

- `ec2`: a machine is stopped or terminated from within, its volumes with it, and AWS itself stops machines. All of that
  shows on the machines: where each is as known, so are the volumes. Without machines, nothing can change unseen.
- `cloudtrail`: an organization's trail is created, changed or deleted by its management account. Where every trail is
  named as known and is the account's own, the history has every other change.
- `guardduty`: the administrator's account changes the detector, of which a region has one at most (API reference of
  CreateDetector).
- `acm`: AWS renews certificates and lets them expire. Where none is known, there is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import UNREADABLE, Asset, ScanUnit
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.client import Connection
from cloudaccounts.providers.aws.inventory import changes, cloudtrail, ec2, guardduty
from cloudaccounts.providers.aws.inventory.common import SHAPE_ERRORS, Scope, paged

THREADS = 8  # units at a time

IsSame = Callable[[], bool]


def different(
    connection: Connection, account_id: str, units: Iterable[ScanUnit], known: KnownAssets
) -> frozenset[ScanUnit]:
    """The units of `changes.PROBED` that may have changed, so that they must be read again."""
    probes: dict[ScanUnit, IsSame] = {}
    for unit in units:
        if unit.service in changes.PROBED:
            region = "" if unit.region == "global" else unit.region
            scope = Scope(connection, account_id, region, unit.service)
            # Here, in the caller's thread: what is known is read from a database.
            probes[unit] = _PROBES[unit.service](scope, known(unit))
    results = in_order(_run_probe, probes.values(), threads=THREADS)
    return frozenset(unit for unit, is_same in zip(probes, results, strict=True) if not is_same)


def _run_probe(is_same: IsSame) -> bool:
    try:
        return is_same()
    except (ClientError, BotoCoreError, ProviderError, *SHAPE_ERRORS):
        return False  # the unit is then read, meets the error again and reports it


@dataclass(frozen=True, slots=True)
class _Digest:
    """Of any number of assets, in any order and in little memory: a sum of hashes does not depend on the order."""

    count: int
    total: int

    @classmethod
    def of(cls, assets: Iterable[Asset]) -> _Digest:
        count = total = 0
        for asset in assets:
            count += 1
            total += int.from_bytes(hashlib.sha256(asset.fingerprint().encode()).digest())
        # A sum and not an exclusive or, in which two equal assets would cancel each other out.
        return cls(count, total % 2**256)


def _ec2(scope: Scope, known: Iterable[Asset]) -> IsSame:
    before = _Digest.of(asset for asset in known if asset.type == "aws.ec2.instance")
    # Without a machine there is nothing that could change unseen, so no call is made.
    return lambda: before.count == 0 or _Digest.of(ec2.instances(scope)) == before


def _cloudtrail(scope: Scope, known: Iterable[Asset]) -> IsSame:
    assets = list(known)
    trails = [asset for asset in assets if asset.type == "aws.cloudtrail.trail"]
    own_trail = f":{scope.account_id}:trail/"
    are_own_and_complete = all(
        own_trail in trail.native_id
        and trail.properties.get("organization") is False
        and UNREADABLE not in trail.properties
        and UNREADABLE not in (trail.properties.get("bucket_facts") or {})  # it may be another account's bucket
        for trail in trails
    )
    before = sorted((trail.native_id, trail.region) for trail in trails)
    return lambda: (
        # One more asset than trails: the one that sums them up. Any other number is not what a whole reading leaves.
        are_own_and_complete and len(assets) == len(trails) + 1 and sorted(cloudtrail.list_trails(scope)) == before
    )


def _guardduty(scope: Scope, known: Iterable[Asset]) -> IsSame:
    assets = list(known)
    # Not what a reading of this unit leaves, so it is read again.
    if [asset.type for asset in assets] != ["aws.guardduty.region"]:
        return lambda: False
    before = assets[0].properties["detectors"]
    client = scope.connection.client("guardduty", scope.region)
    if not before:
        return lambda: not any(paged(client, "list_detectors", "DetectorIds"))
    return lambda: [guardduty.detector(client, before[0]["id"])] == before


def _acm(scope: Scope, known: Iterable[Asset]) -> IsSame:
    is_empty = not any(True for _ in known)
    # No call at all: probing would take the very list that a reading takes.
    return lambda: is_empty


_PROBES: Mapping[str, Callable[[Scope, Iterable[Asset]], IsSame]] = MappingProxyType(
    {"ec2": _ec2, "cloudtrail": _cloudtrail, "guardduty": _guardduty, "acm": _acm}
)
