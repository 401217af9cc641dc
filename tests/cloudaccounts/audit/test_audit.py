from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from cloudaccounts.audit import queries as audit_queries
from cloudaccounts.audit import record as audit_record
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.queries import AuditFilter
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import ApiToken, AuditEvent, CloudAccount, Job, Notice, OrganizationMember
from cloudaccounts.models.audit import AppendOnlyError
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.operations.retention import purge_history
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.pages import NAVIGATION

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
Add = Callable[..., AuditEvent]


@pytest.fixture
def add(alice: User) -> Add:
    """An event of Alice's, at a moment of the past: written as old as it is told to be."""

    def event(action: str = "account.changed", *, days: float = 0, by: str = "alice", **facts: object) -> AuditEvent:
        return AuditEvent.objects.create(
            owner=str(alice.pk), actor="1", actor_label=by, via="page", action=action, text=f"{action} by {by}",
            created_at=timezone.now() - timedelta(days=days), **facts,
        )  # fmt: skip

    return event


def shown(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/audit/{query}")
    assert answer.status_code == 200
    return [event.action for event in answer.context["page"].events]


def test_an_event_is_neither_changed_nor_deleted(add: Add) -> None:
    event = add()
    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.filter(pk=event.pk).update(text="other"),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()
    assert AuditEvent.objects.get().text == "account.changed by alice"


def test_an_owner_sees_their_own_and_nobody_elses(alices: Client, bobs: Client, add: Add) -> None:
    add("account.created")
    assert "account.created" in shown(alices)
    assert "account.created" not in shown(bobs)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?subject=scan", ["scan.failed"]),
        ("?actor=carol", ["account.deleted"]),
        ("?action=account.deleted", ["account.deleted"]),
        ("?first=2026-01-10&last=2026-01-10", ["scan.failed"]),
        ("?last=2026-01-09", ["account.deleted"]),
    ],
)
def test_it_filters(
    alices: Client, alice: User, query: str, expected: list[str], django_capture_on_commit_callbacks: object
) -> None:
    for action, by, moment in (
        ("account.deleted", "carol", datetime(2026, 1, 9, 23, 59, 59, tzinfo=UTC)),
        ("scan.failed", "alice", datetime(2026, 1, 10, 0, 0, 0, tzinfo=UTC)),
        ("group.created", "alice", datetime(2026, 1, 11, 0, 0, 0, tzinfo=UTC)),
    ):
        AuditEvent.objects.create(
            owner=str(alice.pk), actor="1", actor_label=by, via="page", action=action, text=action, created_at=moment
        )
    assert shown(alices, query) == expected


def test_it_filters_by_account_also_after_its_deletion(
    alices: Client, alice: User, make_account: MakeAccount, add: Add
) -> None:
    account = make_account(alice)
    add("group.created")
    assert shown(alices, f"?account={account.pk}")
    assert "group.created" not in shown(alices, f"?account={account.pk}")


@pytest.mark.parametrize(
    "query",
    [
        "?first=9999-12-31&last=0001-01-01",
        "?subject=%00&actor=%00",
        "?account=x",
        "?before=x~y",
        "?before=9999-12-31T23:59:59-14:00~00000000-0000-0000-0000-000000000000",
        "?action=%3Cb%3E",
        "?format=xml",
    ],
)
def test_what_makes_no_sense_narrows_nothing(alices: Client, add: Add, query: str) -> None:
    add("account.created")
    assert "account.created" in shown(alices, query)


def test_pages_follow_one_another_without_a_gap_also_within_one_moment(alice: User) -> None:
    now = timezone.now()
    for number in range(audit_queries.PAGE * 2 + 7):
        AuditEvent.objects.create(
            owner=str(alice.pk), actor="1", actor_label="a", via="page", action=f"a.{number}", text="x", created_at=now
        )
    seen: list[str] = []
    older = ""
    while True:
        page = audit_queries.page(Scope(str(alice.pk)), AuditFilter(), before=older)
        seen += [event.action for event in page.events]
        older = page.older
        if not older:
            break
    assert len(seen) == len(set(seen)) == audit_queries.PAGE * 2 + 7


def test_an_export_holds_all_that_fit_and_is_itself_in_the_trail(
    alices: Client, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "CHUNK", 2)
    for number in range(5):
        add("scan.failed", days=number, by="=1+1")
    add("account.created")
    answer = alices.get("/audit/?subject=scan&format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    assert [row["action"] for row in rows] == ["scan.failed"] * 5
    assert rows[0]["actor"] == "'=1+1"
    content = json.loads(b"".join(alices.get("/audit/?format=json")))
    assert content[0]["action"] == "export.taken"
    assert AuditEvent.objects.filter(action="export.taken").count() == 2


def test_a_look_at_the_head_of_an_export_is_none(alices: Client) -> None:
    assert alices.head("/audit/?format=csv").status_code == 200
    assert not AuditEvent.objects.filter(action="export.taken").exists()


def test_the_page_asks_as_many_questions_however_long_the_trail_is(
    alices: Client, add: Add, django_assert_num_queries: object
) -> None:
    add()
    with django_assert_num_queries(NAVIGATION + 1, using="cloud_security"):  # type: ignore[operator]  # a page beside the navigation
        alices.get("/audit/")
    for _ in range(60):
        add()
    with django_assert_num_queries(NAVIGATION + 1, using="cloud_security"):  # type: ignore[operator]
        alices.get("/audit/")


def log_in(client: Client, name: str, password: str) -> int:
    return client.post("/login/", {"username": name, "password": password}).status_code


def test_logins_and_logouts_are_in_it(client: Client, alice: User) -> None:
    assert log_in(client, "alice", "alice-knows-this") == 302
    client.post("/logout/")
    recorded = AuditEvent.objects.filter(owner=str(alice.pk)).order_by("created_at").values_list("action", "address")
    assert list(recorded) == [("session.login", "127.0.0.1"), ("session.logout", "127.0.0.1")]


def test_a_refused_login_is_in_the_trail_of_whose_name_it_was(client: Client, alice: User) -> None:
    assert log_in(client, "alice", "a-guess-at-it") == 200
    event = AuditEvent.objects.get(action="session.failed")
    assert (event.owner, event.actor_label) == (str(alice.pk), "somebody as alice")


def test_a_name_that_nobody_has_may_be_a_password_and_is_not_written_down(client: Client, db: None) -> None:
    log_in(client, "my-secret-password", "x")
    event = AuditEvent.objects.get(action="session.failed")
    assert event.owner == ""
    assert "my-secret-password" not in json.dumps(
        {name: str(value) for name, value in vars(event).items()}, ensure_ascii=False
    )


def test_tries_on_a_closed_door_do_not_fill_the_trail(client: Client, alice: User) -> None:
    for _ in range(12):
        log_in(client, "alice", "a-guess-at-it")
    assert AuditEvent.objects.filter(action="session.failed").count() in {4, 5}


def test_a_changed_password_is_in_it(alices: Client, alice: User) -> None:
    new = "quite-another-sentence"
    fields = {"old_password": "alice-knows-this", "new_password1": new, "new_password2": new}
    assert alices.post("/profile/password/", fields).status_code == 302
    assert AuditEvent.objects.get(action="password.changed").owner == str(alice.pk)


def test_an_operator_who_sets_a_password_is_named(
    alice: User, operator: User, browser_of: Callable[[User], Client]
) -> None:
    new = "quite-another-sentence"
    fields = {"password1": new, "password2": new, "usable_password": "true"}
    answer = browser_of(operator).post(f"/admin/auth/user/{alice.pk}/password/", fields)
    assert answer.status_code == 302
    event = AuditEvent.objects.get(action="password.changed")
    assert (event.owner, event.actor_label, event.via) == (str(alice.pk), "olga", "admin")


def test_what_is_too_old_goes_in_batches_and_leaves_a_word(
    alice: User, add: Add, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudaccounts.models.audit.PURGE_BATCH", 2)
    settings.AUDIT_RETENTION_DAYS = 30
    for _ in range(5):
        add("scan.failed", days=31)
    kept = add("scan.failed", days=29)
    notify(NoticeKind.SYSTEM, key="old", text="old")
    Notice.objects.update(created_at=timezone.now() - timedelta(days=31))
    job = start_job(scope=Scope(str(alice.pk)), actor=SYSTEM, kind="x", title="x", items=[("1", "1")], options={})
    still = start_job(scope=Scope(str(alice.pk)), actor=SYSTEM, kind="x", title="x", items=[("2", "2")], options={})
    Job.objects.update(requested_at=timezone.now() - timedelta(days=31))
    Job.objects.filter(pk=job.pk).update(state="finished")
    out = io.StringIO()
    call_command("purge_history", "--dry-run", stdout=out)
    assert "5 audit events, 1 notices and 1 jobs would be removed" in out.getvalue()
    assert purge_history().events == 5
    assert list(AuditEvent.objects.filter(action="scan.failed")) == [kept]
    assert list(Job.objects.all()) == [still]
    assert not Notice.objects.exists()
    assert AuditEvent.objects.get(action="history.purged").detail["events"] == 5
    assert purge_history().total == 0


def test_tokens_and_members_that_ended_long_ago_go(alice: User) -> None:
    now = timezone.now()
    long_ago = now - timedelta(days=500)
    for number, ends in enumerate(({"revoked_at": long_ago}, {"expires_at": long_ago}, {"revoked_at": now}, {})):
        ApiToken.objects.create(
            owner=str(alice.pk), name=f"token {number}", hint="x", digest=str(number), created_at=long_ago, **ends
        )
    members: list[dict[str, object]] = [
        {}, {"account": uuid4()}, {"first_seen_at": now}, {"provider_state": "active"},
    ]  # fmt: skip
    for number, of in enumerate(members):
        OrganizationMember.objects.create(
            organization=UUID(int=1), owner=str(alice.pk), node_id=f"member {number}", kind="account",
            **{"provider_state": "closed", "first_seen_at": long_ago, **of},
        )  # fmt: skip
    purge_history()
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"token 2", "token 3"}
    names = set(OrganizationMember.objects.values_list("node_id", flat=True))
    assert names == {"member 1", "member 2", "member 3"}


def test_a_record_takes_who_and_from_where(alice: User) -> None:
    event = audit_record.record_event(
        actor=Actor(str(alice.pk), "alice", "api", "192.0.2.7"), owner=str(alice.pk), action="token.made", text="x", n=1
    )
    assert (event.via, event.address, event.detail) == ("api", "192.0.2.7", {"n": 1})


APPS = ("cloudaccounts", "config", "scans", "teams", "wizard")


def test_each_kind_of_event_can_be_asked_for() -> None:
    """What is written down is found in the filter: a new kind needs a line in ``SUBJECTS``."""
    written = re.compile(
        r'(?:action=|\btell\(request, user, |_record\([^"()]*|_audit\([^"()]*|audit_draft\([^"()]*)"([a-z_]+)\.[a-z_]+"'
    )
    root = Path(__file__).parents[3]
    sources = [path.read_text() for app in APPS for path in (root / app).rglob("*.py")]
    subjects = {subject for source in sources for subject in written.findall(source)}
    assert {"account", "credential", "draft", "finding", "encryption", "identity", "mute_rule"} <= subjects
    assert subjects <= set(audit_queries.SUBJECTS), subjects - set(audit_queries.SUBJECTS)
