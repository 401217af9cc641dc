"""`python -m sandbox.azure.tag`: plays the customer who puts the owner's mark on a subscription."""

import argparse
import sys
from pathlib import Path

from sandbox import ids
from sandbox.control import Control, ControlError

NAME = "cloud-accounts-external-id"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.azure.tag", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="the running sandbox's data folder")
    parser.add_argument("--subscription", required=True, help="the subscription's id")
    parser.add_argument("--external-id", required=True, help="the external ID that the product shows")
    options = parser.parse_args()
    try:
        subscription, external_id = ids.azure_subscription(options.subscription), ids.external_id(options.external_id)
        Control.of(options.data_dir).put_tag(subscription, NAME, external_id)
    except (ControlError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{NAME}={external_id}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
