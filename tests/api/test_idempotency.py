from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.serializers import serialize
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.crypto.fields import KeyringError
from cloudaccounts.groups.services import create_group, set_groups
from cloudaccounts.models import ApiToken, CloudAccount, GroupMember, IdempotentCall
from cloudaccounts.tokens.retention import purge_api_records
from scans.models import ScanRun
from teams.scope import Scope
from tests.api.conftest import Caller, MakeCaller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount, raw_rows
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
KEY = {"Idempotency-Key": "onboard-toybox-1"}


def test_a_repeated_call_is_done_once_and_answered_alike(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    first = alice_calls.post("cloud-accounts/", toybox, **KEY)
    again = alice_calls.post("cloud-accounts/", toybox, **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert CloudAccount.objects.count() == 1


def test_a_refusal_is_repeated_too(alice_calls: Caller, toybox: dict[str, Any], toycloud: State) -> None:
    wrong = {**toybox, "credentials": {"token": "soon-right"}}
    first = alice_calls.post("cloud-accounts/", wrong, **KEY)
    toycloud.good_token = "soon-right"
    again = alice_calls.post("cloud-accounts/", wrong, **KEY)
    assert (first.status_code, again.status_code) == (422, 422)
    assert again.json() == first.json()


def test_one_key_for_two_calls_is_refused(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    alice_calls.post("cloud-accounts/", toybox, **KEY)
    answer = alice_calls.post("cloud-accounts/", {**toybox, "name": "another"}, **KEY)
    assert_problem(answer, 422, "idempotency_key_reused")


def test_the_same_key_of_another_token_is_another_key(
    alice: User, alice_calls: Caller, bob_calls: Caller, caller_of: MakeCaller, toybox: dict[str, Any]
) -> None:
    assert alice_calls.post("cloud-accounts/", toybox, **KEY).status_code == 201
    assert bob_calls.post("cloud-accounts/", toybox, **KEY).status_code == 201
    assert_problem(caller_of(alice).post("cloud-accounts/", toybox, **KEY), 409, "account_exists")


def test_while_the_first_is_answered_the_second_waits(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    alice_calls.post("cloud-accounts/", toybox, **KEY)
    IdempotentCall.objects.update(status=0, claim=uuid4(), lease_until=timezone.now() + timedelta(seconds=50))
    answer = alice_calls.post("cloud-accounts/", toybox, **KEY)
    assert_problem(answer, 409, "idempotency_key_busy")
    assert int(answer["Retry-After"]) > 0


def test_a_killed_call_is_taken_up_and_makes_no_second_account(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    first = alice_calls.post("cloud-accounts/", toybox, **KEY).json()
    # As left behind by a process that was killed after the account was written, before its answer was.
    IdempotentCall.objects.update(status=0, claim=uuid4(), lease_until=timezone.now() - timedelta(seconds=1))
    again = alice_calls.post("cloud-accounts/", toybox, **KEY)
    assert again.status_code == 201
    assert again.json()["id"] == first["id"]
    assert CloudAccount.objects.count() == 1


def test_a_killed_call_that_is_taken_up_sets_the_groups_as_well(
    alice: User, alice_calls: Caller, toybox: dict[str, Any]
) -> None:
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments")
    toybox["group"] = "payments"
    made = UUID(alice_calls.post("cloud-accounts/", toybox, **KEY).json()["id"])
    # Killed between the account and its groups.
    set_groups(CloudAccount.objects.get(), actor=SYSTEM, group_ids=[])
    IdempotentCall.objects.update(status=0, claim=uuid4(), lease_until=timezone.now() - timedelta(seconds=1))
    assert alice_calls.post("cloud-accounts/", toybox, **KEY).status_code == 201
    assert list(GroupMember.objects.filter(account=made).values_list("group", flat=True)) == [group.pk]


def test_a_killed_start_of_a_scan_finds_its_own(alice: User, alice_calls: Caller, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    ScanRun.objects.all().delete()
    path = f"cloud-accounts/{account.pk}/scans"
    first = alice_calls.post(path, **KEY)
    assert first.status_code == 202
    for ended in (False, True):
        if ended:
            ScanRun.objects.update(active_account=None, status="completed")
        IdempotentCall.objects.update(status=0, claim=uuid4(), lease_until=timezone.now() - timedelta(seconds=1))
        again = alice_calls.post(path, **KEY)
        assert (again.status_code, again.json()) == (202, first.json())
    assert ScanRun.objects.count() == 1
    assert alice_calls.post(path, **{"Idempotency-Key": "another"}).status_code == 202
    assert alice_calls.post(path, **{"Idempotency-Key": "one more"}).status_code == 409


def test_a_call_that_was_not_done_is_not_remembered(
    alice_calls: Caller, toybox: dict[str, Any], toycloud: State
) -> None:
    toycloud.failure = 5  # type: ignore[assignment]  # a defect of ours
    assert_problem(alice_calls.post("cloud-accounts/", toybox, **KEY), 500, "internal_error")
    toycloud.failure = None
    assert alice_calls.post("cloud-accounts/", toybox, **KEY).status_code == 201


def test_it_keeps_no_secret_and_no_key(alice_calls: Caller, toybox: dict[str, Any], toycloud: State) -> None:
    toycloud.failure = ProviderError("wrong_key", "No.", "Yes.")
    alice_calls.post("cloud-accounts/", toybox, **KEY)
    rows = serialize("json", [*IdempotentCall.objects.all(), *ApiToken.objects.all()])
    assert toybox["credentials"]["token"] not in rows
    assert KEY["Idempotency-Key"] not in rows
    assert alice_calls.text[8:] not in rows
    assert json.loads(rows)[0]["fields"]["status"] == 422


def test_what_is_shown_once_is_kept_sealed(alice: User, alice_calls: Caller) -> None:
    body = {"kind": "webhook", "name": "SIEM", "settings": {"url": "https://hooks.example.com/x"}}
    first = alice_calls.post("channels/", body, **KEY)
    secret = first.json()["secret"]
    assert secret.startswith("whsec_")
    assert not any(secret in row for row in raw_rows("cloud_security"))
    assert alice_calls.post("channels/", body, **KEY).json() == first.json()
    other = IdempotentCall.objects.create(key="k", fingerprint="f", expires_at=timezone.now())
    with pytest.raises(KeyringError):  # copied to another row
        IdempotentCall.objects.exclude(pk=other.pk).get().sealed.open(bound_to=other.pk, column="sealed")  # type: ignore[union-attr]


def test_an_answer_that_a_release_before_kept_is_given(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    alice_calls.post("cloud-accounts/", toybox, **KEY)
    IdempotentCall.objects.update(sealed=None, answer={"id": "as before"})
    assert alice_calls.post("cloud-accounts/", toybox, **KEY).json() == {"id": "as before"}


@pytest.mark.parametrize("key", ["", "x" * 256, "kéy"])
def test_a_key_that_is_none_is_refused(alice_calls: Caller, toybox: dict[str, Any], key: str) -> None:
    answer = alice_calls.post("cloud-accounts/", toybox, **{"Idempotency-Key": key})
    assert_problem(answer, 422, "input_invalid")


def test_after_a_day_it_is_forgotten(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    alice_calls.post("cloud-accounts/", toybox, **KEY)
    IdempotentCall.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_problem(alice_calls.post("cloud-accounts/", toybox, **KEY), 409, "account_exists")
    IdempotentCall.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert purge_api_records() == 1
    assert not IdempotentCall.objects.exists()
