"""A full scan of an AWS account in all regions that no account can switch off, and of one with many resources."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.providers.aws.inventory import GLOBAL, SERVICES
from cloudaccounts.providers.aws.regions import always_enabled
from sandbox.rig import Rig
from scans.assets.writer import to_collected
from scans.models import Asset as StoredAsset
from tests.bench import against_prowler, scans
from tests.bench.minimum import fewest_calls
from tests.bench.result import Result

SECONDS = 6.0
TIMES = 3


def all_regions(rig: Rig) -> Iterator[Result]:
    """The second scan and those after it: at the first, the simulated services are still being made."""
    regions = always_enabled("aws")
    name = f"AWS: scan of {len(regions)} regions"
    yield from _measured(rig, name, regions, SECONDS)
    against_prowler.grow(rig)
    two = tuple(scans.PLACES["aws"][1])
    yield from _measured(rig, f"AWS: scan with {sum(against_prowler.MORE.values())} resources more", two, 0.0)


def _measured(rig: Rig, name: str, regions: tuple[str, ...], aimed: float) -> Iterator[Result]:
    account = scans.onboarded(rig.scenario(against_prowler.COMPANY))
    account.regions = list(regions)
    account.save(update_fields=["regions"])
    scans.scan(account, "full")
    walls, used = [], []
    for _ in range(TIMES):
        rig.control.clear_journal()
        began = time.process_time()
        walls.append(scans.scan(account, "full"))
        used.append(time.process_time() - began)
    calls = len(rig.control.calls("aws"))
    rows = StoredAsset.objects.filter(account=account.pk, gone_at=None)
    fewest = _fewest(regions, map(to_collected, rows))
    account.delete()
    note = "The simulated cloud runs beside it, on the same processors."
    yield Result(f"{name}, wall time", min(walls), "s", "lower", aimed, "≤ 1" if aimed else "", note)
    yield Result(f"{name}, processor time of the product", min(used), "s", "lower", 0, "")
    yield Result(f"{name}, calls / fewest that it needs", calls, "calls", "lower", fewest, "≤ 1.3")


def _fewest(regions: tuple[str, ...], assets: Iterable[Asset]) -> int:
    units = [
        ScanUnit(name, region)
        for name, service in SERVICES.items()
        for region in (regions if service.regional else (GLOBAL,))
    ]
    return fewest_calls(units, assets)
