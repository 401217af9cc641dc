"""`python -m sandbox.role`: plays the customer who makes the role that the wizard asks for."""

import argparse
import sys
from pathlib import Path

from sandbox import ids
from sandbox.control import Control, ControlError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.role", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="the running sandbox's data folder")
    parser.add_argument("--account", required=True, help="the customer's account id, such as 4444-5555-6666")
    parser.add_argument("--name", default="cloud-accounts-reader")
    parser.add_argument("--path", default="/")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--external-id", help="the external ID that the product shows")
    trust.add_argument("--without-external-id", action="store_true", help="a trust that anybody's account could misuse")
    options = parser.parse_args()
    if options.external_id == "":
        parser.error("--external-id is empty: copy the one that the product shows")
    try:
        account = ids.aws_account(options.account)
        external_id = None if options.without_external_id else ids.external_id(options.external_id)
        arn = Control.of(options.data_dir).put_role(account, options.name, options.path, external_id)
    except (ControlError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{arn}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
