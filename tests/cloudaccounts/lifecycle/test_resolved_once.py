"""Whichever way an account comes in, its provider, its canonical id and its rate limits are looked up once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test.utils import CaptureQueriesContext

from cloudaccounts import registry
from cloudaccounts.accounts.parsing import AccountInput
from cloudaccounts.accounts.resolution import resolve_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.errors import DuplicateAccountError
from cloudaccounts.imports.parser import Row
from cloudaccounts.imports.runner import import_rows
from cloudaccounts.lifecycle.adding import connect_account
from cloudaccounts.lifecycle.onboarding import onboard_account, replace_given_credentials, validate_new_account
from cloudaccounts.models import CloudAccount, CloudCredential
from cloudaccounts.work.databases import SECURITY
from teams.scope import Scope
from tests.cloudaccounts.lifecycle.test_adding import DETAILS, GOOD, TOKEN, add
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.environment import MONGODB
from tests.toycloud.provider import State, ToyProvider

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toycloud")]

Counts = dict[str, int]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, toycloud: State) -> Counter[str]:
    """How often the provider is looked up and asked to clean, to describe and to prove."""
    counter: Counter[str] = Counter()

    def spy(holder: object, name: str) -> None:
        original = getattr(holder, name)

        def counting(*args: object, **options: object) -> object:
            counter[name] += 1
            return original(*args, **options)

        monkeypatch.setattr(holder, name, counting)

    for name in ("clean_account_id", "clean_credentials", "describe", "validate"):
        spy(ToyProvider, name)
    spy(registry, "get")
    return counter


@contextmanager
def measured(calls: Counter[str]) -> Iterator[Counts]:
    """The calls of a block, and its questions to the tables of accounts ("exists") and of rate limits ("limits")."""
    if MONGODB:
        pytest.skip("It counts SQL.")
    counts: Counts = {}
    calls.clear()
    with CaptureQueriesContext(connections[SECURITY]) as queries:
        yield counts
    statements = [query["sql"] for query in queries]
    counts.update(calls)
    counts["exists"] = sum(sql.startswith('SELECT 1 AS "a" FROM "enhanced_cloud_accounts"') for sql in statements)
    counts["limits"] = sum('FROM "api_rate_counters"' in sql for sql in statements)


def toybox(token: str) -> AccountInput:
    return AccountInput("toy", " ABCDEF ", "toybox", "production", ("left",), "token", {"token": token})


ONCE = {
    "get": 1,
    "clean_account_id": 1,
    "clean_credentials": 1,
    "validate": 1,
    "exists": 1,
    "limits": 2,
}  # before the input is read, and before the cloud is asked


def test_connecting(alice: User, toycloud: State, calls: Counter[str]) -> None:
    with measured(calls) as counts:
        onboard_account(scope=Scope(str(alice.pk)), actor=SYSTEM, account_input=toybox(toycloud.good_token))
    assert counts == {**ONCE, "describe": 1}


def test_validating(alice: User, toycloud: State, calls: Counter[str]) -> None:
    with measured(calls) as counts:
        assert validate_new_account(owner=str(alice.pk), actor=SYSTEM, account_input=toybox(toycloud.good_token)).ok
    assert counts == ONCE


def test_an_account_that_is_connected_costs_nothing_more(alice: User, toycloud: State, calls: Counter[str]) -> None:
    add(alice)
    with measured(calls) as counts, pytest.raises(DuplicateAccountError):
        onboard_account(scope=Scope(str(alice.pk)), actor=SYSTEM, account_input=toybox(toycloud.good_token))
    assert counts == {"get": 1, "clean_account_id": 1, "clean_credentials": 1, "exists": 1, "limits": 1}


def test_replacing_credentials_takes_the_account_as_it_is_stored(
    alice: User, toy_account: MakeAccount, toycloud: State, calls: Counter[str]
) -> None:
    account = toy_account(alice)
    with measured(calls) as counts:
        report = replace_given_credentials(account, actor=SYSTEM, method="", raw_values={"token": toycloud.good_token})
    assert report.ok
    assert (counts["clean_credentials"], counts["describe"], counts["validate"]) == (1, 1, 1)
    assert (counts["exists"], counts["limits"]) == (0, 2)
    assert "clean_account_id" not in counts


@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)
def test_importing_a_row(alice: User, toycloud: State, calls: Counter[str]) -> None:
    values = {"provider": "toy", "account_id": "abcdef", "name": "a", "environment": "dev", "auth_method": "token"}
    row = Row(2, values, ("left",), {"token": toycloud.good_token})
    calls.clear()
    assert [result.state for result in import_rows([row], scope=Scope(str(alice.pk)), actor=SYSTEM, dry_run=False)] == [
        "added"
    ]
    assert calls == {"get": 1, "clean_account_id": 1, "clean_credentials": 1, "describe": 1, "validate": 1}


def test_the_constraint_refuses_what_was_connected_since_the_look(alice: User) -> None:
    """The proof takes seconds, in which another call may connect the same account."""
    owner = str(alice.pk)
    resolved = resolve_account(owner, DETAILS)
    first = add(alice)
    assert not resolved.is_connected
    with pytest.raises(DuplicateAccountError):
        connect_account(resolved, actor=SYSTEM, credentials=TOKEN, report=GOOD)
    assert CloudAccount.objects.get().pk == CloudCredential.objects.get().account_id == first.pk
