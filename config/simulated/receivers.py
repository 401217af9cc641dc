"""What the simulated receivers of channels offer and got, from the files of their process."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

RECEIVED_FILE = "received.json"
SHOWN = 100


def read_channels() -> list[dict[str, Any]]:
    """What to enter for a channel of each kind; empty while they do not run."""
    file: Path | None = settings.SANDBOX_DESCRIPTION
    described = _read(file) or {}
    channels: list[dict[str, Any]] = described.get("channels", [])
    return channels


def read_received() -> list[dict[str, Any]]:
    """The latest messages first, each with its `moment`."""
    file: Path | None = settings.SANDBOX_DESCRIPTION
    lines: list[dict[str, Any]] = _read(file.with_name(RECEIVED_FILE) if file else None) or []
    return [{**line, "moment": datetime.fromtimestamp(line["at"], UTC)} for line in reversed(lines[-SHOWN:])]


def _read(file: Path | None) -> Any:
    try:
        return json.loads(file.read_text()) if file else None
    except FileNotFoundError:
        return None
