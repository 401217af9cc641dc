from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.bulk.actions import action_of, revalidate_many
from cloudaccounts.health.connection_checks import request_check
from cloudaccounts.health.revalidation import revalidate_now
from cloudaccounts.jobs.requests import retry_failed
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.lifecycle.state_changes import suspend_account
from cloudaccounts.management.commands import revalidate_accounts
from cloudaccounts.models import CloudAccount, ConnectionCheck, Job, JobItem, Notice
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs and the command work in threads
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def fleet(alice: User, toy_account: MakeAccount) -> Callable[..., list[CloudAccount]]:
    def make(count: int, **fields: object) -> list[CloudAccount]:
        return [toy_account(alice, account_id=f"{n:06d}", name=f"toy {n}", **fields) for n in range(count)]

    return make


Fleet = Callable[..., list[CloudAccount]]


def states(job: Job) -> dict[str, str]:
    return {item.label.split(" (")[0]: item.state for item in JobItem.objects.filter(job=job.pk)}


def test_many_are_checked_with_the_same_report_as_one(alice: User, fleet: Fleet) -> None:
    accounts = fleet(3, status="failed", health="broken", last_check_code="wrong_key")
    job = revalidate_many(scope=Scope(str(alice.pk)), actor=SYSTEM, accounts=accounts)
    assert run_job(job.pk) == "finished"
    assert set(states(job).values()) == {"done"}
    for account in CloudAccount.objects.all():
        assert (account.status, account.health, account.last_check["ok"]) == ("active", "ok", True)
    assert ConnectionCheck.objects.filter(state="finished", ok=True).count() == 3
    assert Notice.objects.filter(kind="account.recovered").count() == 3


def test_a_job_of_the_kind_that_it_had_before_is_run_and_tried_again_as_what_it_is_now(
    alice: User, fleet: Fleet, toycloud: State
) -> None:
    job = revalidate_many(scope=Scope(str(alice.pk)), actor=SYSTEM, accounts=fleet(2))
    Job.objects.update(kind="revalidate")  # as an older version wrote it
    toycloud.good_token = "changed"
    assert run_job(job.pk) == "finished"
    job.refresh_from_db()
    assert (job.failed, set(JobItem.objects.values_list("code", flat=True))) == (2, {"wrong_key"})
    action = action_of(job)
    assert action is not None
    assert action.label == "Check access"
    again = retry_failed(job, actor=SYSTEM)
    assert again is not None
    assert again.kind == "fleet.revalidate"


def test_what_does_not_pass_is_told_item_by_item(alice: User, fleet: Fleet, toycloud: State) -> None:
    accounts = fleet(2)
    toycloud.good_token = "changed"
    job = revalidate_many(scope=Scope(str(alice.pk)), actor=SYSTEM, accounts=accounts)
    run_job(job.pk)
    item = JobItem.objects.filter(job=job.pk).order_by("position")[0]
    assert (item.state, item.code, item.remedy) == ("failed", "wrong_key", "Ask for another.")
    assert Job.objects.get().failed == 2


def test_suspended_deleted_and_other_peoples_accounts_are_left_out(
    alice: User, bob: User, fleet: Fleet, toy_account: MakeAccount
) -> None:
    away, gone, good = fleet(3)
    theirs = toy_account(bob, account_id="bobbox", name="bobs")
    job = revalidate_many(scope=Scope(str(alice.pk)), actor=SYSTEM, accounts=[away, gone, good, theirs])
    suspend_account(away, actor=SYSTEM)
    CloudAccount.objects.filter(pk=gone.pk).delete()
    run_job(job.pk)
    assert states(job) == {"toy 0": "skipped", "toy 1": "skipped", "toy 2": "done", "bobs": "skipped"}
    assert not ConnectionCheck.objects.filter(account=theirs.pk).exists()


def test_it_takes_the_outcome_of_a_check_that_another_worker_has(fleet: Fleet) -> None:
    [account] = fleet(1)
    check = request_check(account, actor=SYSTEM)
    ConnectionCheck.objects.filter(pk=check.pk).update(
        state="running", claim=uuid4(), lease_until=timezone.now() + timedelta(minutes=1)
    )
    from threading import Timer

    from django.db import connections

    def end() -> None:
        ConnectionCheck.objects.filter(pk=check.pk).update(state="finished", ok=False, code="wrong_key", cause="No.")
        connections.close_all()

    timer = Timer(0.3, end)
    timer.start()
    seen = revalidate_now(account, actor=SYSTEM)
    timer.join()
    assert (seen.ok, seen.code, seen.cause) == (False, "wrong_key", "No.")
    assert ConnectionCheck.objects.count() == 1


def test_the_button_checks_the_failed_ones_of_its_owner(
    alice: User, alices: Client, bob: User, fleet: Fleet, toy_account: MakeAccount
) -> None:
    failed, _ = fleet(2)
    CloudAccount.objects.filter(pk=failed.pk).update(status="failed")
    toy_account(bob, status="failed")
    assert "Check the failed ones again" in alices.get("/accounts/?status=failed").content.decode()
    assert "Check the failed ones again" not in alices.get("/accounts/?status=active").content.decode()
    response = alices.post("/accounts/revalidate/", {"which": "failed"})
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert (job.kind, job.owner, job.total) == ("fleet.revalidate", str(alice.pk), 1)
    assert JobItem.objects.get().subject == str(failed.pk)


def test_with_nothing_failed_the_button_says_so(alices: Client, fleet: Fleet) -> None:
    fleet(1)
    assert "Check the failed ones again" not in alices.get("/").content.decode()
    response = alices.post("/accounts/revalidate/", follow=True)
    assert "nothing to check again" in response.content.decode()
    assert not Job.objects.exists()


def test_it_takes_a_post(alices: Client) -> None:
    assert alices.get("/accounts/revalidate/").status_code == 405


def command(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("revalidate_accounts", *arguments, stdout=out)
    except SystemExit as error:
        return out.getvalue(), int(str(error.code))
    return out.getvalue(), 0


def test_the_command_checks_all_and_sums_up(fleet: Fleet, toycloud: State) -> None:
    accounts = fleet(4)
    suspend_account(accounts[3], actor=SYSTEM)
    output, code = command()
    assert (code, "3 checked: 3 passed, 0 failed." in output) == (0, True)
    assert ConnectionCheck.objects.filter(state="finished").count() == 3


def test_the_command_names_what_does_not_pass_and_exits_with_1(fleet: Fleet, toycloud: State) -> None:
    fleet(2)
    toycloud.good_token = "changed"
    output, code = command()
    assert code == 1
    assert "toy 000000 toy 0: The toy cloud does not know this token. Ask for another." in " ".join(output.split())
    assert "2 checked: 0 passed, 2 failed." in output


def test_the_command_can_be_narrowed(fleet: Fleet, toy_account: MakeAccount) -> None:
    accounts = fleet(3)
    CloudAccount.objects.filter(pk=accounts[0].pk).update(status="failed")
    assert "1 checked" in command("--failed-only")[0]
    assert "3 checked" in command("--provider", "toy")[0]
    assert "0 checked" in command("--provider", "aws")[0]
    with pytest.raises(CommandError, match="No provider is called ibm"):
        command("--provider", "ibm")


def test_the_command_reads_no_further_than_it_checks(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts, read, ended = fleet(12), 0, 0

    def reading() -> Iterator[CloudAccount]:
        nonlocal read
        for account in accounts:
            read += 1
            yield account

    monkeypatch.setattr(revalidate_accounts, "_check", lambda account: ("passed", ""))
    with ThreadPoolExecutor(1) as pool:
        for _ in revalidate_accounts._checked(pool, reading(), ahead=3):
            ended += 1
            assert read <= ended + 3
    assert ended == 12
