"""How many calls of one team wait for a cloud at the same time, counted in the database over all processes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.errors import TeamLimitError
from cloudaccounts.models import CallInFlight
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.threads import release_connections

LONGEST = timedelta(seconds=75)  # longer than gunicorn lets a call take; afterwards its process was killed
PATIENCE = 3.0  # seconds that a call waits for another to end: a burst passes, and then it is 429
LOOK_EVERY = 0.1  # seconds
RETRY_AFTER = 5  # seconds


@contextmanager
def call_in_flight(owner: str) -> Iterator[None]:
    """Around a call that waits for a cloud. Raises `TeamLimitError` where the team has as many as it may."""
    claim, until = uuid4(), time.monotonic() + PATIENCE
    while (slot := _take(owner, claim)) is None:
        if time.monotonic() > until:
            most = settings.TEAM_CALLS_IN_FLIGHT
            raise TeamLimitError(f"{most} calls of yours are waiting for a cloud at the same time.", RETRY_AFTER)
        # A thread of the lane for slow calls waits here, of which a team has few; pages have threads of their own
        # (docs/decisions/0015).
        release_connections()
        time.sleep(LOOK_EVERY)
    try:
        yield
    finally:
        # By the claim: a slot whose time was over may be another call's by now.
        CallInFlight.objects.filter(pk=slot, claim=claim).update(claim=None, until=timezone.now())


def _take(owner: str, claim: UUID) -> UUID | None:
    """One of the team's slots: a free one by a conditional UPDATE, or one more, which the unique key gives to one."""
    now = timezone.now()
    # In the order of numbers, and at most as many as are allowed now: with a smaller setting the later slots are
    # simply not used.
    slots = list(CallInFlight.objects.filter(owner=owner).order_by("number")[: settings.TEAM_CALLS_IN_FLIGHT])
    for slot in slots:
        # A process that was killed gives nothing back; its slot is free when gunicorn would have ended the call.
        if slot.claim is None or slot.until <= now:
            free = CallInFlight.objects.filter(pk=slot.pk, claim=slot.claim)
            if free.update(claim=claim, until=now + LONGEST):
                return slot.pk
    if len(slots) >= settings.TEAM_CALLS_IN_FLIGHT:
        return None
    number = len(slots)
    try:
        # A transaction of its own: on PostgreSQL a refused INSERT would spoil the one around it.
        with transaction.atomic(using=SECURITY):
            return CallInFlight.objects.create(
                key=f"{owner}:{number}", owner=owner, number=number, claim=claim, until=now + LONGEST
            ).pk
    except IntegrityError:  # a parallel call took that number
        return None
