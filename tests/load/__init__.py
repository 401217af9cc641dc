"""Load on the product with real servers below it; `python -m tests.load`."""

import os

os.environ["CLOUD_ACCOUNTS_SANDBOX"] = "1"  # before anything imports the simulated clouds
