#!/usr/bin/env python
"""Django's command line. ``up --sandbox`` chooses the mode before the settings are read."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["up"] and "--sandbox" in sys.argv:
        os.environ["CLOUD_ACCOUNTS_SANDBOX"] = "1"
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here: run `make demo` or `make run`, or activate the virtual environment.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
