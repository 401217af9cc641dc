"""A second engine's processes end with whatever ends: real children, looked for by their number."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from cloudaccounts.contract.engines import EngineAccess
from scans.engines.child import KEPT, StoppedError, child_environment, run_child
from scans.engines.folders import base, private_folder, remove_abandoned
from tests.scans.engines.programs import program

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # AWS's own example
ACCESS = EngineAccess(("aws",), {"AWS_SECRET_ACCESS_KEY": SECRET}, {"GOOGLE_APPLICATION_CREDENTIALS": '{"key": 1}'})
# It starts a child of its own, as scanners do, writes both numbers, and goes on for ever.
TWO_PROCESSES = """
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open("pids.tmp", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.rename("pids.tmp", "pids")
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: LazySettings) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "data"


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def pids_in(folder: Path) -> list[int]:
    until(lambda: (folder / "pids").exists())
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def test_it_gets_its_credential_and_nothing_of_this_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIAL_ENCRYPTION_KEYS", "the key of all keys")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    command = program(tmp_path, "import json, os; json.dump(dict(os.environ), open('env.json', 'w'))")
    with private_folder() as folder:
        assert run_child([str(command)], ACCESS, folder, seconds=30, goes_on=lambda: True).code == 0
        seen = (folder / "env.json").read_text()
        assert SECRET in seen
        assert "the key of all keys" not in seen
        assert '"HTTPS_PROXY": "http://127.0.0.1:1"' in seen
        key = folder / "credential-0"
        assert (stat.S_IMODE(key.stat().st_mode), key.read_text()) == (0o600, '{"key": 1}')
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert f'"GOOGLE_APPLICATION_CREDENTIALS": "{key}"' in seen
    assert not folder.exists()


def test_its_arguments_hold_no_secret() -> None:
    with private_folder() as folder:
        environment = child_environment({}, ACCESS, folder, Path("/opt/prowler/bin"))
    assert environment["PATH"].startswith("/opt/prowler/bin:")
    assert SECRET not in " ".join(ACCESS.arguments)
    assert SECRET not in repr(ACCESS)


def test_what_it_prints_is_cut_and_holds_no_secret(tmp_path: Path) -> None:
    body = """
        import os
        print("x" * 5_000_000)
        print("denied for " + os.environ["AWS_SECRET_ACCESS_KEY"])
        raise SystemExit(3)
    """
    with private_folder() as folder:
        ended = run_child([str(program(tmp_path, body))], ACCESS, folder, seconds=60, goes_on=lambda: True)
    assert ended.code == 3
    assert len(ended.said) <= KEPT
    assert ended.said.rstrip().endswith("denied for [not shown]")


def test_nor_any_line_of_a_key_file_however_it_is_printed(tmp_path: Path) -> None:
    lines = [f"MIIEvQ{number}" + "k3y/" * 14 for number in range(4)]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])
    access = EngineAccess(("gcp",), {}, {"GOOGLE_APPLICATION_CREDENTIALS": json.dumps({"private_key": pem})})
    body = """
        import json, os
        text = open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read()
        key = json.loads(text)["private_key"]
        print(text, repr(key), key, sep="\\n")
        print("denied", flush=True)
        raise SystemExit(3)
    """
    with private_folder() as folder:
        said = run_child([str(program(tmp_path, body))], access, folder, seconds=60, goes_on=lambda: True).said
    assert [line for line in lines if line[8:] in said] == []
    assert said.rstrip().endswith("denied")


@pytest.mark.parametrize("shown", [1, 20, 39])
def test_nor_the_rest_of_a_value_that_the_cut_goes_through(tmp_path: Path, shown: int) -> None:
    body = f"""
        import os
        print(os.environ["AWS_SECRET_ACCESS_KEY"] + "x" * ({KEPT} - {shown} - 1))
        raise SystemExit(3)
    """
    with private_folder() as folder:
        said = run_child([str(program(tmp_path, body))], ACCESS, folder, seconds=60, goes_on=lambda: True).said
    assert "x" * (KEPT // 2) in said
    assert [part for at in range(len(SECRET) - 3) if (part := SECRET[at : at + 4]) in said] == []


def test_a_file_that_grows_for_ever_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scans.engines.child.MOST_BYTES", 1_000_000)
    body = """
        with open("out.ocsf.json", "w") as file:
            while True:
                file.write("[" * 65536)
                file.flush()
    """
    with private_folder() as folder:
        ended = run_child([str(program(tmp_path, body))], ACCESS, folder, seconds=60, goes_on=lambda: True)
        assert (folder / "out.ocsf.json").stat().st_size <= 1_000_000
    assert ended.code != 0


@pytest.mark.parametrize("by_deadline", [True, False])
def test_nothing_of_it_is_left_after_its_deadline_or_a_cancellation(tmp_path: Path, by_deadline: bool) -> None:
    pids: list[int] = []
    with private_folder() as folder:

        def goes_on() -> bool:
            if not by_deadline and (folder / "pids").exists():
                pids.extend(pids_in(folder))
            return by_deadline or not pids

        seconds = 4.0 if by_deadline else 60.0
        with pytest.raises(StoppedError) as stopped:
            run_child([str(program(tmp_path, TWO_PROCESSES))], ACCESS, folder, seconds=seconds, goes_on=goes_on)
        pids = pids or pids_in(folder)
    assert stopped.value.by_deadline is by_deadline
    assert len(pids) == 2
    until(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_leaves_no_process_and_no_key(tmp_path: Path, data_dir: Path, number: int) -> None:
    """A worker of its own, killed in the middle: its child, the child's child and the key's file are gone."""
    worker, folder = start_worker(tmp_path, data_dir)
    pids = pids_in(folder)
    assert all(is_alive(pid) for pid in pids)
    assert (folder / "credential-0").exists()
    os.kill(worker.pid, number)
    worker.wait(30)
    until(lambda: not any(is_alive(pid) for pid in pids))
    until(lambda: not (folder / "credential-0").exists())


def test_what_a_killed_worker_and_watcher_leave_is_deleted_at_the_next_start(tmp_path: Path, data_dir: Path) -> None:
    worker, folder = start_worker(tmp_path, data_dir)
    leader, grandchild = pids_in(folder)
    assert remove_abandoned() == 0, "the folder of a living worker"
    watcher = int(Path(f"/proc/{leader}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(worker.pid, signal.SIGSTOP)  # so that it does not clean up after the watcher
    os.kill(watcher, signal.SIGKILL)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(30)
    until(lambda: not is_alive(leader))  # the kernel's signal, of a dead parent
    assert (folder / "credential-0").exists()
    assert remove_abandoned() == 1
    assert not folder.exists()
    if is_alive(grandchild):  # out of reach once worker and watcher are killed at the same moment
        os.kill(grandchild, signal.SIGKILL)


def test_a_folder_just_made_is_nobody_elses_to_delete(data_dir: Path) -> None:
    base().mkdir(parents=True)
    (base() / "run-new").mkdir()
    assert remove_abandoned() == 0
    os.utime(base() / "run-new", (time.time() - 120, time.time() - 120))
    assert remove_abandoned() == 1


def start_worker(tmp_path: Path, data_dir: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """A process that runs a child as a worker does; answers with it and the run's folder."""
    script = tmp_path / "worker.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
            os.environ["DATA_DIR"] = {str(data_dir)!r}
            import django
            django.setup()
            from scans.engines.child import run_child
            from scans.engines.folders import private_folder
            from tests.scans.engines.test_child import ACCESS
            command = [{str(program(tmp_path, TWO_PROCESSES))!r}]
            with private_folder() as folder:
                run_child(command, ACCESS, folder, seconds=300, goes_on=lambda: True)
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    worker = subprocess.Popen([sys.executable, str(script)], env=environment)
    runs = data_dir / "engine-runs"
    until(lambda: any(runs.glob("run-*/pids")), 120.0)
    return worker, next(runs.glob("run-*"))
