from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import F
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs import handlers
from cloudaccounts.jobs import runner as job_runner
from cloudaccounts.jobs.handlers import Outcome
from cloudaccounts.jobs.requests import cancel_job, retry_failed, start_job
from cloudaccounts.jobs.runner import requeue_jobs, run_job
from cloudaccounts.models import AuditEvent, Job, JobItem
from cloudaccounts.models.job import ItemState, JobState
from teams.roles import Right
from teams.scope import Scope
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)


class Work:
    """What the test's handler did, and what it is to do."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.lock = threading.Lock()
        self.failing: set[str] = set()
        self.broken: set[str] = set()
        self.locked_out: dict[str, int] = {}  # how often the database is away for an item
        self.at: dict[str, threading.Event] = {}

    def do(self, job: Job, item: JobItem) -> Outcome:
        with self.lock:
            self.seen.append(item.subject)
        if self.locked_out.get(item.subject, 0) > 0:
            self.locked_out[item.subject] -= 1
            raise OperationalError("database is locked")
        if item.subject in self.broken:
            raise RuntimeError("a defect")
        if item.subject in self.failing:
            raise ProviderError("wrong_key", "The key is wrong.", "Give another.")
        if item.subject.startswith("skip"):
            return Outcome.skipped("Nothing to do.")
        return Outcome()


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    handlers.handles("test", takes=Right.OPERATE, threads=3)(work.do)
    yield work
    del handlers._handlers["test"]


def start(owner: User, *subjects: str) -> Job:
    actor = Actor(str(owner.pk), owner.username, "page")
    return start_job(
        scope=Scope(str(owner.pk)),
        actor=actor,
        kind="test",
        title="Test",
        items=[(s, f"Label {s}") for s in subjects],
        options={},
    )


def test_each_item_has_its_own_outcome(alice: User, work: Work) -> None:
    work.failing, work.broken = {"b"}, {"c"}
    job = start(alice, "a", "b", "c", "skip-d")
    assert run_job(job.pk) == "finished"
    job.refresh_from_db()
    assert (job.total, job.done, job.failed, job.skipped) == (4, 1, 2, 1)
    items = {item.subject: item for item in JobItem.objects.filter(job=job.pk)}
    assert items["b"].cause == "The key is wrong."
    assert items["c"].code == "internal_error"
    assert items["skip-d"].state == ItemState.SKIPPED


def test_a_database_that_is_away_leaves_the_item_waiting(alice: User, work: Work) -> None:
    work.locked_out = {"b": 1}
    job = start(alice, "a", "b", "c")
    assert run_job(job.pk) == "queued"
    assert JobItem.objects.get(subject="b").state == ItemState.WAITING
    assert requeue_jobs() == 1  # its message is sent at once: no lease has to end
    assert run_job(job.pk) == "finished"
    job.refresh_from_db()
    assert (job.done, job.failed) == (3, 0)


def test_for_the_last_try_it_is_the_items_outcome(alice: User, work: Work) -> None:
    work.locked_out = {"b": 99}
    job = start(alice, "a", "b", "c")
    assert [run_job(job.pk) for _ in range(job_runner.TRIES)] == ["queued"] * (job_runner.TRIES - 1) + ["finished"]
    job.refresh_from_db()
    assert (job.done, job.failed) == (2, 1)
    assert JobItem.objects.get(subject="b").code == "database_unavailable"


def test_the_same_subject_counts_once(alice: User, work: Work) -> None:
    job = start(alice, "a", "a", "b")
    run_job(job.pk)
    assert sorted(work.seen) == ["a", "b"]
    assert job.total == 2


def test_a_job_longer_than_a_chunk_is_done_whole(alice: User, work: Work) -> None:
    job = start(alice, *(str(number) for number in range(450)))
    assert run_job(job.pk) == "finished"
    assert sorted(work.seen, key=int) == [str(number) for number in range(450)]
    assert Job.objects.get().done == 450


def test_two_nudges_do_the_work_once(alice: User, work: Work) -> None:
    job = start(alice, "a")
    run_job(job.pk)
    assert run_job(job.pk) == "finished"
    assert work.seen == ["a"]


def test_what_a_dead_worker_had_done_is_not_done_again(alice: User, work: Work) -> None:
    job = start(alice, "a", "b", "c")
    JobItem.objects.filter(subject="a").update(state=ItemState.DONE)
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.update(state=JobState.RUNNING, claim=uuid4(), lease_until=past)
    assert requeue_jobs() > 0
    assert run_job(job.pk) == "finished"
    assert sorted(work.seen) == ["b", "c"]
    assert Job.objects.get().done == 3


def test_a_cancelled_job_begins_nothing_more(alice: User, work: Work) -> None:
    job = start(alice, "a")
    assert cancel_job(job, actor=SYSTEM)
    assert run_job(job.pk) == "cancelled"
    assert work.seen == []
    assert not cancel_job(job, actor=SYSTEM)


def test_only_what_failed_is_tried_again(alice: User, work: Work) -> None:
    work.failing = {"b"}
    job = start(alice, "a", "b")
    run_job(job.pk)
    work.failing = set()
    again = retry_failed(job, actor=SYSTEM)
    assert again is not None
    run_job(again.pk)
    assert work.seen[-1] == "b"
    assert len(work.seen) == 3
    assert retry_failed(again, actor=SYSTEM) is None


def test_a_job_is_told_in_the_audit_trail(alice: User, work: Work) -> None:
    run_job(start(alice, "a").pk)
    actions = AuditEvent.objects.filter(owner=str(alice.pk)).values_list("action", flat=True)
    assert {"job.requested", "job.finished"} <= set(actions)


def test_the_page_shows_progress_and_outcomes(alices: Client, bobs: Client, alice: User, work: Work) -> None:
    work.failing = {"b"}
    job = start(alice, "a", "b")
    waiting = alices.get(f"/jobs/{job.pk}/").content.decode()
    assert "0 of 2" in waiting
    assert "The worker is not running" in waiting
    run_job(job.pk)
    page = alices.get(f"/jobs/{job.pk}/?state=failed").content.decode()
    assert "The key is wrong." in page
    assert "Label a" not in page
    for address in ("", "panel/"):
        assert bobs.get(f"/jobs/{job.pk}/{address}").status_code == 404
    for address in ("cancel/", "retry/"):
        assert bobs.post(f"/jobs/{job.pk}/{address}").status_code == 404
    assert alices.post(f"/jobs/{job.pk}/retry/").status_code == 302
    assert Job.objects.count() == 2


def die(job: Job) -> None:
    """As a worker that took the job and was killed with it."""
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, claim=uuid4(), lease_until=past, attempts=F("attempts") + 1
    )
    requeue_jobs()
    job.refresh_from_db()


def test_a_job_that_kills_its_workers_is_ended_with_the_reason(alice: User, work: Work) -> None:
    job = start(alice, "a", "b")
    for _ in range(job_runner.TRIES - 1):
        die(job)
        assert job.state == JobState.QUEUED
    die(job)
    assert (job.state, job.failed, job.claim) == (JobState.FINISHED, 2, None)
    item = JobItem.objects.filter(job=job.pk)[0]
    assert (item.state, item.code) == (ItemState.FAILED, "worker_died")
    assert "died 5 times" in item.cause
    assert AuditEvent.objects.filter(action="job.finished").count() == 1
    assert run_job(job.pk) == "finished"
    assert work.seen == []


def test_a_job_that_gets_further_with_each_worker_goes_on(alice: User, work: Work) -> None:
    job = start(alice, *"abcdefgh")
    for subject in "abcdefg":
        JobItem.objects.filter(job=job.pk, subject=subject).update(state=ItemState.DONE)
        die(job)
        die(job)
        assert job.state == JobState.QUEUED
    assert run_job(job.pk) == "finished"
    assert work.seen == ["h"]


def test_items_done_under_the_workers_eye_count_as_getting_further(
    alice: User, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "SHOW_EVERY", 0)
    job = start(alice, *(str(number) for number in range(20)))
    Job.objects.update(attempts=job_runner.TRIES - 1)
    run_job(job.pk)
    assert Job.objects.get().attempts == 0


def test_work_of_a_kind_that_nobody_knows_fails_instead_of_going_round(alice: User) -> None:
    job = start(alice, "a")
    assert run_job(job.pk) == "finished"
    item = JobItem.objects.get()
    assert (item.state, item.code) == (ItemState.FAILED, "job_kind_unknown")
    assert Job.objects.get().failed == 1
