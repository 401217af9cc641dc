from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials import vault
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.health.connection_checks import request_check
from cloudaccounts.lifecycle import onboarding
from cloudaccounts.lifecycle.state_changes import suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential, ConnectionCheck
from cloudaccounts.models.check import CheckState
from scans.models import ScanRun
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, SECRET
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def fleet(alice: User, bob: User, make_account: MakeAccount) -> list[CloudAccount]:
    make_account(bob, name="bobs")
    return [
        make_account(alice, name="alpha", account_id="111122223333"),
        make_account(alice, name="beta", status="failed", environment="dev"),
        make_account(alice, name="gamma", age_days=95),
        make_account(alice, name="delta", age_days=70, provider="azure"),
        make_account(alice, name="omega", secretless=True),
    ]


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "alpha beta delta gamma omega"),
        ("?provider=&status=&environment=&group=&rotation=&q=&limit=&offset=", "alpha beta delta gamma omega"),
        ("?provider=azure", "delta"),
        ("?status=failed", "beta"),
        ("?environment=dev", "beta"),
        ("?rotation=critical", "gamma"),
        ("?rotation=warning", "delta"),
        ("?rotation=not_applicable", "omega"),
        ("?q=alp", "alpha"),
        ("?q=1111-2222", "alpha"),
        ("?q=nobody", ""),
        ("?limit=2", "alpha beta"),
        ("?limit=2&offset=4", "omega"),
        ("?offset=1000", ""),
    ],
)
def test_it_lists_what_fits(alice_calls: Caller, query: str, expected: str) -> None:
    answer = alice_calls.get(f"cloud-accounts/{query}")
    assert names(answer) == expected.split()
    if "limit" in query or "offset=1" in query:
        assert answer.json()["count"] == 5


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("provider=mars", "provider"),
        ("status=lost", "status"),
        ("environment=test", "environment"),
        ("rotation=old", "rotation"),
        ("group=nobody", "group"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("provder=aws", "query"),
        ("q=%00", "query"),
    ],
)
def test_a_filter_that_does_not_exist_is_refused(alice_calls: Caller, query: str, field: str) -> None:
    data = assert_problem(alice_calls.get(f"cloud-accounts/?{query}"), 422, "input_invalid")
    assert list(data["details"]["fields"]) == [field]


@pytest.mark.usefixtures("fleet", "steady_minute")
def test_a_list_takes_as_many_queries_for_many_as_for_one(
    alice: User, alice_calls: Caller, make_account: MakeAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alice_calls.get("cloud-accounts/")
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments")
    for many in (1, 20):
        add_members(group, actor=SYSTEM, accounts=[make_account(alice, name="a").pk for _ in range(many)])
        with django_assert_num_queries(6, using="cloud_security"):  # token, its count, how many, the page, its groups
            assert alice_calls.get("cloud-accounts/").json()["items"][0]["groups"][0]["name"] == "payments"


def test_one_account_is_told_without_its_credential(
    alice: User, alice_calls: Caller, make_account: MakeAccount
) -> None:
    account = make_account(alice, age_days=61)
    answer = alice_calls.get(f"cloud-accounts/{account.pk}")
    data = answer.json()
    assert (data["rotation"], data["credential_age_days"], data["groups"]) == ("warning", 61, [])
    assert data["validation"] is None
    assert SECRET not in answer.content.decode()
    assert "payload" not in answer.content.decode()


def test_it_changes_what_is_named_and_nothing_else(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice, name="old")
    data = alice_calls.patch(f"cloud-accounts/{account.pk}", {"name": "new", "regions": ["eu-west-1"]}).json()
    assert (data["name"], data["environment"], data["regions"]) == ("new", "production", ["eu-west-1"])
    account.refresh_from_db()
    assert (account.name, account.regions) == ("new", ["eu-west-1"])
    event = AuditEvent.objects.get(action="account.changed")
    assert (event.actor_label, event.via) == ("alice", "api")


def test_changing_nothing_is_fine_and_leaves_no_trace(
    alice: User, alice_calls: Caller, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    assert alice_calls.patch(f"cloud-accounts/{account.pk}", {}).status_code == 200
    assert not AuditEvent.objects.filter(action="account.changed").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"regions": ["moon-1"]}, "regions"),
        ({"environment": "live"}, "environment"),
        ({"groups": ["nobody"]}, "groups"),
        ({"status": "active"}, "status"),
        ({"account_id": "444455556666"}, "account_id"),
    ],
)
def test_a_change_that_is_wrong_changes_nothing(
    alice: User, alice_calls: Caller, make_account: MakeAccount, changes: dict[str, Any], field: str
) -> None:
    account = make_account(alice)
    data = assert_problem(alice_calls.patch(f"cloud-accounts/{account.pk}", changes), 422, "input_invalid")
    assert list(data["details"]["fields"]) == [field]
    assert CloudAccount.objects.get().name == account.name


def test_it_deletes(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    answer = alice_calls.delete(f"cloud-accounts/{account.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()
    assert not ScanRun.objects.exists()
    assert_problem(alice_calls.delete(f"cloud-accounts/{account.pk}"), 404, "not_found")


def test_one_that_others_are_opened_with_stays(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    make_account(alice, connection=account.pk)
    assert_problem(alice_calls.delete(f"cloud-accounts/{account.pk}"), 409, "connection_in_use")
    assert CloudAccount.objects.count() == 2


def test_revalidating_answers_with_the_outcome(alice: User, alice_calls: Caller, toy_account: MakeAccount) -> None:
    account = toy_account(alice, status="failed")
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/revalidate")
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "active"
    assert answer.json()["validation"]["ok"]


def test_revalidating_tells_a_failure_too(
    alice: User, alice_calls: Caller, toy_account: MakeAccount, toycloud: State
) -> None:
    account = toy_account(alice)
    toycloud.good_token = "changed-since"
    data = alice_calls.post(f"cloud-accounts/{account.pk}/revalidate").json()
    assert (data["status"], data["validation"]["code"]) == ("failed", "wrong_key")


@pytest.mark.usefixtures("worker")
def test_the_process_that_answers_asks_no_cloud(
    alice: User, alice_calls: Caller, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = toy_account(alice, status="failed")
    monkeypatch.setattr(onboarding, "run_check", None)  # calling it is an error
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/revalidate")
    assert (answer.status_code, answer.json()["status"]) == (200, "active")


def test_a_suspended_account_is_not_checked(alice: User, alice_calls: Caller, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    suspend_account(account, actor=SYSTEM)
    assert_problem(alice_calls.post(f"cloud-accounts/{account.pk}/revalidate"), 409, "account_suspended")
    assert_problem(alice_calls.post(f"cloud-accounts/{account.pk}/scans"), 409, "account_suspended")


def test_a_check_that_a_worker_has_is_waited_for(
    alice: User, alice_calls: Caller, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = toy_account(alice)
    check = request_check(account, actor=SYSTEM)
    ConnectionCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING, claim=uuid4())
    waits: list[float] = []

    def finish_meanwhile(seconds: float) -> None:
        waits.append(seconds)
        ConnectionCheck.objects.filter(pk=check.pk).update(
            state=CheckState.FINISHED, active_account=None, report={"ok": True, "finished": True}
        )

    monkeypatch.setattr(onboarding, "pause", finish_meanwhile)
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/revalidate")
    assert (answer.status_code, answer.json()["validation"]["ok"], waits) == (200, True, [onboarding.FIRST_POLLS[0]])


def test_a_check_that_does_not_end_in_time_is_told(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    check = request_check(account, actor=SYSTEM)
    ConnectionCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING, claim=uuid4())
    with pytest.raises(onboarding.CheckUnderWayError):
        onboarding.check_now(account, actor=SYSTEM, deadline=0.01)


def test_new_credentials_are_proven_and_swapped(
    alice: User, alice_calls: Caller, toy_account: MakeAccount, toycloud: State
) -> None:
    account = toy_account(alice, status="failed")
    toycloud.good_token = "the-next-one"
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/credentials", {"credentials": {"token": "the-next-one"}})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["status"], answer.json()["validation"]["ok"]) == ("active", True)
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert opened["token"] == "the-next-one"


def test_refused_credentials_leave_the_old_ones_in_use(
    alice: User, alice_calls: Caller, toy_account: MakeAccount, toycloud: State
) -> None:
    account = toy_account(alice)
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/credentials", {"credentials": {"token": "wrong"}})
    data = assert_problem(answer, 422, "wrong_key")
    assert not data["details"]["validation"]["ok"]
    assert vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"] == toycloud.good_token


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "credentials"),
        ({"credentials": {}}, "credentials.token"),
        ({"credentials": {"token": "x", "path": "/etc/passwd"}}, "credentials"),
        ({"credentials": {"token": "x"}, "auth_method": "magic"}, "auth_method"),
    ],
)
def test_malformed_credentials_are_told_by_field(
    alice: User, alice_calls: Caller, toy_account: MakeAccount, body: dict[str, Any], field: str
) -> None:
    account = toy_account(alice)
    data = assert_problem(alice_calls.post(f"cloud-accounts/{account.pk}/credentials", body), 422, "input_invalid")
    assert list(data["details"]["fields"]) == [field]


def test_the_external_id_is_the_callers_own(alice: User, alice_calls: Caller, bob_calls: Caller) -> None:
    mine = alice_calls.get("cloud-accounts/external-id").json()
    assert mine == {"external_id": external_id_for(str(alice.pk))}
    assert bob_calls.get("cloud-accounts/external-id").json() != mine
