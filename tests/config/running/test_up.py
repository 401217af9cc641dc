from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import ROOT
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("up")


def test_it_comes_up_ready_and_sigterm_ends_all_of_it(tmp_path: Path) -> None:
    stack = Stack(tmp_path).start()
    output = stack.output()
    assert stack.password in output
    assert "Everything granted" in output
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").rglob("*.sqlite3")} == {0}
    assert stack.stop() == 0
    assert stack.output().rstrip().endswith("Ended.")
    assert stack.pids("") == []


def test_a_second_start_keeps_the_password_to_itself_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    Stack(tmp_path).start().stop()
    stack = Stack(tmp_path)
    shown = len(stack.output())
    stack.start()
    assert "shown this once" not in stack.output(shown)
    os.killpg(stack.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    assert stack.stop() == 0
    wait_for(lambda: stack.pids("") == [], seconds=5, what="the end of all processes")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT, env={**os.environ, "CLOUD_ACCOUNTS_SANDBOX": "0", "DATA_DIR": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
