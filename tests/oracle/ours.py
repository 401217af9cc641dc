"""What this product says of the simulated account: its own collectors and checks, without database and worker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from cloudaccounts import registry
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.rules import Verdict
from sandbox.rig import Rig
from tests.oracle.verdicts import Opinion


def evaluate(
    rig: Rig, account: Mapping[str, Any], regions: Sequence[str], cloud: str
) -> tuple[list[Opinion], list[str]]:
    """Each check's verdict on each resource, and the readings that failed, in words."""
    os.environ.update(rig.env)
    provider = registry.get(cloud)
    target = Target(
        account_id=account["account_id"], partition=account["partition"], regions=tuple(regions), external_id=""
    )
    opinions: list[Opinion] = []
    gaps: list[str] = []
    with closing(provider.open_session(Credentials(account["method"], account["fields"]), target)) as session:
        for unit in session.units(regions):
            try:
                assets = list(session.collect(unit))
            except ProviderError as error:
                gaps.append(f"{unit.label}: {error.code}")
                continue
            for asset in assets:
                for check in provider.posture_checks():
                    result = check.evaluate(asset)
                    if check.asset_type == asset.type and result.verdict != Verdict.NOT_APPLICABLE:
                        opinions.append(
                            Opinion(check.id, asset.native_id, asset.region, result.verdict.value, result.reason)
                        )
    return opinions, gaps
