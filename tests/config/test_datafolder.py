from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.datafolder import DataFolder, private_file, write_once
from config.env import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data", "live")
    folder.prepare()
    return folder


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_keys_that_their_owner_alone_can_read(folder: DataFolder) -> None:
    assert len(folder.encryption_keys()) == 1
    assert len(folder.secret_key()) > 60
    assert mode_of(folder.path) == 0o700
    assert mode_of(folder.encryption_keys_file) == mode_of(folder.secret_key_file) == 0o600


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "data"
    (path / "keys").mkdir(parents=True)
    for folder in (path, path / "keys"):
        folder.chmod(0o755)
    DataFolder(path, "live").prepare()
    assert {mode_of(path), mode_of(path / "keys")} == {0o700}


def test_a_folder_that_everybody_shares_stays_shared(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    DataFolder(tmp_path, "live").prepare()
    assert mode_of(tmp_path) == 0o1777


def test_a_second_start_keeps_them(folder: DataFolder) -> None:
    before = folder.secret_key(), folder.encryption_keys()
    folder.prepare()
    assert (folder.secret_key(), folder.encryption_keys()) == before


def test_a_lost_encryption_key_is_never_replaced(folder: DataFolder) -> None:
    folder.encryption_keys_file.unlink()
    folder.prepare()
    assert folder.encryption_keys() == []


def test_a_folder_with_databases_but_without_keys_gets_no_new_key(tmp_path: Path) -> None:
    private_file(tmp_path / "cloud_security.sqlite3")
    folder = DataFolder(tmp_path, "live")
    folder.prepare()
    assert folder.encryption_keys() == []


def test_live_and_sandbox_refuse_each_others_folder(folder: DataFolder) -> None:
    with pytest.raises(ImproperlyConfigured, match="belongs to live accounts"):
        DataFolder(folder.path, "sandbox").prepare()


def test_of_many_that_start_together_one_writes_the_key(tmp_path: Path) -> None:
    together = threading.Barrier(16)
    wrote: list[bool] = []

    def start(number: int) -> None:
        together.wait(5)
        wrote.append(write_once(tmp_path / "key", f"key-{number}"))

    threads = [threading.Thread(target=start, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrote.count(True) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    assert mode_of(private_file(tmp_path / "x.sqlite3")) == 0o600


def test_a_command_in_the_wrong_mode_ends_with_a_sentence(folder: DataFolder) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(folder.path), "CLOUD_ACCOUNTS_SANDBOX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "belongs to live accounts" in done.stderr
