"""What is done with many accounts at once, by the job's own threads, on the toy cloud."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from cloudaccounts.accounts.changes import set_environment, update_account
from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import start_bulk_action
from cloudaccounts.jobs.requests import retry_failed
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import AuditEvent, CloudAccount, ConnectionCheck, Job, JobItem
from scans.models import ScanRun
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
MakeAccount = Callable[..., CloudAccount]


def actor(user: User, via: str = "page") -> Actor:
    return Actor(str(user.pk), user.username, via, "127.0.0.1")


@pytest.fixture
def two(alice: User, toy_account: MakeAccount) -> list[CloudAccount]:
    return [toy_account(alice, account_id=f"abcde{letter}", name=f"box {letter}") for letter in "ab"]


def act(key: str, owner: User, accounts: list[CloudAccount], via: str = "page", **options: object) -> Job:
    job = start_bulk_action(
        key, scope=Scope(str(owner.pk)), actor=actor(owner, via), accounts=accounts, about="two boxes", **options
    )
    run_job(job.pk)
    job.refresh_from_db()
    return job


def outcomes(job: Job) -> list[tuple[str, str, str]]:
    return list(JobItem.objects.filter(job=job.pk).order_by("position").values_list("state", "code", "cause"))


def test_every_account_of_it_is_checked_live(alice: User, two: list[CloudAccount]) -> None:
    job = act("revalidate", alice, two)
    assert (job.state, job.done) == ("finished", 2)
    assert {check.ok for check in ConnectionCheck.objects.filter(state="finished")} == {True}
    assert CloudAccount.objects.filter(last_checked_at__isnull=False).count() == 2


def test_one_that_fails_tells_why_and_stops_no_other(alice: User, two: list[CloudAccount], toycloud: State) -> None:
    toycloud.good_token = "another"
    job = act("revalidate", alice, two)
    assert (job.done, job.failed) == (0, 2)
    assert outcomes(job)[0] == ("failed", "wrong_key", "The toy cloud does not know this token.")
    toycloud.good_token = "let-me-in"
    again = retry_failed(job, actor=actor(alice))
    assert again is not None
    run_job(again.pk)
    again.refresh_from_db()
    assert (again.total, again.done) == (2, 2)


def test_suspended_ones_are_left_alone_and_come_back(alice: User, two: list[CloudAccount]) -> None:
    assert act("suspend", alice, two).done == 2
    assert {account.status for account in CloudAccount.objects.all()} == {"suspended"}
    for key in ("revalidate", "scan", "suspend"):
        assert act(key, alice, two).skipped == 2
    assert act("resume", alice, two).done == 2
    assert {account.status for account in CloudAccount.objects.all()} == {"pending"}


def test_scans_are_asked_for_once(alice: User, two: list[CloudAccount]) -> None:
    assert act("scan", alice, two).skipped == 2  # those that began with the accounts are still queued
    ScanRun.objects.update(status="completed", active_account=None)
    assert act("scan", alice, two).done == 2
    assert ScanRun.objects.filter(status="queued").count() == 2


def test_the_environment_is_set_and_audited(alice: User, two: list[CloudAccount]) -> None:
    CloudAccount.objects.filter(pk=two[0].pk).update(environment="staging")
    job = act("environment", alice, two, environment="staging")
    assert (job.done, job.skipped) == (1, 1)
    assert {account.environment for account in CloudAccount.objects.all()} == {"staging"}
    assert AuditEvent.objects.filter(action="account.changed", actor_label="alice").count() == 1


def test_what_is_not_the_askers_is_not_touched(alice: User, bob: User, two: list[CloudAccount]) -> None:
    job = act("suspend", bob, two)
    assert (job.done, job.skipped) == (0, 2)
    assert not CloudAccount.objects.filter(status="suspended").exists()


def test_an_account_that_changed_hands_meanwhile_is_left_alone(alice: User, bob: User, two: list[CloudAccount]) -> None:
    job = start_bulk_action("suspend", scope=Scope(str(alice.pk)), actor=actor(alice), accounts=two, about="two boxes")
    transfer_account(two[0], to_owner=str(bob.pk), actor=actor(alice))
    run_job(job.pk)
    assert [state for state, _, _ in outcomes(job)] == ["skipped", "done"]


def test_operators_delete_and_transfer_anybodys(
    alice: User, bob: User, operator: User, two: list[CloudAccount]
) -> None:
    job = act("transfer", operator, two[:1], "admin", to=str(bob.pk), of_all_owners=True)
    assert job.done == 1
    assert CloudAccount.objects.get(pk=two[0].pk).owner == str(bob.pk)
    assert act("delete", operator, two[1:], "admin", of_all_owners=True).done == 1
    assert not CloudAccount.objects.filter(pk=two[1].pk).exists()
    assert AuditEvent.objects.get(action="account.deleted").via == "admin"


def queued(key: str, owner: User, accounts: list[CloudAccount], **options: object) -> Job:
    return start_bulk_action(
        key, scope=Scope(str(owner.pk)), actor=actor(owner, "admin"), accounts=accounts, about="two boxes",
        of_all_owners=True, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "gone", [{"is_active": False}, {"is_staff": False}, {"is_superuser": False}], ids=lambda gone: next(iter(gone))
)
@pytest.mark.parametrize("key", ["delete", "suspend", "transfer"])
def test_a_job_does_not_outlive_the_rights_of_its_operator(
    operator: User, bob: User, two: list[CloudAccount], key: str, gone: dict[str, bool]
) -> None:
    job = queued(key, operator, two, to=str(bob.pk))
    User.objects.filter(pk=operator.pk).update(**gone)
    run_job(job.pk)
    assert {(state, code) for state, code, _ in outcomes(job)} == {("failed", "not_permitted")}
    assert {(account.owner, account.status) for account in CloudAccount.objects.all()} == {(two[0].owner, "active")}


def test_transferring_takes_a_permission_of_its_own(operator: User, bob: User, two: list[CloudAccount]) -> None:
    User.objects.filter(pk=operator.pk).update(is_superuser=False)
    operator.user_permissions.set(Permission.objects.filter(codename="change_cloudaccount"))
    job = queued("transfer", operator, two, to=str(bob.pk))
    run_job(job.pk)
    assert {code for _, code, _ in outcomes(job)} == {"not_permitted"}
    operator.user_permissions.add(Permission.objects.get(codename="transfer_cloudaccount"))
    job = queued("transfer", operator, two, to=str(bob.pk))
    run_job(job.pk)
    assert {state for state, _, _ in outcomes(job)} == {"done"}


def failed_deletion(operator: User, accounts: list[CloudAccount]) -> Job:
    job = queued("delete", operator, accounts)
    JobItem.objects.filter(job=job.pk).update(state="failed")
    Job.objects.update(state="finished", active_key=None)
    return job


def test_who_lost_the_right_does_not_repeat_an_operators_job(
    operator: User, two: list[CloudAccount], browser_of: Callable[[User], Client]
) -> None:
    job = failed_deletion(operator, two)
    browser = browser_of(operator)
    User.objects.filter(pk=operator.pk).update(is_superuser=False)
    page = browser.post(f"/jobs/{job.pk}/retry/", follow=True).content.decode()
    assert "You have no permission any more to do this to accounts of all owners." in page
    assert Job.objects.count() == 1


def test_repeating_a_dangerous_job_asks_for_the_password(
    operator: User, two: list[CloudAccount], browser_of: Callable[[User], Client]
) -> None:
    job = failed_deletion(operator, two)
    browser = browser_of(operator)
    session = browser.session
    session["password_confirmed_at"] = time.time() - 3600
    session.save()
    assert browser.post(f"/jobs/{job.pk}/retry/")["Location"].startswith("/confirm/")
    assert Job.objects.count() == 1
    session["password_confirmed_at"] = time.time()
    session.save()
    assert browser.post(f"/jobs/{job.pk}/retry/")["Location"].startswith("/jobs/")
    assert Job.objects.count() == 2


def test_a_transfer_that_a_kill_interrupted_is_finished_by_the_next_try(
    operator: User, bob: User, two: list[CloudAccount]
) -> None:
    CloudAccount.objects.update(owner=str(bob.pk))  # and nothing else was written
    job = queued("transfer", operator, two[:1], to=str(bob.pk))
    run_job(job.pk)
    assert outcomes(job) == [("skipped", "", "It is theirs already.")]
    assert ScanRun.objects.get(account=two[0].pk).owner == str(bob.pk)
    assert ScanRun.objects.get(account=two[1].pk).owner != str(bob.pk)


def test_setting_the_environment_leaves_what_was_changed_meanwhile(alice: User, two: list[CloudAccount]) -> None:
    stale = CloudAccount.objects.get(pk=two[0].pk)
    update_account(two[0], actor=actor(alice), name="renamed", environment="production", regions=["right"])
    assert set_environment(stale, actor=actor(alice), environment="staging")
    assert not set_environment(stale, actor=actor(alice), environment="staging")
    now = CloudAccount.objects.get(pk=stale.pk)
    assert (now.name, now.environment, now.regions) == ("renamed", "staging", ["right"])


def test_an_account_that_was_given_away_is_not_changed_by_who_had_it(
    alice: User, bob: User, two: list[CloudAccount]
) -> None:
    CloudAccount.objects.filter(pk=two[0].pk).update(owner=str(bob.pk))
    with pytest.raises(CloudAccount.DoesNotExist):
        set_environment(two[0], actor=actor(alice), environment="staging")
    with pytest.raises(CloudAccount.DoesNotExist):
        update_account(two[0], actor=actor(alice), name="mine", environment="staging", regions=["left"])
    assert CloudAccount.objects.get(pk=two[0].pk).name == "box a"
