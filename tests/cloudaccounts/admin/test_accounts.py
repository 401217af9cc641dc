from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.test import Client
from django.utils import timezone

from cloudaccounts.admin.common import begins
from cloudaccounts.models import (
    AuditEvent,
    CloudAccount,
    CloudCredential,
    Job,
    Organization,
    OrganizationMember,
)
from scans.models import ScanRun
from tests.conftest import ALL_DATABASES, SECRET

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
LIST = "/admin/cloudaccounts/cloudaccount/"


@pytest.fixture
def olgas(operator: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(operator)


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


@pytest.mark.parametrize(
    "address",
    [
        LIST,
        f"{LIST}?q=data",
        "/admin/cloudaccounts/auditevent/",
        "/admin/cloudaccounts/auditevent/?about=credential&via=page",
        "/admin/cloudaccounts/connectioncheck/",
        "/admin/cloudaccounts/job/",
        "/admin/cloudaccounts/notice/",
        "/admin/cloudaccounts/noticedigest/",
        "/admin/cloudaccounts/accountgroup/",
        "/admin/cloudaccounts/groupmember/",
        "/admin/cloudaccounts/organization/",
        "/admin/cloudaccounts/organizationmember/",
        "/admin/scans/scanrun/",
        "/admin/scans/asset/",
        "/admin/wizard/wizardsession/",
    ],
)
def test_lists_show_everybodys_rows_and_no_secret(olgas: Client, account: CloudAccount, address: str) -> None:
    page = olgas.get(address)
    assert page.status_code == 200
    assert SECRET not in page.content.decode()


def test_an_account_shows_the_hint_of_its_credential_and_no_secret(olgas: Client, account: CloudAccount) -> None:
    page = olgas.get(f"{LIST}{account.pk}/change/").content.decode()
    assert "AKID…TEST" in page
    assert SECRET not in page
    assert "gAAAA" not in page


@pytest.mark.parametrize(("state", "shown"), [("critical", True), ("ok", False), ("moon", True)])
def test_the_age_of_a_credential_is_shown_and_narrows(
    olgas: Client, alice: User, make_account: MakeAccount, state: str, shown: bool
) -> None:
    make_account(alice, name="long-forgotten", age_days=95)
    page = olgas.get(f"{LIST}?rotation={state}", follow=True).content.decode()
    assert ("long-forgotten" in page) == shown
    assert ("95 days: overdue" in page) == shown


def test_credentials_have_no_page_of_their_own(olgas: Client, account: CloudAccount) -> None:
    assert olgas.get("/admin/cloudaccounts/cloudcredential/").status_code == 404


def test_accounts_are_not_added_by_hand(olgas: Client) -> None:
    assert olgas.get(f"{LIST}add/").status_code == 403


def test_saving_goes_through_the_service_and_is_audited(olgas: Client, account: CloudAccount) -> None:
    answer = olgas.post(
        f"{LIST}{account.pk}/change/", {"name": "  renamed  ", "environment": "staging", "regions": ["eu-west-1"]}
    )
    assert answer.status_code == 302
    account.refresh_from_db()
    assert (account.name, account.environment, account.regions) == ("renamed", "staging", ["eu-west-1"])
    event = AuditEvent.objects.get(action="account.changed")
    assert (event.actor_label, event.via) == ("olga", "admin")


def test_a_wrong_value_is_told_at_its_field(olgas: Client, account: CloudAccount) -> None:
    answer = olgas.post(f"{LIST}{account.pk}/change/", {"name": "\x01", "environment": "staging", "regions": ["x"]})
    assert answer.status_code == 200
    account.refresh_from_db()
    assert account.name == "data-platform"


def test_deleting_goes_through_the_service(olgas: Client, account: CloudAccount) -> None:
    olgas.post(f"{LIST}{account.pk}/delete/", {"post": "yes"})
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()
    assert AuditEvent.objects.get(action="account.deleted").via == "admin"


ACTIONS = ("revalidate", "scan", "suspend", "resume", "environment", "transfer", "delete_accounts")
FIELDS = {"environment": "staging"}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_asks_first_and_then_becomes_a_job_of_the_operator(
    olgas: Client, operator: User, bob: User, account: CloudAccount, name: str
) -> None:
    chosen = {"action": name, "_selected_action": [str(account.pk)]}
    question = olgas.post(LIST, chosen)
    assert question.status_code == 200
    assert account.name in question.content.decode()
    assert not Job.objects.exists()
    answer = olgas.post(LIST, {**chosen, **FIELDS, "to": "bob", "agreed": "yes"})
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert olgas.get(answer["Location"]).status_code == 200
    assert (job.owner, job.total) == (str(operator.pk), 1)
    assert job.options["of_all_owners"] is True
    assert (job.actor["via"], job.actor["label"]) == ("admin", "olga")


def left_open(browser: Client) -> None:
    session = browser.session
    session["password_confirmed_at"] = time.time() - 3600
    session.save()


@pytest.mark.parametrize("name", ["suspend", "transfer", "delete_accounts"])
def test_a_dangerous_action_asks_for_the_password(olgas: Client, account: CloudAccount, bob: User, name: str) -> None:
    left_open(olgas)
    chosen = {"action": name, "_selected_action": [str(account.pk)], "agreed": "yes", "to": "bob"}
    assert olgas.post(LIST, chosen)["Location"].startswith("/confirm/?next=%2Fadmin%2F")
    assert not Job.objects.exists()


def test_an_action_that_harms_nothing_does_not(olgas: Client, account: CloudAccount) -> None:
    left_open(olgas)
    olgas.post(LIST, {"action": "revalidate", "_selected_action": [str(account.pk)], "agreed": "yes"})
    assert Job.objects.exists()


def test_deleting_one_asks_for_the_password(olgas: Client, account: CloudAccount) -> None:
    left_open(olgas)
    address = f"{LIST}{account.pk}/delete/"
    assert olgas.get(address)["Location"].startswith("/confirm/")
    assert olgas.post(address, {"post": "yes"})["Location"].startswith("/confirm/")
    assert CloudAccount.objects.exists()


def test_one_that_others_are_opened_with_stays_and_it_says_why(
    olgas: Client, alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    make_account(alice, connection=account.pk)
    page = olgas.post(f"{LIST}{account.pk}/delete/", {"post": "yes"}, follow=True)
    assert "Not deleted: 1 other account is opened with this account" in page.content.decode()
    assert CloudAccount.objects.count() == 2


def test_a_transfer_to_nobody_is_asked_again(olgas: Client, account: CloudAccount) -> None:
    chosen = {"action": "transfer", "_selected_action": [str(account.pk)], "agreed": "yes", "to": "nobody-there"}
    answer = olgas.post(LIST, chosen)
    assert "Choose an active user, or a team." in answer.content.decode()
    assert not Job.objects.exists()


def test_all_that_a_filter_fits_can_be_selected(
    olgas: Client, alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    failed = [make_account(alice, name=f"broken {number}", status="failed") for number in range(60)]
    chosen = {"action": "suspend", "_selected_action": [str(failed[0].pk)], "select_across": "1", "agreed": "yes"}
    olgas.post(f"{LIST}?status__exact=failed", chosen)
    assert Job.objects.get().total == 60


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=DATA", ["data-platform"]),
        ("?q=1111-2222", ["numbered"]),
        ("?q=bob", ["of bob"]),
        ("?q=platform", []),
        ("?rotation=critical", ["old"]),
        ("?check=failed", ["wrong"]),
        ("?check=never&rotation=critical", ["old"]),
        ("?status__exact=suspended", ["asleep"]),
    ],
)
def test_the_list_is_searched_and_filtered(
    olgas: Client, alice: User, bob: User, account: CloudAccount, make_account: MakeAccount, query: str,
    expected: list[str],
) -> None:  # fmt: skip
    make_account(alice, name="numbered", account_id="111122223333")
    make_account(bob, name="of bob")
    make_account(alice, name="old", age_days=90)
    make_account(alice, name="wrong", last_check_code="x")
    make_account(alice, name="asleep", status="suspended")
    listed = olgas.get(f"{LIST}{query}").context["cl"].result_list
    assert [row.name for row in listed] == expected


def test_the_list_asks_as_many_questions_however_many_accounts_there_are(
    olgas: Client, alice: User, make_account: MakeAccount, django_assert_num_queries: object
) -> None:
    make_account(alice)
    olgas.get(LIST)
    with django_assert_num_queries(2, using="cloud_security"):  # type: ignore[operator]  # how many, and all of them
        assert "alice" in olgas.get(LIST).content.decode()
    for _ in range(60):
        make_account(alice)
    with django_assert_num_queries(3, using="cloud_security"):  # type: ignore[operator]  # the keys of a page, its rows
        olgas.get(LIST)


@pytest.mark.parametrize(
    "rows",
    [
        CloudAccount.objects.order_by("name_key", "name", "-pk").defer("last_check")[:50],
        CloudAccount.objects.filter(status="failed").order_by("name_key", "name", "-pk").defer("last_check")[:50],
        CloudAccount.objects.filter(begins("name_key", "pay")).order_by("name_key", "name", "-pk")[:50],
        CloudAccount.objects.filter(begins("account_id", "1111")).order_by("name_key", "name", "-pk")[:50],
        AuditEvent.objects.order_by("-created_at", "-pk")[:50],
        Organization.objects.order_by("owner", Lower("name"), "name", "-pk")[:50],
        OrganizationMember.objects.order_by("organization", "node_id", "-pk")[:50],
        OrganizationMember.objects.filter(organization=uuid4(), kind="account", state="failed").order_by("-pk")[:50],
    ],
)
@pytest.mark.skipif(connections["cloud_security"].vendor != "sqlite", reason="words of SQLite's EXPLAIN")
def test_what_the_admin_lists_is_read_by_an_index(db: None, rows: QuerySet[Any]) -> None:
    assert "USING INDEX" in rows.explain()


def test_audit_is_exported_and_that_is_in_it(olgas: Client, account: CloudAccount) -> None:
    event = AuditEvent.objects.get(action="credential.sealed")
    chosen = {"action": "export_csv", "_selected_action": [str(event.pk)]}
    answer = olgas.post("/admin/cloudaccounts/auditevent/", chosen)
    text = b"".join(answer).decode()
    assert "credential.sealed" in text
    assert len(text.splitlines()) == 2
    assert AuditEvent.objects.get(action="export.taken").via == "admin"


def test_the_audit_is_append_only(olgas: Client, account: CloudAccount) -> None:
    event = AuditEvent.objects.get(action="credential.sealed")
    assert olgas.post(f"/admin/cloudaccounts/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert olgas.post(f"/admin/cloudaccounts/auditevent/{event.pk}/change/", {"text": "x"}).status_code == 403


def test_owners_who_are_not_staff_do_not_get_in(alices: Client) -> None:
    assert alices.get(LIST).status_code == 302


@pytest.fixture
def viewers(bob: User, browser_of: Callable[[User], Client]) -> Client:
    """The browser of staff who may look at accounts and scans, and no more."""
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename__in=["view_cloudaccount", "view_scanrun"]))
    return browser_of(bob)


@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_only_look_at_accounts_does_nothing_to_them(
    viewers: Client, account: CloudAccount, action: str
) -> None:
    before = "suspended" if action == "resume" else "active"
    CloudAccount.objects.update(status=before)
    assert viewers.get(LIST).status_code == 200
    chosen = {"action": action, "_selected_action": [str(account.pk)], "agreed": "yes", "to": "bob", **FIELDS}
    viewers.post(LIST, chosen)
    account.refresh_from_db()
    assert account.status == before
    assert not Job.objects.exists()


def test_who_may_change_accounts_suspends_them(viewers: Client, bob: User, account: CloudAccount) -> None:
    bob.user_permissions.add(Permission.objects.get(codename="change_cloudaccount"))
    viewers.post(LIST, {"action": "suspend", "_selected_action": [str(account.pk)], "agreed": "yes"})
    assert Job.objects.get().kind == "fleet.suspend"


def test_who_may_change_accounts_does_not_give_them_away(viewers: Client, bob: User, account: CloudAccount) -> None:
    transfer = {"action": "transfer", "_selected_action": [str(account.pk)], "agreed": "yes", "to": "bob"}
    bob.user_permissions.add(Permission.objects.get(codename="change_cloudaccount"))
    viewers.post(LIST, transfer)
    assert not Job.objects.exists()
    bob.user_permissions.add(Permission.objects.get(codename="transfer_cloudaccount"))
    viewers.post(LIST, transfer)
    assert Job.objects.get().kind == "fleet.transfer"


def test_who_may_only_look_at_scans_cancels_none(viewers: Client, bob: User, account: CloudAccount) -> None:
    run = ScanRun.objects.get(account=account.pk)
    cancel = {"action": "cancel", "_selected_action": [str(run.pk)]}
    viewers.post("/admin/scans/scanrun/", cancel)
    run.refresh_from_db()
    assert run.status == "queued"
    bob.user_permissions.add(Permission.objects.get(codename="change_scanrun"))
    viewers.post("/admin/scans/scanrun/", cancel)
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_the_history_of_an_account_is_what_the_audit_says_of_it(
    olgas: Client, account: CloudAccount, make_account: MakeAccount, alice: User
) -> None:
    other = make_account(alice, name="another")
    for one in (account, other):
        AuditEvent.objects.create(
            owner=one.owner, account=one.pk, account_label=one.name, action="account.renamed", created_at=timezone.now()
        )  # fmt: skip
    page = olgas.get(f"{LIST}{account.pk}/history/", follow=True)
    assert {event.account for event in page.context["cl"].result_list} == {account.pk}
    assert "change history" not in page.content.decode()
