"""Reading many rows in batches of a bounded size, so that memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Manager, QuerySet

BATCH_SIZE = 500  # rows


def batched(items: Iterable[Any], size: int = BATCH_SIZE) -> Iterator[list[Any]]:
    """Lists of ``size`` items, the last one shorter. `itertools.batched` of Python 3.12."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def key_batches(rows: QuerySet[Any] | Manager[Any], column: str = "pk", size: int = BATCH_SIZE) -> Iterator[list[UUID]]:
    """The values of a unique UUID column in ascending order, ``size`` at a time.

    Each batch begins behind the last key of the one before it, not at an offset: rows may be added and deleted
    meanwhile, the caller may delete what it was given, and no row is met twice.
    """
    # Below every key: uuid4 sets its version's bits, so none is 0.
    last_key = UUID(int=0)
    while keys := list(
        rows.filter(**{f"{column}__gt": last_key}).order_by(column).values_list(column, flat=True)[:size]
    ):
        yield keys
        last_key = keys[-1]
