"""`python -m sandbox.gcp.label`: plays the customer who labels the project with the external ID."""

import argparse
import sys
from pathlib import Path

from sandbox.control import Control, ControlError

LABEL = "cloud-accounts-external-id"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.gcp.label", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="the running sandbox's data folder")
    parser.add_argument("--project", required=True, help="the customer's project, such as meadowlark-data-prod")
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--external-id", help="the external ID that the product shows")
    wanted.add_argument("--remove", action="store_true", help="takes the label away")
    options = parser.parse_args()
    try:
        Control.of(options.data_dir).gcp.set_label(options.project, LABEL, options.external_id)
    except (ControlError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{options.project}: {LABEL}={options.external_id or '(removed)'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
