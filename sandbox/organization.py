"""`python -m sandbox.organization`: plays the administrator who lets the product into all members at AWS."""

import argparse
import sys
from pathlib import Path

from sandbox import ids
from sandbox.control import Control, ControlError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.organization", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="the running sandbox's data folder")
    parser.add_argument("--external-id", required=True, help="the external ID that the product shows")
    parser.add_argument("--broken", action="store_true", help="leave three members with something to fix")
    options = parser.parse_args()
    if not options.external_id:
        parser.error("--external-id is empty: copy the one that the product shows")
    try:
        external_id = ids.external_id(options.external_id)
        opened = Control.of(options.data_dir).open_members(external_id, broken=options.broken)
    except (ControlError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(opened)} members\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
