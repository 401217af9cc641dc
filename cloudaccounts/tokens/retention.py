"""Retention of what API calls leave behind."""

from __future__ import annotations

from cloudaccounts.accounts.rate_limits import purge_rate_counters
from cloudaccounts.tokens.idempotency import purge_idempotent_calls


def purge_api_records() -> int:
    """Deletes expired answers of repeatable calls, and expired counts of failures."""
    return purge_idempotent_calls() + purge_rate_counters()
