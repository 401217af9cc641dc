"""Whose a job is to see, and what repeating it takes: of who asks now, whoever asked first."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.bulk.actions import OF_ALL, start_bulk_action
from cloudaccounts.channels.services import TEST_JOB
from cloudaccounts.declared.applying import APPLY, start_apply
from cloudaccounts.declared.planning import Action, Change, Plan
from cloudaccounts.groups.services import create_group
from cloudaccounts.jobs import handlers
from cloudaccounts.jobs.requests import retry_failed, start_job
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import ApplyDocument, AuditEvent, CloudAccount, Job, JobItem
from cloudaccounts.tokens.services import create_token
from cloudaccounts.work.databases import SECURITY
from teams.models import Membership, Team
from teams.present import SESSION_KEY
from teams.roles import Right, Role
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads
Browser = Callable[[User], Client]
MANAGED = (TEST_JOB, "transfer.accepted", "fleet.delete", "fleet.transfer", "of-a-later-version")
OPERATED = (
    "accounts.import", "findings.change", "findings.mute", "findings.recheck", "fleet.environment", "fleet.resume",
    "fleet.revalidate", "fleet.scan", "fleet.suspend", "organization.onboard", "organization.sync", "organization.test",
)  # fmt: skip


def actor(user: User) -> Actor:
    return Actor(str(user.pk), user.username, "page")


def member(user: User, team: str, role: Role, browser_of: Browser, **limit: Any) -> Client:
    """A browser of the user, who works in that team."""
    Membership.objects.create(team=Team.objects.get(key=team), user=user, role=role, **limit)
    browser = browser_of(user)
    session = browser.session
    session[SESSION_KEY] = team
    session.save()
    return browser


def failed(job: Job) -> Job:
    JobItem.objects.filter(job=job.pk).update(state="failed", cause="It is somebody's already.")
    Job.objects.filter(pk=job.pk).update(state="finished", active_key=None, failed=job.total)
    job.refresh_from_db()
    return job


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice, name="alices-payments")


@pytest.fixture
def moved(operator: User, account: CloudAccount) -> Job:
    """A transfer of alice's account that olga asked for in the admin, and that failed."""
    return failed(
        start_bulk_action(
            "transfer", scope=Scope(str(operator.pk)), actor=actor(operator), accounts=[account], about=account.name,
            **{OF_ALL: True, "to": str(operator.pk)},
        )
    )  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_guests_of_an_operators_team_meet_no_job_over_accounts_of_all(
    operator: User, bob: User, browser_of: Browser, account: CloudAccount, moved: Job, role: Role
) -> None:
    team = str(operator.pk)
    guest = member(bob, team, role, browser_of)
    own, text = create_token(owner=team, user=str(bob.pk), actor=SYSTEM, name="script", scope="write")
    teams, secret = create_token(owner=team, user=None, actor=SYSTEM, name="pipeline", scope="write")
    for address in (f"/jobs/{moved.pk}/", f"/jobs/{moved.pk}/panel/"):
        assert guest.get(address).status_code == 404
    for address in (f"/jobs/{moved.pk}/retry/", f"/jobs/{moved.pk}/cancel/"):
        assert guest.post(address).status_code in ({404} if role in {Role.OPERATOR, Role.OWNER} else {403})
    assert "payments" not in guest.get("/jobs/").content.decode()
    assert "payments" not in guest.get("/audit/").content.decode()
    for caller in (Caller(text, own), Caller(secret, teams)):
        assert caller.get(f"jobs/{moved.pk}").status_code == 404
        assert caller.get("jobs/").json()["items"] == []
        assert "payments" not in caller.get("audit/").content.decode()
    assert Job.objects.count() == 1
    assert CloudAccount.objects.get().owner == account.owner
    # It is told of all the same: in the audit of the server.
    assert AuditEvent.objects.get(action="job.requested").owner == ""


def test_who_asked_sees_and_repeats_it_as_long_as_they_are_an_operator(
    operator: User, browser_of: Browser, moved: Job
) -> None:
    olga = browser_of(operator)
    token, text = create_token(owner=str(operator.pk), user=str(operator.pk), actor=SYSTEM, name="script", scope="read")
    calls = Caller(text, token)
    assert "alices-payments" in olga.get(f"/jobs/{moved.pk}/").content.decode()
    assert f"/jobs/{moved.pk}/" in olga.get("/jobs/").content.decode()
    assert calls.get(f"jobs/{moved.pk}").json()["failures"][0]["label"] == "alices-payments"
    again = retry_failed(moved, actor=actor(operator))
    assert again is not None
    assert again.private_to == moved.private_to == str(operator.pk)
    User.objects.filter(pk=operator.pk).update(is_staff=False)
    assert olga.get(f"/jobs/{moved.pk}/").status_code == 404
    assert calls.get(f"jobs/{moved.pk}").status_code == 404
    assert calls.get("jobs/").json()["items"] == []


def test_the_worker_asks_the_rights_of_who_asked_and_not_of_whose_team_it_is(
    bob: User, account: CloudAccount, moved: Job
) -> None:
    again = retry_failed(moved, actor=actor(bob))
    assert again is not None
    run_job(again.pk)
    assert [item.code for item in JobItem.objects.filter(job=again.pk)] == ["not_permitted"]
    assert CloudAccount.objects.get().owner == account.owner


def test_jobs_of_before_are_hidden_by_the_migration(operator: User, alice: User, moved: Job) -> None:
    own = start_job(
        scope=Scope(str(alice.pk)), actor=SYSTEM, kind="fleet.scan", title="x", items=[("a", "a")], options={}
    )
    Job.objects.update(private_to="")
    migration: Any = import_module("cloudaccounts.migrations.0029_private_jobs")
    migration.hide_from_guests(apps, SimpleNamespace(connection=connections[SECURITY]))
    assert dict(Job.objects.values_list("pk", "private_to")) == {moved.pk: str(operator.pk), own.pk: ""}


def team_job(owner: User, kind: str, **options: Any) -> Job:
    job = start_job(
        scope=Scope(str(owner.pk)), actor=actor(owner), kind=kind, title="x", items=[(str(uuid4()), "one")],
        options=options,
    )  # fmt: skip
    return failed(job)


def applied(owner: User, *changes: tuple[str, Action]) -> Job:
    plan = Plan(tuple(Change(section, "One", 0, f"one-{section}", action) for section, action in changes), 0, {})
    return failed(start_apply(str(owner.pk), actor=actor(owner), plan=plan))


def repeated(browser: Client, job: Job) -> bool:
    """Whether repeating is offered and done. It is both, or it is refused with what it takes."""
    offered = f"/jobs/{job.pk}/retry/" in browser.get(f"/jobs/{job.pk}/").content.decode()
    before = Job.objects.count()
    answer = browser.post(f"/jobs/{job.pk}/retry/")
    done = answer.status_code == 302
    assert (offered, Job.objects.count() - before) == (done, int(done))
    if not done:
        assert answer.status_code == 403
        assert "This takes the role owner" in answer.content.decode()
        assert "Ask an owner of the team for that role" in answer.content.decode()
    return done


@pytest.mark.parametrize("kind", MANAGED)
def test_what_an_owner_alone_does_an_owner_alone_repeats(
    alice: User, bob: User, browser_of: Browser, kind: str
) -> None:
    job = team_job(alice, kind, offer=str(uuid4()))
    assert not repeated(member(bob, str(alice.pk), Role.OPERATOR, browser_of), job)
    assert repeated(browser_of(alice), job)


@pytest.mark.parametrize("kind", OPERATED)
def test_what_an_operator_does_an_operator_repeats(alice: User, bob: User, browser_of: Browser, kind: str) -> None:
    assert repeated(member(bob, str(alice.pk), Role.OPERATOR, browser_of), team_job(alice, kind))


def test_a_file_is_repeated_by_whoever_may_apply_it(alice: User, bob: User, browser_of: Browser) -> None:
    operators, owners = member(bob, str(alice.pk), Role.OPERATOR, browser_of), browser_of(alice)
    groups = ("groups", Action.CREATE)
    assert repeated(operators, applied(alice, groups, ("accounts", Action.CHANGE)))
    for refused in (("channels", Action.CREATE), ("channels", Action.CHANGE), ("accounts", Action.DELETE)):
        job = applied(alice, groups, refused)
        assert not repeated(operators, job), refused
        assert repeated(owners, job), refused
    gone = applied(alice, groups)
    ApplyDocument.objects.all().delete()
    assert not repeated(operators, gone)  # there may have been anything in it


def test_a_member_of_some_groups_repeats_what_was_asked_within_them(
    alice: User, bob: User, browser_of: Browser
) -> None:
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments")
    browser = member(bob, str(alice.pk), Role.OPERATOR, browser_of, limited=True, groups=[str(group.pk)])
    assert browser.post(f"/jobs/{team_job(alice, 'fleet.scan').pk}/retry/").status_code == 404
    scope = Scope(str(alice.pk), groups=frozenset({group.pk}))
    within = start_job(scope=scope, actor=SYSTEM, kind="fleet.scan", title="x", items=[("a", "a")], options={})
    assert repeated(browser, failed(within))


def test_every_kind_says_what_it_takes() -> None:
    """Where this fails, a kind is new: decide who may repeat it, and name it above."""
    handlers.discover()
    assert handlers._rights.keys() == handlers._handlers.keys()
    named = dict.fromkeys(MANAGED[:-1], Right.MANAGE) | dict.fromkeys(OPERATED, Right.OPERATE)
    said = {kind: takes for kind, takes in handlers._rights.items() if isinstance(takes, Right)}
    assert said == named
    assert handlers._rights.keys() - said.keys() == {APPLY}  # each file says it
    with pytest.raises(TypeError, match="takes"):
        handlers.handles("new")  # type: ignore[call-arg]  # which is the point
