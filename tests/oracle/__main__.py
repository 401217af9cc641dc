"""``make oracle``: prints where this product and Prowler agree, differ, and where only one of them has an opinion.

``--cloud azure`` asks about a subscription in place of the AWS account. Google Cloud has no simulation that Prowler
could ask: test_situations.py. Both opinions are kept in var/oracle/; ``--recorded`` compares those again and runs
nothing. Exits 1 where a difference is not explained in known.yaml.
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
REGIONS = {"aws": ("us-east-1", "eu-west-1"), "azure": ("westeurope", "northeurope")}
FOLDER = Path("var/oracle")
OURS, LOG = "ours.json", "prowler.log"


def main() -> int:
    parser = ArgumentParser(prog="make oracle")
    parser.add_argument("--recorded", action="store_true", help="the opinions of the run before, compared again")
    parser.add_argument("--environment", type=Path, default=FOLDER / "venv", help="Prowler's virtual environment")
    parser.add_argument("--cloud", choices=sorted(REGIONS), default="aws")
    parser.add_argument(
        "--account", default="", help="of Azure: another subscription of the simulated company, by name"
    )
    options = parser.parse_args()
    kept = FOLDER if options.cloud == "aws" else FOLDER / options.cloud
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        os.environ.setdefault("DATA_DIR", f"{folder}/data")
        import django

        django.setup()
        from tests.oracle import prowler
        from tests.oracle.report import write
        from tests.oracle.verdicts import compare, known_differences, load, pairs

        if not options.recorded:
            _ask_both(Path(folder), options.environment, options.cloud, options.account, kept)
        theirs = prowler.read(kept / prowler.FILE)
        log = (kept / LOG).read_text(errors="replace")
        return write(compare(load(kept / OURS), theirs, pairs(options.cloud)), known_differences(), log)


def _ask_both(folder: Path, environment: Path, cloud: str, name: str, kept: Path) -> None:
    """About one simulated account: each start of the sandbox gives resources other ids."""
    from tests.oracle import ours, prowler
    from tests.oracle.any_version import AnyVersion
    from tests.oracle.verdicts import save

    kept.mkdir(parents=True, exist_ok=True)
    command = prowler.install(environment.resolve())
    with AnyVersion(folder / "sandbox") as rig:
        account = rig.scenario(SCENARIO, cloud)
        if name:
            place = next(one["id"] for one in rig.control.subscriptions() if one["name"] == name)
            account = {**account, "account_id": place, "fields": rig.control.put_app(place, "oracle")}
        own, gaps = ours.evaluate(rig, account, REGIONS[cloud], cloud)
        if gaps:
            raise SystemExit(f"Not read by this product: {', '.join(gaps)}")
        save(own, kept / OURS)
        log = prowler.run(command, rig, account, REGIONS[cloud], cloud, kept.resolve())
    (kept / LOG).write_text(log)


if __name__ == "__main__":
    sys.exit(main())
