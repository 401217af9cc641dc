from __future__ import annotations

from cloudaccounts.accounts.rate_limits import purge_rate_counters
from cloudaccounts.tokens.idempotency import purge_idempotent_calls


def purge_api_records() -> int:
    """Forgets answers kept for repeated calls, and counts of failures, whose time is over."""
    return purge_idempotent_calls() + purge_rate_counters()
