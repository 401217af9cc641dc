"""Prowler, as an operator installed it in an environment of its own: its command line, and where its results lie.

Options are those of `prowler aws --help` of 5.46.0. No option names a secret: those are in the environment.
"""

from __future__ import annotations

import os
from pathlib import Path

from cloudaccounts.contract.engines import EngineAccess

RESULTS = "out.ocsf.json"


def command_line(executable: str, access: EngineAccess, folder: Path) -> list[str]:
    """Results as OCSF into the folder. Exit code 0 whatever it finds (``-z``)."""
    return [
        executable, *access.arguments, "-M", "json-ocsf", "-o", str(folder), "-F", RESULTS.removesuffix(".ocsf.json"),
        "-b", "-z", "--no-color", "--log-level", "CRITICAL",
    ]  # fmt: skip


def problem(executable: str) -> str:
    """Why it cannot be run, in a sentence; empty where it can. Starts nothing: that takes it seconds."""
    path = Path(executable)
    if not path.is_absolute():
        return "PROWLER_COMMAND must be an absolute path."
    if not path.is_file():
        return f"PROWLER_COMMAND names {executable}, and there is no such file."
    if not os.access(path, os.X_OK):
        return f"PROWLER_COMMAND names {executable}, which may not be executed."
    return ""
