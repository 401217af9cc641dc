"""The data folder: databases, keys, broker files and a note of which clouds they belong to.

The folder and its content are readable by their owner alone. It remembers its mode (``live`` or ``sandbox``) and
refuses the other one, so that simulated accounts never mix with real ones. Keys are made on the first start only: a key
that is missing later is reported (see `config.checks`), because a new one would leave the stored credentials
unreadable.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


class DataFolder:
    def __init__(self, path: Path, mode: str) -> None:
        self.path = path
        self.mode = mode
        self.mode_file = path / "mode"
        self.secret_key_file = path / "keys" / "secret.key"
        self.encryption_keys_file = path / "keys" / "encryption.keys"
        self.metrics = path / "metrics"  # a file a process, see cloudaccounts.metrics

    def prepare(self) -> None:
        """Creates what is missing; raises `ImproperlyConfigured` where the folder belongs to the other mode."""
        for folder in (self.path, self.path / "keys", self.path / "broker", self.metrics):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(folder)
        if not self.mode_file.exists() and not any(self.path.glob("*.sqlite3")):
            # Before the mode, which marks the folder as used: a kill in between repeats this step.
            write_once(self.encryption_keys_file, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        write_once(self.mode_file, self.mode)
        mode = self.mode_file.read_text().strip()
        if mode != self.mode:
            raise ImproperlyConfigured(
                f"The data folder {self.path} belongs to {mode} accounts and this start is for {self.mode} ones. "
                "Set DATA_DIR to another folder, or start in the other mode."
            )

    def secret_key(self) -> str:
        """The key of sessions and reset links. No stored data depends on it, so a lost one is simply made anew."""
        write_once(self.secret_key_file, secrets.token_urlsafe(64))
        return self.secret_key_file.read_text().strip()

    def encryption_keys(self) -> list[str]:
        """Newest first; empty where the file is gone (never made anew beside existing data)."""
        try:
            lines = self.encryption_keys_file.read_text().replace(",", "\n").splitlines()
        except FileNotFoundError:
            return []
        return [key for line in lines if (key := line.strip())]


def write_once(path: Path, text: str) -> bool:
    """Writes a private file unless it exists; True where this call wrote it.

    It is linked into place when complete: of several processes that start together one wins, and none reads a half
    file.
    """
    if path.exists():
        return False
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(text + "\n")
            # On the disk before it has its name: after a power cut an empty file would stay there, and no key be made
            # any more.
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _make_private(folder: Path) -> None:
    """Closes a folder that existed before to others.

    One that is not ours, or is shared (/tmp by mistake), stays as it is.
    """
    status = folder.stat()
    if status.st_uid == os.geteuid() and status.st_mode & 0o077 and not status.st_mode & stat.S_ISVTX:
        folder.chmod(0o700)


def private_file(path: Path) -> Path:
    """Creates a database file for its owner alone before SQLite does, and closes one that existed before to others."""
    # SQLite gives its journal and WAL the permissions of the database's file, so this closes those as well.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    return path
