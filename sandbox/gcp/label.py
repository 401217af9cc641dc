"""`python -m sandbox.gcp.label`: plays the customer who labels the project with the external ID."""

import argparse
import sys
from pathlib import Path

from sandbox import ids
from sandbox.control import Control, ControlError

LABEL = "cloud-accounts-external-id"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.gcp.label", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="the running sandbox's data folder")
    parser.add_argument("--project", required=True, help="the customer's project, such as meadowlark-data-prod")
    change = parser.add_mutually_exclusive_group(required=True)
    change.add_argument("--external-id", help="the external ID that the product shows")
    change.add_argument("--remove", action="store_true", help="takes the label away")
    options = parser.parse_args()
    try:
        project = ids.gcp_project(options.project)
        external_id = None if options.remove else ids.external_id(options.external_id)
        Control.of(options.data_dir).gcp.set_label(project, LABEL, external_id)
    except (ControlError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{project}: {LABEL}={external_id or '(removed)'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
