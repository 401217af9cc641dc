"""A pytest plugin, loaded before Django's settings: each test process gets a data folder and environment of its own.

``--databases-only`` leaves out what touches no database, for another run on another engine.
``TEST_DATABASE_URL`` puts all three databases on that server; without it they are SQLite files.
``TEST_ISOLATED=mongodb`` puts the two isolated ones on MongoDB: on ``TEST_MONGODB_URL`` where that is set (a real one),
else on a SecantusDB that this process starts, which speaks the same protocol over the wire.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

FOLDER = Path(tempfile.mkdtemp(prefix="cloud-accounts-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

_server = os.environ.get("TEST_DATABASE_URL", "")
MONGODB = os.environ.get("TEST_ISOLATED", "") == "mongodb"


def _isolated(alias: str) -> str:
    return f"{MONGODB_URL}/{alias}" if MONGODB else _server


def _started_mongodb() -> str:
    """A SecantusDB of this process, in memory, ended with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "secantusd-py"), "--port", str(port), "--storage-path", ":memory:"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(server.kill)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"mongodb://127.0.0.1:{port}"
        time.sleep(0.1)
    raise RuntimeError("SecantusDB did not start within 30 s.")


MONGODB_URL = (os.environ.get("TEST_MONGODB_URL") or _started_mongodb()).rstrip("/") if MONGODB else ""
os.environ.update(
    {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(FOLDER / "data"),
        "CLOUD_ACCOUNTS_SANDBOX": "1",
        "CLOUD_ACCOUNTS_PLAIN_HTTP": "1",
        "DEBUG": "0",
        "DATABASE_URL": _server,
        "CLOUD_SECURITY_DATABASE_URL": _isolated("cloud_security"),
        "CLOUD_ASSET_DISCOVERY_DATABASE_URL": _isolated("cloud_asset_discovery"),
        "CELERY_BROKER_URL": "filesystem://",
        "EMAIL_URL": "memorymail://",
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "",
        "TRUSTED_PROXIES": "",
        "AWS_TEMPLATE_URL": "",
        "AWS_ORGANIZATION_TEMPLATE_URL": "",
        "AZURE_ORGANIZATION_TEMPLATE_URL": "",
        "GCP_ORGANIZATION_TEMPLATE_URL": "",
        "APPLY_SECRETS_DIR": "",
        "SECRET_KEY": "only-for-tests",
        "CREDENTIAL_ENCRYPTION_KEYS": "",
        "LOG_LEVEL": "WARNING",
    }
)
# An SDK in a test must never find a person's own credentials or endpoints.
for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_")) and name != "AWS_CA_BUNDLE"]:
    del os.environ[name]
os.environ |= {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}

# Whoever asks for one of these, itself or through others, reads or writes rows; `stack` is a whole product.
_ROWS = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "stack", "own_stack"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--databases-only", action="store_true", help="Leave out tests that touch no database.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--databases-only"):
        return
    other = [item for item in items if not _touches_rows(item)]
    config.hook.pytest_deselected(items=other)
    items[:] = [item for item in items if _touches_rows(item)]


def _touches_rows(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(_ROWS & set(getattr(item, "fixturenames", ())))
