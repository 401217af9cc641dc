"""Private folders of engine runs: mode 0700, gone with the run, and after a kill -9 at the next start.

Each holds a locked file while its worker lives. The kernel lets go of the lock however that ends, so a folder whose
lock can be taken is one that nobody uses; no process id is compared, which another process may have by now.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

_LOCK = "lock"
_PREFIX = "run-"


def base() -> Path:
    return Path(settings.DATA_DIR) / "engine-runs"


@contextmanager
def private_folder() -> Iterator[Path]:
    """An empty folder that is this run's alone, deleted when the block is left."""
    base().mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base()))
    try:
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned() -> int:
    """Deletes the folders of runs whose worker is dead; answers with their number."""
    removed = 0
    for folder in base().glob(f"{_PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += not folder.exists()
    return removed


def write_private(path: Path, text: str) -> None:
    """Mode 0600 from the beginning: a file that is narrowed afterwards can be opened before."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _is_abandoned(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        # Made a moment ago, or half deleted. `mkdtemp` and the lock are two steps, so only an old one is deleted.
        try:
            return _age(folder) > 60
        except FileNotFoundError:
            return False
    return True


def _age(folder: Path) -> float:
    return time.time() - folder.stat().st_mtime
