"""Files that their owner alone can read, written whole or not at all."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

# How to reach a running sandbox; exists while one runs on the folder.
DESCRIPTION_FILE = "sandbox.json"


def private_folder(path: Path) -> Path:
    """Creates the folder where it is missing, for its owner alone."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path.resolve()


def write_private(path: Path, content: bytes) -> None:
    """Replaces the file in one step, mode 0600: a reader sees the old content or the new, never half of it."""
    # Created with its mode, not changed to it afterwards: in between, others could open it.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    # Beside the file, so that both are on one file system and the change of names is one step.
    draft.replace(path)


def read_private(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write_json(path: Path, value: Any) -> None:
    write_private(path, json.dumps(value, indent=2, sort_keys=True).encode())


def read_json(path: Path) -> Any:
    """The parsed content, or None where there is no such file."""
    content = read_private(path)
    return None if content is None else json.loads(content)
