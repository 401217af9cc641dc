"""``make oracle``: prints where this product and Prowler agree, differ, and where only one of them has an opinion.

Exits 1 where a difference is not explained in known.yaml. ``--recorded FILE`` reads Prowler's findings from an earlier
run (json-ocsf) in place of running it; the simulated account is seeded the same way each time.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

# Before anything of ours is imported: both read them then.
os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SCENARIO = "Everything granted"
REGIONS = ("us-east-1", "eu-west-1")
FOLDER = Path("var/oracle")


def main() -> int:
    parser = ArgumentParser(prog="make oracle")
    parser.add_argument("--recorded", type=Path, help="Prowler's findings of an earlier run (json-ocsf)")
    parser.add_argument("--environment", type=Path, default=FOLDER / "venv", help="Prowler's virtual environment")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        os.environ.setdefault("DATA_DIR", f"{folder}/data")
        import django

        django.setup()
        from sandbox.rig import Rig
        from tests.oracle import ours, prowler
        from tests.oracle.report import write
        from tests.oracle.verdicts import compare, known_differences, pairs

        with Rig(Path(folder) / "sandbox") as rig:
            own, gaps = ours.evaluate(rig, SCENARIO, REGIONS)
            log = ""
            if options.recorded is None:
                command = prowler.install(options.environment.resolve())
                recorded, log = prowler.run(command, rig, SCENARIO, REGIONS, FOLDER.resolve())
            else:
                recorded = options.recorded
        return write(compare(own, prowler.read(recorded), pairs()), known_differences(), gaps, log)


if __name__ == "__main__":
    sys.exit(main())
