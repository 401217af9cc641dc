"""What `make lint` asks of Django: no missing migration, and `check --deploy` clean with production settings."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

COMMANDS = (
    ["makemigrations", "--check", "--dry-run"],
    ["check", "--deploy", "--fail-level", "WARNING", "--database", "cloud_security"],
)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": folder,
            "BASE_URL": "https://accounts.example.com",
            "EMAIL_URL": "smtp+tls://mail.example.com:587",
            "PYTHONWARNINGS": "error",
        }
        return max(
            subprocess.run([sys.executable, "manage.py", *command], env=env, check=False).returncode
            for command in COMMANDS
        )


if __name__ == "__main__":
    sys.exit(main())
