from __future__ import annotations

from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.models import AuditEvent, CloudAccount, CloudAccountStatus, CloudCredential, ConnectionCheck
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def url(account: CloudAccount, action: str) -> str:
    return f"/accounts/{account.pk}/{action}/"


@pytest.mark.parametrize("action", ["revalidate", "resume"])
def test_a_look_changes_nothing(alices: Client, account: CloudAccount, action: str) -> None:
    assert alices.get(url(account, action)).status_code == 405


@pytest.mark.parametrize("action", ["revalidate", "suspend", "resume", "delete", "edit"])
def test_nobody_acts_on_other_peoples_accounts(bobs: Client, account: CloudAccount, action: str) -> None:
    assert bobs.post(url(account, action), {"confirm": account.name}).status_code == 404
    account.refresh_from_db()
    assert account.status == CloudAccountStatus.ACTIVE


@pytest.mark.parametrize("action", ["revalidate", "suspend", "resume", "delete", "edit"])
def test_a_foreign_page_cannot_act(alice: User, account: CloudAccount, action: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post(url(account, action), {"confirm": account.name})
    assert response.status_code == 403
    assert "Send it once more" in response.content.decode()


def test_revalidate_asks_for_one_check(alices: Client, account: CloudAccount) -> None:
    for _ in range(2):
        assert alices.post(url(account, "revalidate")).headers["Location"] == f"/accounts/{account.pk}/"
    assert ConnectionCheck.objects.filter(account=account.pk).count() == 1


def test_a_suspended_account_is_not_checked_and_says_why(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    suspended = make_account(alice, status=CloudAccountStatus.SUSPENDED)
    text = alices.post(url(suspended, "revalidate"), follow=True).content.decode()
    assert "This account is suspended." in text
    assert not ConnectionCheck.objects.exists()


def test_suspend_says_first_what_will_happen(alices: Client, account: CloudAccount) -> None:
    text = alices.get(url(account, "suspend")).content.decode()
    assert "No more checks and scans" in text
    account.refresh_from_db()
    assert account.status == CloudAccountStatus.ACTIVE


def test_the_question_alone_goes_into_a_dialog(alices: Client, account: CloudAccount) -> None:
    for action in ("suspend", "delete"):
        text = alices.get(url(account, action), headers=HTMX).content.decode()
        assert "<html" not in text
        assert 'id="dialog-title"' in text


def test_suspend_and_resume(alices: Client, account: CloudAccount) -> None:
    assert "is suspended" in alices.post(url(account, "suspend"), follow=True).content.decode()
    account.refresh_from_db()
    assert account.status == CloudAccountStatus.SUSPENDED
    alices.post(url(account, "resume"))
    account.refresh_from_db()
    assert account.status == CloudAccountStatus.PENDING
    assert ConnectionCheck.objects.filter(account=account.pk).count() == 1


@pytest.mark.parametrize("typed", ["", "data", "DATA-PLATFORM"])
def test_delete_needs_the_name(alices: Client, account: CloudAccount, typed: str) -> None:
    response = alices.post(url(account, "delete"), {"confirm": typed})
    assert response.status_code == 422
    assert CloudAccount.objects.filter(pk=account.pk).exists()


def test_delete_takes_the_credential_along_and_keeps_the_trail(alices: Client, account: CloudAccount) -> None:
    response = alices.post(url(account, "delete"), {"confirm": f" {account.name} "}, follow=True)
    assert "is deleted" in response.content.decode()
    assert not CloudAccount.objects.filter(pk=account.pk).exists()
    assert not CloudCredential.objects.exists()
    assert AuditEvent.objects.filter(action="account.deleted", actor_label="alice", address="127.0.0.1").exists()


def test_edit_changes_name_environment_and_regions(alices: Client, account: CloudAccount) -> None:
    data = {"name": "  renamed  ", "environment": "staging", "regions": ["eu-west-1"]}
    assert alices.post(url(account, "edit"), data).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.environment, account.regions) == ("renamed", "staging", ["eu-west-1"])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Fill this in."),
        ("name", "\u200b", "Give the account a name"),
        ("name", "x" * 121, "at most 120"),
        ("environment", "moon", "Select a valid choice"),
        ("regions", [], "Choose at least one region, or all"),
        ("regions", ["moon-1"], "Select a valid choice"),
    ],
)
def test_edit_refuses_with_a_message_and_stores_nothing(
    alices: Client, account: CloudAccount, field: str, value: object, message: str
) -> None:
    data = {"name": "renamed", "environment": "staging", "regions": ["eu-west-1"], field: value}
    response = alices.post(url(account, "edit"), data)
    assert response.status_code == 422
    assert message in response.content.decode()
    account.refresh_from_db()
    assert (account.name, account.environment) == ("data-platform", "production")


@pytest.mark.parametrize("action", ["revalidate", "suspend", "resume", "edit"])
def test_acting_on_an_account_deleted_in_another_tab_is_not_found(
    alices: Client, account: CloudAccount, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = account_queries.find

    def find_then_lose(owner: str, wanted: UUID) -> CloudAccount | None:
        found = find(Scope(owner), wanted)
        CloudAccount.objects.filter(pk=wanted).delete()
        return found

    monkeypatch.setattr(account_queries, "find", find_then_lose)
    data = {"name": "renamed", "environment": "staging", "regions": ["eu-west-1"]}
    assert alices.post(url(account, action), data, follow=True).status_code == 404
