"""What tests take, as the last run with ``--record-durations`` wrote it to tests/durations.json."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")


@dataclass(slots=True)
class Durations:
    # Seconds of the processor by test, ended child processes included: a busy machine writes much the same.
    slow: dict[str, float] = field(default_factory=dict)
    # Seconds by the clock of each file, waits included: what to begin first, see tests/scheduling.py.
    files: dict[str, float] = field(default_factory=dict)
    # Files of which each test needs a cloud, browser or service, or is slow; with a mark of what they held.
    not_quick: dict[str, str] = field(default_factory=dict)


@cache
def read() -> Durations:
    return Durations(**json.loads(FILE.read_text())) if FILE.exists() else Durations()


def mark_of(file: Path) -> str:
    """Another one for each content."""
    return f"{zlib.crc32(file.read_bytes()):08x}"


def write(durations: Durations) -> None:
    content = {
        "files": {file: round(took, 1) for file, took in sorted(durations.files.items()) if took >= 0.5},
        "slow": dict(sorted(durations.slow.items())),
        "not_quick": dict(sorted(durations.not_quick.items())),
    }
    FILE.write_text(json.dumps(content, indent=0, ensure_ascii=False) + "\n")
