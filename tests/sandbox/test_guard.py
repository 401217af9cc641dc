"""The sandbox stays out of production."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_it_refuses_to_be_imported_without_its_variable() -> None:
    env = {key: value for key, value in os.environ.items() if key != "CLOUD_ACCOUNTS_SANDBOX"}
    command = [sys.executable, "-c", "import sandbox"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "set CLOUD_ACCOUNTS_SANDBOX=1 to import it" in result.stderr


def test_no_product_code_imports_it() -> None:
    product = [path for app in ("cloudaccounts", "wizard", "scans", "config") for path in (ROOT / app).rglob("*.py")]
    assert product
    imports = ("import sandbox", "from sandbox")
    offenders = [path for path in product if any(line in path.read_text() for line in imports)]
    assert offenders == []


def test_the_test_process_does_not_load_moto_to_use_the_rig() -> None:
    env = {**os.environ, "CLOUD_ACCOUNTS_SANDBOX": "1"}
    code = "import sys, sandbox.rig; sys.exit('moto' in sys.modules or 'boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=False).returncode == 0
