from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.env import ROOT
from tests.servers import EMBEDDED
from tests.stack import Stack, free_port, wait_for


def test_it_comes_up_ready_and_sigterm_ends_all_of_it(tmp_path: Path) -> None:
    with Stack(tmp_path, migrated=False) as stack:
        output = stack.output()
        assert stack.password in output
        assert f"{stack.url}/sandbox/" in output
        assert "access key" not in output.lower()
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").rglob("*.sqlite3")} == {0}
        assert stack.stop() == 0
    assert stack.output().rstrip().endswith("Ended.")
    assert stack.pids("") == []


def test_a_second_start_keeps_the_password_to_itself_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    Stack(tmp_path).start().stop()
    stack = Stack(tmp_path)
    shown = len(stack.output())
    with stack:
        assert "shown this once" not in stack.output(shown)
        os.killpg(stack.pid, signal.SIGINT)  # as a terminal does: to every process of the group
        for _ in range(50):  # and by somebody in a hurry, who sends the next while the last is being handled
            with suppress(ProcessLookupError):
                os.kill(stack.pid, signal.SIGINT)
                os.kill(stack.pid, signal.SIGTERM)
        assert stack.stop() == 0
    assert "killed" not in stack.output(shown)
    wait_for(lambda: stack.pids("") == [], seconds=5, what="the end of all processes")


@contextmanager
def busy_machine(seconds: float = 40) -> Iterator[None]:
    """Four processes that do nothing for each processor; they end by themselves, whatever becomes of the test."""
    program = f"import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    loads = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(4 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for load in loads:
            load.kill()
            load.wait()


def test_it_ends_by_itself_on_a_busy_machine_too(tmp_path: Path) -> None:
    """Right after the start, when the workers have just taken their first tasks."""
    with Stack(tmp_path) as stack, busy_machine():
        assert stack.stop() == 0
    assert "killed" not in stack.output()
    assert stack.output().rstrip().endswith("Ended.")
    assert stack.pids("") == []


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT, env={**os.environ, **EMBEDDED, "CLOUD_ACCOUNTS_SANDBOX": "0", "DATA_DIR": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr


def up(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A live start in a session of its own; its output comes by a pipe."""
    env = {**os.environ, **EMBEDDED, "CLOUD_ACCOUNTS_SANDBOX": "0", "DATA_DIR": str(folder)}
    del env["BASE_URL"]
    return subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(free_port()), *arguments],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def test_the_sandbox_abbreviated_never_starts_live(tmp_path: Path) -> None:
    process = up(tmp_path, "--sand")
    output, _ = process.communicate(timeout=40)
    assert process.returncode == 1
    assert "Write it out: manage.py up --sandbox" in output
    assert not list(tmp_path.rglob("*-wal"))
    assert "Preparing" not in output


def test_it_ends_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    """As in `up | head -1`."""
    process = up(tmp_path)
    assert process.stdout
    assert "Preparing" in process.stdout.readline()
    process.stdout.close()
    process.wait(60)
    listing = subprocess.run(["ps", "-weo", "sid,stat"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()[1:]]
    assert [state for session, state in rows if session == str(process.pid) and "Z" not in state] == []


def test_a_second_start_in_the_same_data_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "up.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", str(free_port())],
            cwd=ROOT, env={**os.environ, **EMBEDDED, "CLOUD_ACCOUNTS_SANDBOX": "0", "DATA_DIR": str(folder)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "Another start runs in the data folder" in done.stderr
    assert not (folder / "static").exists()
