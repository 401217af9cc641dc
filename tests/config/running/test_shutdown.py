from __future__ import annotations

import os
import signal
import subprocess
import sys

from config.env import ROOT

PROGRAM = """
import signal, time
from config.running.shutdown import ends_at_once
signal.signal(signal.SIGTERM, lambda *_: print("noted", flush=True))
with ends_at_once():
    {inside}
signal.raise_signal(signal.SIGTERM)
"""


def run(inside: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM.format(inside=inside)]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)


def test_a_signal_ends_what_is_still_loading() -> None:
    done = run("signal.raise_signal(signal.SIGTERM); time.sleep(30)")
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "")


def test_afterwards_the_process_handles_it_as_before() -> None:
    done = run("pass")
    assert (done.returncode, done.stdout) == (0, "noted\n")
