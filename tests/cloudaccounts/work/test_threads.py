"""Threads keep their database connections between pieces of work and leave none open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connections
from django.db.backends.signals import connection_created

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.jobs import handlers
from cloudaccounts.jobs.handlers import Outcome
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState
from cloudaccounts.work.threads import DatabaseThreads, release_connections
from teams.roles import Right
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.environment import MONGODB

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALL_DATABASES),
    pytest.mark.skipif(MONGODB, reason="One client serves all threads there."),
]
THREADS, ITEMS = 4, 60


class Opened:
    """The connections that other threads than the test's opened to the isolated database, by thread."""

    def __init__(self) -> None:
        self.by_thread: list[tuple[str, Any]] = []
        self._lock = threading.Lock()

    def note(self, connection: Any, **_: Any) -> None:
        thread = threading.current_thread()
        if connection.alias == "cloud_security" and thread is not threading.main_thread():
            with self._lock:
                self.by_thread.append((thread.name, connection))

    def of(self, name: str) -> list[Any]:
        return [connection for thread, connection in self.by_thread if thread.startswith(name)]


@pytest.fixture
def opened() -> Iterator[Opened]:
    opened = Opened()
    connection_created.connect(opened.note)
    yield opened
    connection_created.disconnect(opened.note)


def busy(sql: str = "SELECT 1") -> int:
    with connections["cloud_security"].cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def test_a_job_opens_a_connection_a_thread_and_leaves_none_open(alice: User, opened: Opened) -> None:
    meeting = threading.Barrier(THREADS, timeout=20)

    def handle(job: Job, item: JobItem) -> Outcome:
        if item.position < THREADS:
            meeting.wait()  # so that every thread has its part
        assert JobItem.objects.filter(pk=item.pk).exists()
        return Outcome()

    handlers.handles("counting", takes=Right.OPERATE, threads=THREADS)(handle)
    try:
        items = [(str(number), str(number)) for number in range(ITEMS)]
        job = start_job(
            scope=Scope(str(alice.pk)), actor=SYSTEM, kind="counting", title="Count", items=items, options={}
        )
        assert run_job(job.pk) == "finished"
    finally:
        del handlers._handlers["counting"]
    assert JobItem.objects.filter(job=job.pk, state=ItemState.DONE).count() == ITEMS
    assert len(opened.of("job")) == THREADS
    assert [connection.connection for _, connection in opened.by_thread] == [None] * len(opened.by_thread)


def test_threads_without_work_open_nothing(opened: Opened) -> None:
    with DatabaseThreads(THREADS, "few") as pool:
        assert pool.submit(busy).result() == 1
    assert len(opened.of("few")) == 1


def test_a_connection_that_broke_is_replaced_by_a_working_one(opened: Opened) -> None:
    if connections["cloud_security"].vendor == "sqlite":
        pytest.skip("There is no server that could end a connection.")

    def break_it() -> None:
        connection = connections["cloud_security"]
        connection.ensure_connection()
        connection.connection.close()  # the driver's own: as when the server ends it
        busy()

    with DatabaseThreads(1, "broken") as pool:
        with pytest.raises(DatabaseError):
            pool.submit(break_it).result()
        assert pool.submit(busy).result() == 1
        assert pool.submit(busy).result() == 1
    assert len(opened.of("broken")) == 2
    assert all(connection.connection is None for connection in opened.of("broken"))


def test_an_error_in_the_middle_leaves_none_open(opened: Opened) -> None:
    def fail() -> None:
        with DatabaseThreads(2, "failing") as pool:
            pool.submit(busy).result()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [connection.connection for connection in opened.of("failing")] == [None]


def test_threads_that_wait_for_something_else_share_few_connections() -> None:
    """More threads wait at the same time than the pool has connections: each gave its own back before."""
    shared = connections["cloud_security"]
    if shared.vendor != "postgresql":
        pytest.skip("Only connections to PostgreSQL are pooled.")
    waiting = threading.Barrier(8, timeout=20)
    options = {**shared.settings_dict["OPTIONS"], "pool": {"min_size": 0, "max_size": 2, "timeout": 15.0}}
    settings_dict = {**shared.settings_dict, "CONN_MAX_AGE": 0, "OPTIONS": options}

    def wait_for_a_cloud() -> int:
        own: Any = type(shared)(settings_dict, "cloud_security")
        connections["cloud_security"] = own  # this thread's
        before = busy()
        release_connections()
        waiting.wait()
        after = busy()
        own.close()
        return before + after

    try:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda _: wait_for_a_cloud(), range(8))) == [2] * 8
    finally:
        last: Any = type(shared)(settings_dict, "cloud_security")
        last.close_pool()
