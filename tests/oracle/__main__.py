"""``make oracle``: prints where this product and Prowler agree, differ, and where only one of them has an opinion.

Both opinions are kept in var/oracle/; ``--recorded`` compares those again and runs nothing. Exits 1 where a difference
is not explained in known.yaml.
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
OURS, LOG = "ours.json", "prowler.log"


def main() -> int:
    parser = ArgumentParser(prog="make oracle")
    parser.add_argument("--recorded", action="store_true", help="the opinions of the run before, compared again")
    parser.add_argument("--environment", type=Path, default=FOLDER / "venv", help="Prowler's virtual environment")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        os.environ.setdefault("DATA_DIR", f"{folder}/data")
        import django

        django.setup()
        from tests.oracle import prowler
        from tests.oracle.report import write
        from tests.oracle.verdicts import compare, known_differences, load, pairs

        if not options.recorded:
            _ask_both(Path(folder), options.environment)
        theirs = prowler.read(FOLDER / prowler.FILE)
        log = (FOLDER / LOG).read_text(errors="replace")
        return write(compare(load(FOLDER / OURS), theirs, pairs()), known_differences(), log)


def _ask_both(folder: Path, environment: Path) -> None:
    """About one simulated account: each start of the sandbox gives resources other ids."""
    from sandbox.rig import Rig
    from tests.oracle import ours, prowler
    from tests.oracle.verdicts import save

    FOLDER.mkdir(parents=True, exist_ok=True)
    command = prowler.install(environment.resolve())
    with Rig(folder / "sandbox") as rig:
        own, gaps = ours.evaluate(rig, SCENARIO, REGIONS)
        if gaps:
            raise SystemExit(f"Not read by this product: {', '.join(gaps)}")
        save(own, FOLDER / OURS)
        log = prowler.run(command, rig, SCENARIO, REGIONS, FOLDER.resolve())
    (FOLDER / LOG).write_text(log)


if __name__ == "__main__":
    sys.exit(main())
