"""Retention of what API calls leave behind."""

from __future__ import annotations

from django.utils import timezone

from cloudaccounts.accounts.rate_limits import purge_rate_counters
from cloudaccounts.models import ChangeUnderWay
from cloudaccounts.tokens.idempotency import purge_idempotent_calls


def purge_api_records() -> int:
    """Deletes expired answers of repeatable calls, expired counts of failures, and what a kill left of changes."""
    ChangeUnderWay.objects.filter(lease_until__lt=timezone.now()).delete()
    return purge_idempotent_calls() + purge_rate_counters()
