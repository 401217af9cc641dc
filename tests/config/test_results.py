"""What Celery keeps of a task that failed holds no secret: neither its arguments nor its exception and traceback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery.app.trace import build_tracer
from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError
from django_celery_results.models import TaskResult

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.jobs import handlers, requests, runner
from cloudaccounts.jobs.handlers import Outcome
from cloudaccounts.models import Job, JobItem
from cloudaccounts.work.leases import Claim
from config.celery import app
from teams.roles import Right
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, SECRET

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
PASSWORD = "the-password-of-the-database"
KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYxx"  # of the shape of an AWS secret access key
SAID = f'connection to "postgres://cam:{PASSWORD}@db/cam" failed while it wrote {KEY}, token={SECRET}'


@pytest.fixture
def job(alice: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    def away(job: Job, item: JobItem) -> Outcome:
        raise OperationalError(SAID)

    handlers.handles("test", takes=Right.OPERATE)(away)
    # As the last try leaves it, where nothing can be written either.
    monkeypatch.setattr(Claim, "outlives", lambda *_, **__: False)
    yield requests.start_job(
        scope=Scope(str(alice.pk)), actor=SYSTEM, kind="test", title="x", items=[("a", "A")], options={}
    )
    del handlers._handlers["test"]


def perform(name: str, *args: str) -> TaskResult:
    """As a worker does it, which stores what became of it."""
    app.loader.import_default_modules()
    task, task_id = app.tasks[name], str(uuid4())
    request = {
        "id": task_id, "task": name, "args": args, "kwargs": {}, "argsrepr": repr(args), "kwargsrepr": "{}",
        "hostname": "worker@test", "ignore_result": False,
    }  # fmt: skip
    build_tracer(name, task, app=app)(task_id, list(args), {}, request)
    return TaskResult.objects.get(task_id=task_id)


def test_the_row_of_a_job_whose_database_is_away_holds_no_secret(job: Job) -> None:
    row = perform("cloudaccounts.run_job", str(job.pk))
    assert (row.status, row.task_name) == ("FAILURE", "cloudaccounts.run_job")
    assert str(job.pk) in row.task_args
    assert "OperationalError" in row.traceback
    assert "postgres://cam:" in row.traceback  # what is no secret stays, for whoever looks for the cause
    assert "OperationalError" in row.result
    kept = " ".join(str(getattr(row, field.name)) for field in TaskResult._meta.fields)
    for secret in (PASSWORD, KEY, SECRET):
        assert secret not in kept


def test_that_of_a_defect_in_the_database_neither(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise DatabaseError(SAID, 1)

    monkeypatch.setattr(runner, "_waiting_items", refuse)
    row = perform("cloudaccounts.run_job", str(job.pk))
    assert row.status == "FAILURE"
    kept = f"{row.result} {row.traceback} {row.meta}"
    for secret in (PASSWORD, KEY, SECRET):
        assert secret not in kept
