from __future__ import annotations

from cloudaccounts.services.idempotency import purge_idempotent_calls
from cloudaccounts.services.rates import purge_rate_counters


def purge_api_records() -> int:
    """Forgets answers kept for repeated calls, and counts of failures, whose time is over."""
    return purge_idempotent_calls() + purge_rate_counters()
