"""Programs that stand in for a second engine."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path


def program(folder: Path, body: str, name: str = "prowler") -> Path:
    """An executable with this Python body."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(body)}")
    path.chmod(0o755)
    return path
