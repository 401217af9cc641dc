"""The fleet of `make demo FLEET=…`: many accounts, told apart, and connected like everybody's."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from cloudaccounts import registry
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import ValidationProgress
from sandbox.fleet import members
from sandbox.rig import Rig

EXTERNAL_ID = "ca-0f0e0d0c-1111-4222-8333-444455556666"


def test_three_hundred_are_of_all_clouds_units_environments_and_ages() -> None:
    fleet = members(300)
    clouds = Counter(member.cloud for member in fleet)
    assert sum(clouds.values()) == 300
    assert min(clouds.values()) >= 30
    assert {member.environment for member in fleet} == {"production", "staging", "dev"}
    assert len({member.unit for member in fleet}) == 6
    assert {member.age > 90 for member in fleet} == {member.age < 60 for member in fleet} == {True, False}
    assert 10 <= sum(member.blind for member in fleet) <= 60
    assert len({member.name for member in fleet}) >= 290


def test_a_longer_fleet_begins_with_the_shorter_one() -> None:
    assert members(40)[:10] == members(10)
    assert members(5)[0].draws().random() == members(5)[0].draws().random()


def test_each_opens_its_account_also_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 12
    with Rig(tmp_path) as rig:
        rows = [
            *rig.control.ask("aws.put_fleet", count=count, external_id=EXTERNAL_ID),
            *rig.control.ask("azure.put_fleet", count=count),
            *rig.control.ask("gcp.put_fleet", count=count),
        ]
        assert {row["provider"] for row in rows} == {"aws", "azure", "gcp"}
    with Rig(tmp_path) as rig:
        for name, value in rig.env.items():
            monkeypatch.setenv(name, value)
        for row in rows:
            provider = registry.get(row["provider"])
            partition = provider.partitions()[0].value
            regions = tuple(row["regions"]) if row["regions"] != "all" else (provider.regions(partition)[0].name,)
            target = Target(row["account_id"], partition, regions, external_id=EXTERNAL_ID)
            report = provider.validate(Credentials(row["method"], row["credentials"]), target, ValidationProgress())
            assert report.ok, (row["provider"], report.code, report.cause)


def test_without_simulated_clouds_there_is_no_fleet() -> None:
    with override_settings(SANDBOX=False), pytest.raises(CommandError, match="no simulated clouds"):
        call_command("connect_fleet", "3", stdout=StringIO())
