"""What `make lint` asks of the dependencies: nothing pinned has a known vulnerability (pip-audit).

The advisories come from the network. Where they cannot be had, that is said loudly and does not fail the rest, unless
``AUDIT_REQUIRED=1``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

COMMAND = (
    sys.executable, "-m", "pip_audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip",
    "--format", "json", "--progress-spinner", "off", "--timeout", "10",
)  # fmt: skip


def main() -> int:
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return _not_audited(done.stderr.strip().splitlines()[-1:] or ["pip-audit gave no answer"])
    audited = [item for item in found if "vulns" in item]
    if not audited:
        return _not_audited(["the advisory service knows none of the packages"])
    for item in audited:
        for vulnerability in item["vulns"]:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            sys.stdout.write(f"{item['name']} {item['version']}: {vulnerability['id']}, fixed by {fixed}\n")
    sys.stdout.write(f"pip-audit: {len(audited)} of {len(found)} pinned packages audited\n")
    return int(any(item["vulns"] for item in audited))


def _not_audited(why: list[str]) -> int:
    sys.stdout.write(f"!!! DEPENDENCIES WERE NOT AUDITED: {why[0]}\n")
    return int(os.environ.get("AUDIT_REQUIRED") == "1")


if __name__ == "__main__":
    sys.exit(main())
