"""Whose work is next: owners in turn, none with more than a part of a queue's threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.jobs import turns
from cloudaccounts.jobs.turns import WorkKind, next_row, serve, share, to_announce, unserved_since
from cloudaccounts.models import Job
from cloudaccounts.models.job import JobState
from cloudaccounts.operations.workers import record_worker_heartbeat
from cloudaccounts.work import messages

pytestmark = pytest.mark.django_db(databases=["cloud_security"])
NOW = timezone.now()


@pytest.fixture(autouse=True)
def nobody_was_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_turns", turns._Turns())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tasks: list[str] = []
    monkeypatch.setattr(messages, "send", lambda task, *ids, queue: tasks.append(task))
    return tasks


def wait(owner: str, *, seconds: int, state: str = JobState.QUEUED) -> UUID:
    return Job.objects.create(
        owner=owner, kind="x", title=f"{owner}{seconds}", state=state, requested_at=NOW + timedelta(seconds=seconds)
    ).pk


def kind_of(run: Callable[[UUID], object], *, part: float = 0.5, is_long: bool = False) -> WorkKind:
    return WorkKind(
        name="test", queue="fleet", task="test.run", part=part, late=60, is_long=is_long, run=run,
        waiting=lambda: Job.objects.filter(state=JobState.QUEUED),
        running=lambda: Job.objects.filter(state=JobState.RUNNING),
    )  # fmt: skip


def done(order: list[str]) -> Callable[[UUID], object]:
    def run(key: UUID) -> None:
        order.append(Job.objects.get(pk=key).title)
        Job.objects.filter(pk=key).update(state=JobState.FINISHED)

    return run


def test_one_who_comes_late_does_not_wait_for_all_of_one_who_came_early() -> None:
    for second in range(4):
        wait("mallory", seconds=second)
    wait("alice", seconds=10)
    wait("bob", seconds=20)
    order: list[str] = []
    assert serve(kind_of(done(order))) == 6
    assert order == ["mallory0", "alice10", "bob20", "mallory1", "mallory2", "mallory3"]


@pytest.mark.parametrize(
    ("threads", "part", "most"), [(0, 0.25, 1), (3, 0.25, 1), (12, 0.25, 3), (3, 2 / 3, 2), (1, 1.0, 1), (8, 0.5, 4)]
)
def test_the_most_of_one_owner_follows_from_the_threads_that_live(threads: int, part: float, most: int) -> None:
    if threads:
        record_worker_heartbeat("fleet@one", ["fleet"], threads=threads)
    record_worker_heartbeat("checks@one", ["checks"], threads=100)
    assert share(kind_of(lambda key: None, part=part)) == most


def test_who_has_a_part_under_way_waits_and_the_next_owner_does_not() -> None:
    record_worker_heartbeat("fleet@one", ["fleet"], threads=4)
    kind = kind_of(lambda key: None)
    wait("mallory", seconds=0)
    for second in (1, 2):
        wait("mallory", seconds=second, state=JobState.RUNNING)
    assert next_row(kind) is None
    alices = wait("alice", seconds=30)
    assert next_row(kind) == alices


def test_who_has_less_under_way_comes_first() -> None:
    record_worker_heartbeat("fleet@one", ["fleet"], threads=8)
    wait("mallory", seconds=0)
    wait("mallory", seconds=1, state=JobState.RUNNING)
    alices = wait("alice", seconds=30)
    assert next_row(kind_of(lambda key: None)) == alices


def test_long_work_is_one_row_a_message_and_the_next_message_is_sent(sent: list[str]) -> None:
    wait("mallory", seconds=0)
    wait("alice", seconds=1)
    order: list[str] = []
    kind = kind_of(done(order), is_long=True)
    assert (serve(kind), order, sent) == (1, ["mallory0"], ["test.run"])
    assert (serve(kind), order, sent) == (1, ["mallory0", "alice1"], ["test.run"])
    assert serve(kind) == 0


def test_a_row_that_stays_where_it_is_keeps_no_thread() -> None:
    wait("mallory", seconds=0)
    assert serve(kind_of(lambda key: None)) == 1


def test_only_what_its_owner_does_not_hold_up_counts_as_unserved() -> None:
    kind = kind_of(lambda key: None)
    assert unserved_since(kind) is None
    wait("mallory", seconds=-600)
    wait("mallory", seconds=-700, state=JobState.RUNNING)
    assert unserved_since(kind) is None
    wait("alice", seconds=-30)
    wait("alice", seconds=-20)
    since = unserved_since(kind)
    assert since is not None
    assert abs(since - (NOW - timedelta(seconds=30))) < timedelta(milliseconds=1)  # which MongoDB keeps moments to


def test_the_memory_of_turns_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_REMEMBERED", 3)
    memory = turns._Turns()
    for _ in range(10):
        memory.note("test", str(uuid4()))
    assert len(memory._served) == 3


def test_of_a_long_queue_a_few_messages_are_sent_again_and_nobody_is_left_out() -> None:
    mallory = [wait("mallory", seconds=second) for second in range(40)]
    alice, bob = wait("alice", seconds=100), [wait("bob", seconds=200 + second) for second in range(2)]
    rows = Job.objects.filter(state=JobState.QUEUED)
    assert set(to_announce(rows, most=50)) == {*mallory[: turns._EACH], alice, *bob}
    assert set(to_announce(rows, most=3)) == {mallory[0], alice, bob[0]}
    assert set(to_announce(rows, most=4)) == {mallory[0], alice, bob[0], mallory[1]}
    assert to_announce(rows.none(), most=4) == []


def test_rows_of_one_moment_are_all_sent_again(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    keys = {wait("alice", seconds=0) for _ in range(2)} | {wait("bob", seconds=0)}
    with django_assert_num_queries(3, using="cloud_security"):
        assert set(to_announce(Job.objects.filter(state=JobState.QUEUED), most=50)) == keys
