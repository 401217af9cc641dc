"""The first measurements of a worker, by several threads at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys, threading
import django
django.setup()
from cloudaccounts import metrics
sys.setswitchinterval(1e-6)
together, failed = threading.Barrier(16), []
def measure():
    together.wait()
    try:
        metrics.observe_check(provider="aws", kind="check", seconds=1.0, code="x")
    except Exception as error:
        failed.append(repr(error))
threads = [threading.Thread(target=measure) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(failed)
"""


def test_none_of_them_fails(tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == "[]"
