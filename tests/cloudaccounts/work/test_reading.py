from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connections

from cloudaccounts.models import AccountGroup
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.reading import row_batches
from tests.conftest import ALL_DATABASES

MANY = 300


def groups(owner: str, count: int = MANY) -> None:
    AccountGroup.objects.bulk_create(
        AccountGroup(owner=owner, name=f"group {number:04d}", size=number) for number in range(count)
    )


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_rows_come_in_their_order_each_once() -> None:
    groups("alice")
    groups("bob", 3)
    rows = AccountGroup.objects.filter(owner="alice").order_by("-name")
    batches = list(row_batches(rows, 7))
    assert [len(batch) for batch in batches] == [7] * (MANY // 7) + [MANY % 7]
    assert [row.size for batch in batches for row in batch] == list(reversed(range(MANY)))


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_a_limit_holds_and_columns_stay_deferred() -> None:
    groups("alice", 10)
    rows = AccountGroup.objects.filter(owner="alice").order_by("name").only("name")[2:7]
    batches = list(row_batches(rows, 3))
    assert [row.name[-1] for batch in batches for row in batch] == ["2", "3", "4", "5", "6"]
    assert all("size" in row.get_deferred_fields() for batch in batches for row in batch)


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_what_was_deleted_or_changed_meanwhile_is_left_out() -> None:
    groups("alice", 6)
    met = []
    for batch in row_batches(AccountGroup.objects.filter(owner="alice").order_by("name"), 2):
        met += [row.size for row in batch]
        AccountGroup.objects.filter(size=2).delete()
        AccountGroup.objects.filter(size=3).update(owner="bob")
    assert met == [0, 1, 4, 5]


@pytest.fixture
def another_writer(transactional_db: None) -> Iterator[sqlite3.Connection]:
    if connections[SECURITY].vendor != "sqlite":
        pytest.skip("Only SQLite locks a whole database.")
    name = connections[SECURITY].settings_dict["NAME"]
    if not Path(str(name)).exists():
        pytest.skip("The database is in memory.")
    with closing(sqlite3.connect(name, timeout=5, isolation_level=None)) as connection:
        yield connection


def write_beside(batches: Iterator[list[AccountGroup]], other: sqlite3.Connection) -> list[UUID]:
    """Another connection writes between reading and writing, as another process would."""
    written = []
    for batch in batches:
        other.execute("UPDATE account_groups SET description = ? WHERE size = 1", [uuid4().hex])
        for row in batch:
            AccountGroup.objects.filter(pk=row.pk).update(description="seen")
            written.append(row.pk)
    return written


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
def test_nothing_is_locked_between_two_batches(another_writer: sqlite3.Connection) -> None:
    groups("alice")
    rows = AccountGroup.objects.order_by("name")
    assert len(write_beside(row_batches(rows, 20), another_writer)) == MANY


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
def test_an_open_cursor_locks_its_own_writes_out(another_writer: sqlite3.Connection) -> None:
    """The reason for `row_batches`: should this pass some day, it is needed no more."""
    groups("alice")
    # A generator, as the stubs do not say; so it can be closed.
    opened = cast("Generator[AccountGroup]", AccountGroup.objects.order_by("name").iterator(chunk_size=20))
    with closing(opened), pytest.raises(OperationalError, match="database is locked"):
        write_beside(([row] for row in opened), another_writer)
