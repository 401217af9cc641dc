"""Whose work a worker does next: owners in turn, so that nobody's queue is everybody's (docs/decisions/0015).

A message names a row, but only says that there is work. The worker looks at what waits, and takes the oldest row of the
owner who has the least under way and was served longest ago. Nobody has more than a part of a queue's threads.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Min, QuerySet
from django.utils import timezone

from cloudaccounts.models import WorkerHeartbeat
from cloudaccounts.work import messages
from cloudaccounts.work.silence import SILENT

GO_ON = 30.0  # seconds that one message keeps a thread at work; another message follows where more waits
_REMEMBERED = 10_000  # owners whose last turn is known
_EVER = datetime.min.replace(tzinfo=UTC)  # when a row was asked for that does not say
_EACH = 3  # messages of one owner that are sent again at a time: as many as one has threads for, of the usual twelve
_LOOKED_AT = 20  # rows for each message that is sent again


@dataclass(frozen=True, slots=True)
class WorkKind:
    """Rows of one kind that wait for a queue's workers. ``owner`` and ``requested_at`` are columns of them.

    ``part`` of the queue's threads is the most that one owner has, at least one. ``late`` is how many seconds a row may
    wait of whose owner nothing runs: longer, and the queue does not do its work.
    """

    name: str
    queue: str
    task: str
    waiting: Callable[[], QuerySet[Any]]
    running: Callable[[], QuerySet[Any]]
    run: Callable[[UUID], object]
    part: float
    late: float
    is_long: bool = False  # minutes and more: one row for each message


# In the memory of each process: turns are a matter of fairness, and who has how much under way is counted from rows.
class _Turns:
    """When this process served whom last."""

    def __init__(self) -> None:
        self._served: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def last(self, kind: str, owner: str) -> float:
        return self._served.get((kind, owner), 0.0)

    def note(self, kind: str, owner: str) -> None:
        with self._lock:
            # Taken out first: dictionaries keep the order of insertion, so the first key is always the owner who waits
            # longest.
            self._served.pop((kind, owner), None)
            self._served[kind, owner] = time.monotonic()
            while len(self._served) > _REMEMBERED:
                del self._served[next(iter(self._served))]


_turns = _Turns()


def serve(kind: WorkKind) -> int:
    """Does waiting rows, owner by owner, until there are none that may run now. Returns how many it tried."""
    until, tried = time.monotonic() + GO_ON, 0
    previous: UUID | None = None
    while (key := next_row(kind)) is not None:
        if key == previous:  # it stays in the queue whatever is done: the reconciler's
            break
        kind.run(key)
        previous, tried = key, tried + 1
        # Long work is one row for each message; what still waits is announced by another (docs/decisions/0015).
        if kind.is_long or time.monotonic() > until:
            if (following := next_row(kind)) is not None:
                messages.send(kind.task, str(following), queue=kind.queue)
            break
    return tried


def next_row(kind: WorkKind) -> UUID | None:
    """The row whose turn it is; None where nothing waits, or only for owners who have their part under way."""
    owners = list(kind.waiting().order_by().values("owner").annotate(first=Min("requested_at")))
    if not owners:
        return None
    # Counted over all processes, from rows: a limit in memory would hold for one worker only.
    held = Counter(kind.running().values_list("owner", flat=True))
    most = share(kind)
    # Sorted as tuples: the least under way, then the turn longest ago, then the oldest row; the owner's id breaks the
    # tie.
    able = [
        (held[row["owner"]], _turns.last(kind.name, row["owner"]), row["first"], row["owner"])
        for row in owners
        if held[row["owner"]] < most
    ]
    if not able:
        return None
    owner = min(able)[3]
    # Noted before the row is claimed: another worker may win it, and then this owner has been served all the same.
    _turns.note(kind.name, owner)
    key: UUID | None = kind.waiting().filter(owner=owner).order_by("requested_at").values_list("pk", flat=True).first()
    return key


def announce(waiting: QuerySet[Any], *, task: str, queue: str, most: int) -> int:
    """Sends messages of waiting rows again, as `to_announce` chooses them. Answers with how many the broker took."""
    now, sent = timezone.now(), 0
    for key in to_announce(waiting, most=most):
        # The time before the message, and whether the broker takes it or not: one that is down is tried again when the
        # caller's pause is over, and not at each call.
        waiting.model._default_manager.filter(pk=key).update(nudged_at=now)
        sent += messages.send(task, str(key), queue=queue)
    return sent


def to_announce(waiting: QuerySet[Any], *, most: int) -> list[UUID]:
    """Rows whose messages are sent again: the oldest of each owner, then up to `_EACH` of each, at most ``most``.

    A message says that there is work, and whoever takes it looks whose turn it is. So one for each row of a long queue
    would say nothing more, and another owner's would wait behind all of them. Three queries.
    """
    first = {
        row["owner"]: row["first"] for row in waiting.order_by().values("owner").annotate(first=Min("requested_at"))
    }
    owners = sorted(first, key=lambda owner: (first[owner] or _EVER, owner))[:most]
    if not owners:
        return []
    rows = waiting.filter(owner__in=owners)
    oldest: dict[str, UUID] = {}
    for owner, key, at in rows.filter(requested_at__in=list(first.values())).values_list("owner", "pk", "requested_at"):
        if at == first[owner]:
            oldest.setdefault(owner, key)
    chosen, held = [oldest[owner] for owner in owners if owner in oldest], Counter(oldest.keys())
    more = rows.exclude(pk__in=chosen).order_by("requested_at").values_list("owner", "pk")[: _LOOKED_AT * most]
    for owner, key in more:
        if len(chosen) >= most:
            break
        if held[owner] < _EACH:
            held[owner] += 1
            chosen.append(key)
    return chosen


def share(kind: WorkKind) -> int:
    """How many rows of one owner may run at the same time, of all that serve the queue now."""
    # At least one, or a small installation would never serve a queue whose part is a quarter of two threads.
    return max(1, int(capacity(kind.queue) * kind.part))


def capacity(queue: str) -> int:
    """The threads (or processes) of all workers that serve a queue, and were heard of in the last minute.

    A heartbeat that is late on a busy machine must not take everybody's share away: that would make it busier still.
    """
    alive = WorkerHeartbeat.objects.filter(seen_at__gt=timezone.now() - SILENT)
    return sum(row.threads for row in alive if queue in row.queues)


def unserved_since(kind: WorkKind) -> datetime | None:
    """Since when the first row waits of an owner of whom nothing runs; None where there is none.

    Rows of owners who have their part under way wait because of their owner, whatever their number.
    """
    held = set(kind.running().values_list("owner", flat=True))
    owners = kind.waiting().order_by().values("owner").annotate(first=Min("requested_at"))
    return min((row["first"] for row in owners if row["owner"] not in held), default=None)
