"""Credentials whose account was never written: left by a kill between the two, where there are no transactions."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.models import CloudAccount, CloudCredential

# The account follows its credential within a second, or is never written. A day leaves room for clocks that are off;
# a draft that is finished later encrypts again what it needs.
AGE = timedelta(hours=24)
BATCH = 1000


def delete_orphaned_credentials() -> int:
    """Destroys credentials that have had no account for a day. How many."""
    limit = timezone.now() - AGE
    candidates = CloudCredential.objects.filter(written_at__lt=limit).order_by("pk")
    deleted, last = 0, UUID(int=0)
    # By key after the last one: orphans that are deleted do not shift what comes next, as an offset would.
    while keys := list(candidates.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        last = keys[-1]
        # Two queries and no join: it works alike on MongoDB, whose joins are slow (docs/decisions/0001).
        with_account = set(CloudAccount.objects.filter(pk__in=keys).values_list("pk", flat=True))
        if orphans := [key for key in keys if key not in with_account]:
            # Asked again by date: one that was written again since it was read belongs to an account that follows.
            deleted += CloudCredential.objects.filter(pk__in=orphans, written_at__lt=limit).delete()[0]
    if deleted:
        record_event(
            actor=SYSTEM, owner="", action="credential.swept", number=deleted,
            text=f"{deleted:,} credentials without an account removed",
        )  # fmt: skip
    return deleted
