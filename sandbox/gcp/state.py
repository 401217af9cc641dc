"""What the simulated Google Cloud keeps over a restart: keys, and what was changed since."""

import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.files import read_json, write_json

STATE_FILE = "gcp-state.json"


def _pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


class State:
    """Kept in the data folder, readable by its owner alone.

    Making an RSA key takes a quarter of a second, so all service account keys of one sandbox share one; they differ by
    their ids, and the emulator accepts a key only for the account that it was made for.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / STATE_FILE
        self._lock = threading.Lock()
        saved: dict[str, Any] = read_json(self._path) or {}
        self.born = datetime.fromisoformat(saved["born"]) if "born" in saved else datetime.now(UTC)
        self.seed: str = saved.get("seed") or secrets.token_hex(32)
        self.key_pem: str = saved.get("key_pem") or _pem(rsa.generate_private_key(65537, 2048))
        self.issuer_pem: str = saved.get("issuer_pem") or _pem(ec.generate_private_key(ec.SECP256R1()))
        self.changes: list[dict[str, Any]] = saved.get("changes", [])
        self.save()

    def save(self) -> None:
        columns = ("seed", "key_pem", "issuer_pem", "changes")
        with self._lock:
            write_json(self._path, {"born": self.born.isoformat(), **{name: getattr(self, name) for name in columns}})
