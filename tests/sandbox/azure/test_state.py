"""What of the simulated Azure outlives a restart, without starting a process."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from sandbox.azure.emulator import AzureEmulator
from sandbox.faults import Faults
from sandbox.journal import Journal


def start(folder: Path) -> AzureEmulator:
    return AzureEmulator(folder, Faults(), Journal())


def ask(emulator: AzureEmulator, name: str, *given: Any, **more: Any) -> Any:
    return emulator.commands()[name](*given, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("azure")


def test_ids_secrets_and_keys_stay(folder: Path) -> None:
    assert start(folder).scenarios() == start(folder).scenarios()


def test_another_folder_has_other_ids(folder: Path, tmp_path: Path) -> None:
    ours, others = start(folder).scenarios(), start(tmp_path).scenarios()
    assert not {one["account_id"] for one in ours} & {one["account_id"] for one in others}
    assert not {one["fields"].get("client_secret", "-") for one in ours} & {
        one["fields"].get("client_secret") for one in others
    }


def test_what_a_person_made_stays(folder: Path) -> None:
    first = start(folder)
    place = next(one["id"] for one in ask(first, "subscriptions") if one["name"] == "payments-prod")
    ask(first, "put_tag", place, "mark", "one")
    ask(first, "put_tag", place, "mark", "two")
    again = start(folder)
    assert again._directory.subscription(place).tags["mark"] == "two"
    ask(again, "put_tag", place, "mark", None)
    assert "mark" not in start(folder)._directory.subscription(place).tags


def test_its_files_are_readable_by_their_owner_alone(folder: Path) -> None:
    emulator = start(folder)
    names = [Path(emulator.environment()["AZURE_FEDERATED_TOKEN_FILE"]), folder / "azure.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in names} == {0o600}


def test_only_azures_hosts_are_routed(folder: Path) -> None:
    emulator = start(folder)
    assert emulator.route("management.azure.com")
    assert emulator.route("graph.microsoft.com")
    for host in (
        "evil.com",
        "graph.microsoft.com.evil.com",
        "management.azure.com.evil.com",
        "westeurope.login.microsoft.com",
    ):
        assert emulator.route(host) is None
