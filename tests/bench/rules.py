"""What a rule costs of the processor: each real rule on 1,000 assets of its type, as a scan asks it, without a network.

The assets are the simulated company's, in all three clouds, repeated; so the figures say how rules compare and grow,
and not how an account's own assets are. The reference is a rule that only answers: what evidence costs.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice

from cloudaccounts import registry
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.provider_kit.posture import passed, posture_check
from sandbox.rig import Rig
from tests.bench.result import Result
from tests.bench.scans import PLACES

ASSETS, TIMES = 1_000, 3


def cost(rig: Rig) -> Iterator[Result]:
    for cloud in PLACES:
        assets = _assets(rig, cloud)
        checks = [check for check in registry.get(cloud).posture_checks() if assets.get(check.asset_type)]
        by_check = {check.id: _milliseconds(check, assets[check.asset_type]) for check in checks}
        (first, *_) = checks
        least = _milliseconds(_nothing(first.asset_type), assets[first.asset_type])
        dearest = max(by_check, key=lambda name: by_check[name])
        label, unit = registry.get(cloud).short_label, "ms of processor"
        median = statistics.median(by_check.values())
        # Of an asset that fails the parts that decide it are looked for, by asking the rule again without each of them.
        note = f"{len(checks)} rules had assets. The dearest: {dearest}; assets that fail cost most."
        name = f"{label}: a rule on {ASSETS:,} assets"
        yield Result(f"{name}, median / one that only answers", median, unit, "lower", least, "", note)
        yield Result(f"{name}, the dearest / median", by_check[dearest], unit, "lower", median, "", note)


def _assets(rig: Rig, cloud: str) -> dict[str, list[Asset]]:
    scenario = rig.scenario("Everything granted", cloud)
    partition, regions = PLACES[cloud]
    target = Target(account_id=scenario["account_id"], partition=partition, regions=tuple(regions), external_id="")
    by_type: dict[str, list[Asset]] = defaultdict(list)
    provider = registry.get(cloud)
    credentials = provider.clean_credentials(
        scenario["method"], scenario["fields"], account_id=scenario["account_id"], partition=partition
    )
    opened = provider.open_session(Credentials(credentials.method, credentials.values), target)
    with closing(opened) as session:
        for unit in session.units(regions):
            try:
                for asset in session.collect(unit):
                    by_type[asset.type].append(asset)
            except ProviderError:
                continue  # a part that may not be read has no assets to measure
    return by_type


def _nothing(asset_type: str) -> PostureCheck:
    @posture_check(
        "aws_nothing", "Nothing", Severity.LOW, "s3", asset_type, why="", console="", command="", references=()
    )
    def nothing(asset: Asset) -> Evaluation:
        return passed("It is.")

    return nothing


def _milliseconds(check: PostureCheck, assets: list[Asset]) -> float:
    """The least of a few turns: what else the machine does can only add."""
    asked = list(islice(cycle(assets), ASSETS))
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        for asset in asked:
            if check.evaluate(asset).verdict not in Verdict:
                raise RuntimeError(f"{check.id} has no verdict")
        taken.append(time.process_time() - began)
    return min(taken) * 1000
