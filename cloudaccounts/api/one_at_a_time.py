"""Changes of one record by API calls, one after the other: a call's If-Match is looked at and its change is made before
another call's is looked at.

By a row whose key only one call can have, like the claims of docs/decisions/0004: transactions there are none of on
MongoDB, and a condition on what was read is none that every database can ask of a column with JSON.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from cloudaccounts.api.auth import scope_of
from cloudaccounts.errors import ChangedMeanwhileError
from cloudaccounts.models import ChangeUnderWay
from cloudaccounts.work.databases import SECURITY

LEASE = timedelta(seconds=75)  # longer than gunicorn lets a call take: whoever died holds a record no longer
PATIENCE = 10.0  # seconds that a call waits for another's change
# Seconds between two looks, longer each time: a try writes, and on SQLite whoever writes waits for all others. Forty
# calls of one record must cost others nothing, of which a process lets one or two run at a time (config.running.lanes).
PAUSE, LONGEST_PAUSE = 0.02, 0.2
Answer = TypeVar("Answer")


def one_at_a_time(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Of calls of one address, and of one team, one is in the view at a time.

    Stands below ninja's decorator, so that it runs after authentication and wraps the view alone. Another one waits;
    after `PATIENCE` it is refused as `ChangedMeanwhileError` is.
    """

    @wraps(view)
    def answer(request: HttpRequest, **values: Any) -> Answer:
        with _alone(f"{scope_of(request).owner} {request.path}"):
            return view(request, **values)

    return answer


@contextmanager
def _alone(what: str) -> Iterator[None]:
    key, claim = hashlib.sha256(what.encode()).hexdigest(), uuid4()
    until, pause = time.monotonic() + PATIENCE, PAUSE
    while not _taken(key, claim):
        while True:
            if time.monotonic() > until:
                raise ChangedMeanwhileError
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            if not ChangeUnderWay.objects.filter(pk=key, lease_until__gte=timezone.now()).exists():
                break
    try:
        yield
    finally:
        # By the claim: a call that outlived its lease leaves the row to whoever has it by now.
        ChangeUnderWay.objects.filter(pk=key, claim=claim).delete()


def _taken(key: str, claim: Any) -> bool:
    now = timezone.now()
    try:
        with transaction.atomic(using=SECURITY):
            ChangeUnderWay.objects.create(key=key, claim=claim, lease_until=now + LEASE)
    except IntegrityError:
        free = ChangeUnderWay.objects.filter(pk=key, lease_until__lt=now)
        return bool(free.update(claim=claim, lease_until=now + LEASE))
    return True
