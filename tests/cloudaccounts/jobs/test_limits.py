"""One owner's jobs: identical ones are one, and there is an end to their number."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.jobs.requests import cancel_job, start_job
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import Job
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def start(owner: str = "7", *, kind: str = "unknown", subjects: str = "ab", **options: object) -> Job:
    items = [(subject, subject) for subject in subjects]
    return start_job(scope=Scope(owner), actor=SYSTEM, kind=kind, title="x", items=items, options=options)


def test_the_same_asked_for_again_is_the_same_job() -> None:
    job = start()
    assert {start().pk, start(subjects="ba").pk, start(subjects="aab").pk} == {job.pk}
    others = {start("8").pk, start(kind="other").pk, start(subjects="abc").pk, start(environment="dev").pk}
    assert len(others | {job.pk}) == 5
    assert Job.objects.count() == 5


@pytest.mark.parametrize("end", [lambda job: cancel_job(job, actor=SYSTEM), lambda job: run_job(job.pk)])
def test_one_that_has_ended_is_done_again(end: object) -> None:
    job = start()
    end(job)  # type: ignore[operator]
    again = start()
    assert again.pk != job.pk
    assert Job.objects.exclude(active_key=None).get() == again


def test_beyond_the_limit_one_is_refused_and_another_owner_is_not(settings: Settings) -> None:
    settings.TEAM_JOBS = 2
    first, _ = start(subjects="a"), start(subjects="b")
    with pytest.raises(TeamLimitError) as refused:
        start(subjects="c")
    assert refused.value.seconds > 0
    assert start(subjects="a").pk == first.pk  # nothing new is asked for
    start("8", subjects="c")
    cancel_job(first, actor=SYSTEM)
    start(subjects="c")


def test_the_page_answers_429_with_retry_after(
    alice: User, alices: Client, make_account: MakeAccount, settings: Settings
) -> None:
    settings.TEAM_JOBS = 1
    account = make_account(alice)
    start(str(alice.pk))
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    answer = alices.post(f"/groups/{group.pk}/act/revalidate/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert "1 jobs of yours have not ended yet" in answer.content.decode()
