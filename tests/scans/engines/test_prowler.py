"""The real Prowler over the simulated account, where one is installed: TEST_PROWLER_COMMAND names it."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import LazySettings

from cloudaccounts import registry
from cloudaccounts.contract.identity import Credentials, Target
from sandbox.rig import Rig
from scans.engines.child import run_child
from scans.engines.folders import base, private_folder
from scans.engines.matching import Evaluated, Pairs, match
from scans.engines.output import Tally, read_results
from scans.engines.prowler import RESULTS, command_line, problem

COMMAND = os.environ.get("TEST_PROWLER_COMMAND", "")
REGIONS = ("us-east-1",)
NOBODY = UUID(int=0)


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not COMMAND, reason="No Prowler is installed: TEST_PROWLER_COMMAND names none.")
def test_the_real_prowler_reads_the_simulated_account(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the credential that a stored account gives it, the same environment and the same command line."""
    settings.DATA_DIR = tmp_path / "data"
    assert problem(COMMAND) == ""
    provider, tally = registry.get("aws"), Tally()
    with Rig(tmp_path / "sandbox") as rig:
        for name, value in rig.env.items():
            monkeypatch.setenv(name, value)
        account = rig.scenario("Everything granted")
        credentials = Credentials(account["method"], account["fields"])
        target = Target(account_id=account["account_id"], partition="aws", regions=REGIONS, external_id="")
        access = provider.engine_access("prowler", credentials, target, REGIONS)
        # Three services, so that it takes a minute and not ten.
        access = replace(access, arguments=(*access.arguments, "--services", "iam", "s3", "cloudtrail"))
        pairs = Pairs(provider.engine_pairs("prowler"))
        with private_folder() as folder:
            command = command_line(COMMAND, access, folder)
            ended = run_child(command, access, folder, seconds=900, goes_on=lambda: True)
            assert ended.code == 0, ended.said
            collected = pairs.collect(read_results(folder / RESULTS, account["account_id"], tally))
        own = []
        with closing(provider.open_session(credentials, target)) as session:
            for unit in session.units(REGIONS):
                if unit.service in {"iam", "s3", "cloudtrail"}:
                    own += list(session.collect(unit))
    assert (tally.complete, tally.malformed, tally.foreign) == (True, 0, 0)
    assert list(base().iterdir()) == []
    evaluated = [
        Evaluated(check.id, asset.native_id, asset.region, NOBODY, check.evaluate(asset).verdict)
        for asset in own
        for check in provider.posture_checks()
        if check.asset_type == asset.type and check.id in pairs.rules
    ]
    matched, agreed = match(collected, pairs, evaluated)
    assert agreed > 20
    relations = {one.result.check_id: one.relation for one in matched}
    assert relations["s3_bucket_secure_transport_policy"] == "both"
    assert "only" in relations.values()
