"""Simulated clouds on loopback, for the demo, the tests and the benchmarks. Never for production.

The processes of the product reach them through the ordinary proxy and CA variables (see README.md here), so no product
code knows about them. Importing this package needs a variable that no production process sets.
"""

import os

ENABLED_BY = "CLOUD_ACCOUNTS_SANDBOX"

if os.environ.get(ENABLED_BY) != "1":
    raise ImportError(
        f"sandbox simulates clouds for the demo and the tests: set {ENABLED_BY}=1 to import it. "
        "A production process must never do so."
    )
