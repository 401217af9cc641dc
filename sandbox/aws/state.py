"""What the simulated AWS keeps over a restart: the seed of all ids and keys, and what was changed since."""

import base64
import hashlib
import hmac
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.files import read_json, write_json

STATE_FILE = "aws-state.json"


class State:
    """Kept in the data folder, readable by its owner alone.

    Keys are derived from the seed, so that the file only has to remember what people changed: accounts, roles and users
    made through the control API, and the access keys of users whose keys were changed through the IAM API.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / STATE_FILE
        self._lock = threading.Lock()
        saved: dict[str, Any] = read_json(self._path) or {}
        self.seed: str = saved.get("seed") or secrets.token_hex(32)
        self.born = datetime.fromisoformat(saved["born"]) if "born" in saved else datetime.now(UTC)
        self.accounts: dict[str, dict[str, Any]] = saved.get("accounts", {})
        self.roles: dict[str, dict[str, Any]] = saved.get("roles", {})
        self.users: dict[str, dict[str, Any]] = saved.get("users", {})
        self.keys: dict[str, list[dict[str, str]]] = saved.get("keys", {})
        self.organization: list[list[Any]] = saved.get("organization", [])
        self.seeded: int = saved.get("seeded", 0)
        self.fleet: dict[str, Any] = saved.get("fleet", {})
        self.save()

    def save(self) -> None:
        with self._lock:
            write_json(
                self._path,
                {
                    "seed": self.seed,
                    "born": self.born.isoformat(),
                    "accounts": self.accounts,
                    "roles": self.roles,
                    "users": self.users,
                    "keys": self.keys,
                    "organization": self.organization,
                    "seeded": self.seeded,
                    "fleet": self.fleet,
                },
            )

    def access_key(self, account_id: str, user: str, number: int, prefix: str = "AKIA") -> tuple[str, str]:
        """Key id and secret of a user's n-th key: the same ones after each restart, others in each data folder."""
        # Ten bytes are the sixteen characters behind AKIA, thirty those of a secret: AWS's own lengths.
        digest = hmac.new(self.seed.encode(), f"{account_id}/{user}/{number}".encode(), hashlib.sha512).digest()
        key_id = prefix + base64.b32encode(digest[:10]).decode()
        return key_id, base64.b64encode(digest[10:40]).decode()
