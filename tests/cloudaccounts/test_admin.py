from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential, ConnectionCheck
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
        "/admin/cloudaccounts/connectioncheck/",
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


def test_actions_check_suspend_and_resume(olgas: Client, account: CloudAccount) -> None:
    def act(name: str) -> None:
        answer = olgas.post(LIST, {"action": name, "_selected_action": [str(account.pk)]})
        assert answer.status_code == 302
        account.refresh_from_db()

    act("revalidate")
    assert ConnectionCheck.objects.filter(account=account.pk, state="queued").count() == 1
    act("suspend")
    assert account.status == "suspended"
    act("resume")
    assert account.status == "pending"


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


@pytest.mark.parametrize("action", ["revalidate", "suspend", "resume"])
def test_who_may_only_look_at_accounts_does_nothing_to_them(
    viewers: Client, account: CloudAccount, action: str
) -> None:
    before = "suspended" if action == "resume" else "active"
    CloudAccount.objects.update(status=before)
    assert viewers.get(LIST).status_code == 200
    viewers.post(LIST, {"action": action, "_selected_action": [str(account.pk)]})
    account.refresh_from_db()
    assert account.status == before
    assert not ConnectionCheck.objects.exists()


def test_who_may_change_accounts_suspends_them(viewers: Client, bob: User, account: CloudAccount) -> None:
    bob.user_permissions.add(Permission.objects.get(codename="change_cloudaccount"))
    viewers.post(LIST, {"action": "suspend", "_selected_action": [str(account.pk)]})
    account.refresh_from_db()
    assert account.status == "suspended"


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
