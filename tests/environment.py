"""A pytest plugin, loaded before Django's settings: each test process gets a data folder and environment of its own.

``TEST_DATABASE_URL`` puts all three databases on that server; without it they are SQLite files.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="cloud-accounts-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

_server = os.environ.get("TEST_DATABASE_URL", "")
os.environ.update(
    {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(FOLDER / "data"),
        "CLOUD_ACCOUNTS_SANDBOX": "1",
        "CLOUD_ACCOUNTS_PLAIN_HTTP": "1",
        "DEBUG": "0",
        "DATABASE_URL": _server,
        "CLOUD_SECURITY_DATABASE_URL": _server,
        "CLOUD_ASSET_DISCOVERY_DATABASE_URL": _server,
        "CELERY_BROKER_URL": "filesystem://",
        "EMAIL_URL": "memorymail://",
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "",
        "TRUSTED_PROXIES": "",
        "AWS_TEMPLATE_URL": "",
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
