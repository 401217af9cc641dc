"""Whether a worker lives: heard of in time, late on a busy machine, or dead."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from cloudaccounts.jobs.turns import capacity
from cloudaccounts.models import Job, WorkerHeartbeat
from cloudaccounts.models.job import JobState
from cloudaccounts.operations.workers import record_worker_heartbeat, worker_state
from cloudaccounts.work.leases import LEASE
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def silent_for(seconds: float) -> None:
    record_worker_heartbeat("fleet@test", ["fleet"], 6)
    WorkerHeartbeat.objects.update(seen_at=timezone.now() - timedelta(seconds=seconds))


def job(*, waits: float, claimed: bool = False, renewed: float | None = None) -> Job:
    now = timezone.now()
    return Job.objects.create(
        owner="alice", kind="x", title="x", requested_at=now - timedelta(seconds=waits),
        state=JobState.RUNNING if claimed else JobState.QUEUED, claim=uuid4() if claimed else None,
        lease_until=None if renewed is None else now - timedelta(seconds=renewed) + LEASE,
    )  # fmt: skip


def test_one_that_nobody_has_seen_is_not_running() -> None:
    state = worker_state("fleet", job(waits=0))
    assert (state.alive, state.heard, state.seen_at) == (False, False, None)


def test_one_that_wrote_its_heartbeat_in_time_lives_however_long_work_waits() -> None:
    silent_for(15)
    state = worker_state("fleet", job(waits=600))
    assert (state.alive, state.heard) == (True, True)


def test_one_that_is_late_on_a_busy_machine_is_not_called_dead() -> None:
    silent_for(22)
    state = worker_state("fleet", job(waits=5))
    assert (state.alive, state.heard) == (True, False)
    assert worker_state("fleet").alive


def test_one_that_is_late_and_takes_nothing_is_not_running() -> None:
    silent_for(22)
    assert not worker_state("fleet", job(waits=21)).alive


def test_one_that_is_late_lives_while_it_renews_a_lease() -> None:
    silent_for(40)
    assert worker_state("fleet", job(waits=300, claimed=True)).alive
    waiting = job(waits=300)
    assert not worker_state("fleet", waiting).alive
    job(waits=900, claimed=True, renewed=25)
    assert not worker_state("fleet", waiting).alive
    job(waits=900, claimed=True, renewed=5)
    assert worker_state("fleet", waiting).alive


def test_a_minute_of_silence_is_death() -> None:
    silent_for(61)
    assert not worker_state("fleet", job(waits=1)).alive
    assert not worker_state("fleet").alive


def test_one_that_is_late_keeps_its_threads_in_everybodys_share() -> None:
    silent_for(40)
    assert capacity("fleet") == 6
    silent_for(61)
    assert capacity("fleet") == 0


def test_a_heartbeat_is_one_statement(django_assert_num_queries: object) -> None:
    record_worker_heartbeat("fleet@test", ["fleet"])
    with django_assert_num_queries(1, using="cloud_security"):  # type: ignore[operator]
        record_worker_heartbeat("fleet@test", ["fleet"], 6)
    row = WorkerHeartbeat.objects.get()
    assert (row.threads, timezone.now() - row.seen_at < timedelta(seconds=5)) == (6, True)
