from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from cloudaccounts.accounts.details import AccountDetails, clean_details
from cloudaccounts.accounts.queries import check_account_exists
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.errors import (
    AccountDeletedError,
    CredentialsUnreadableError,
    DuplicateAccountError,
    InputError,
    ValidationRefusedError,
)
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential
from cloudaccounts.text import clean_name
from scans.models import ScanRun
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toycloud")]

DETAILS = AccountDetails("toy", "abcdef", "shelf", "toybox", "production", ("left",), "token")
GOOD = CloudValidationResult(ok=True, finished=True, identity="toy:abcdef")
TOKEN = Credentials("token", {"token": "let-me-in"})


def add(owner: User | str, **changes: object) -> CloudAccount:
    key = owner if isinstance(owner, str) else str(owner.pk)
    given_: dict[str, object] = {"details": DETAILS, "credentials": TOKEN, "report": GOOD, **changes}
    return add_cloud_account(owner=key, actor=Actor(key, "alice", "page", "192.0.2.1"), **given_)  # type: ignore[arg-type]  # by keyword


def test_it_stores_account_credential_and_audit(alice: User) -> None:
    account = add(alice)
    assert CloudAccount.objects.get().status == "active"
    assert CloudCredential.objects.get().account_id == account.pk
    event = AuditEvent.objects.get(action="account.created")
    assert (event.actor_label, event.address) == ("alice", "192.0.2.1")


def test_it_requests_the_first_scan_by_itself(alice: User) -> None:
    account = add(alice)
    run = ScanRun.objects.get()
    assert (run.account, run.status, run.auto_initiated, run.regions) == (account.pk, "queued", True, ["left"])
    assert account.latest_scan_run_id == run.run_id == CloudAccount.objects.get().latest_scan_run_id


def test_it_refuses_a_duplicate_of_the_same_owner(alice: User) -> None:
    add(alice)
    with pytest.raises(DuplicateAccountError, match="connected abcdef already"):
        add(alice, details=replace(DETAILS, account_id=" ABCDEF "))
    assert CloudAccount.objects.count() == CloudCredential.objects.count() == ScanRun.objects.count() == 1


def test_another_owner_may_connect_the_same_account(alice: User, bob: User) -> None:
    add(alice)
    add(bob)
    assert check_account_exists(str(bob.pk), "toy", "abcdef")


def test_the_database_itself_refuses_a_duplicate(alice: User) -> None:
    add(alice)
    row = CloudAccount.objects.get()
    row.pk = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic(using="cloud_security"):
        row.save(force_insert=True)


def test_it_refuses_what_was_not_proven(alice: User) -> None:
    with pytest.raises(ValidationRefusedError):
        add(alice, report=replace(GOOD, ok=False, code="wrong_key", cause="No."))
    with pytest.raises(ValidationRefusedError):
        add(alice, report=replace(GOOD, finished=False))
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()


def test_repeating_a_draft_gives_the_same_account(alice: User) -> None:
    key = uuid4()
    assert add(alice, account_uuid=key).pk == add(alice, account_uuid=key).pk == key
    assert CloudAccount.objects.count() == ScanRun.objects.count() == 1


def test_it_stores_nothing_with_a_key_that_does_not_fit_the_data(alice: User, bob: User, settings: Settings) -> None:
    add(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CredentialsUnreadableError):
        add(bob)
    assert CloudAccount.objects.count() == CloudCredential.objects.count() == 1


def test_it_names_every_wrong_field() -> None:
    with pytest.raises(InputError) as caught:
        clean_details(AccountDetails("toy", "x", "moon", " ", "prod", ("under",), "guess"))
    assert set(caught.value.fields) == {"account_id", "partition", "name", "environment", "regions", "auth_method"}


def test_it_refuses_an_unknown_provider() -> None:
    with pytest.raises(InputError) as caught:
        clean_details(replace(DETAILS, provider="../../etc"))
    assert set(caught.value.fields) == {"provider"}


@given(st.text(max_size=300))
def test_a_name_is_one_line_without_control_characters(raw: str) -> None:
    name = clean_name(raw)
    assert name == name.strip()
    assert name.isprintable() or not name.isascii()
    assert not set("\x00\n\r\t\u202e\u2028") & set(name)


def test_repeating_the_draft_of_a_deleted_account_does_not_bring_it_back(alice: User) -> None:
    key = uuid4()
    delete_account(add(alice, account_uuid=key), actor=Actor(str(alice.pk), "alice", "page"))
    with pytest.raises(AccountDeletedError):
        add(alice, account_uuid=key)
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()
    assert not ScanRun.objects.exists()


class TestInParallel:
    pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)

    def test_200_parallel_adds_give_exactly_one_account(self, alice: User, toycloud: State) -> None:
        owner, together = str(alice.pk), threading.Barrier(20)
        toycloud.set_assets("toys", "global")

        def one(_: int) -> str:
            try:
                if _ < 20:
                    together.wait(10)
                add(owner)
            except DuplicateAccountError:
                return "duplicate"
            finally:
                connections.close_all()
            return "added"

        with ThreadPoolExecutor(20) as pool:
            outcomes = list(pool.map(one, range(200)))
        assert sorted(set(outcomes)) == ["added", "duplicate"]
        assert outcomes.count("added") == 1
        assert CloudAccount.objects.count() == CloudCredential.objects.count() == ScanRun.objects.count() == 1
