"""Each check with an asset that passes, one that fails, and one that it does not apply to.

None there: every asset of its type is judged.
"""

from __future__ import annotations

from tests.cloudaccounts.providers.aws.checks.cases import accounts, computing, stores
from tests.cloudaccounts.providers.aws.checks.cases.accounts import Case

CASES: dict[str, Case] = {**accounts.CASES, **computing.CASES, **stores.CASES}
