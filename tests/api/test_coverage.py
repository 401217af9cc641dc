"""Regions, coverage and posture in account rows, and replacing credentials by ones that read less."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation
from scans.models import ScanRun
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def connected(alice_calls: Caller, toybox: dict[str, Any]) -> CloudAccount:
    assert alice_calls.post("cloud-accounts/", toybox).status_code == 201
    ScanRun.objects.all().delete()
    return CloudAccount.objects.get()


def scan(account: CloudAccount) -> None:
    run_scan(request_scan(account, actor=SYSTEM).run_id)


def row_of(calls: Caller, account: CloudAccount) -> Any:
    return calls.get(f"cloud-accounts/{account.pk}").json()


@pytest.mark.parametrize("given", ["all", ["all"], None])
def test_all_regions_are_the_default_and_said_as_such(alice_calls: Caller, toybox: dict[str, Any], given: Any) -> None:
    del toybox["regions"]
    if given is not None:
        toybox["regions"] = given
    assert alice_calls.post("cloud-accounts/", toybox).status_code == 201
    account = CloudAccount.objects.get()
    assert account.all_regions
    row = row_of(alice_calls, account)
    assert (row["regions"], row["scanned_regions"]) == ("all", ["left", "right"])  # those that every account has


@pytest.mark.parametrize("given", [["all", "left"], "left", "ALL", [], ["moon"]])
def test_anything_else_than_all_or_a_list_is_refused(alice_calls: Caller, toybox: dict[str, Any], given: Any) -> None:
    answer = alice_calls.post("cloud-accounts/", {**toybox, "regions": given})
    assert set(assert_problem(answer, 422, "input_invalid")["details"]["fields"]) == {"regions"}
    assert not CloudAccount.objects.exists()


def test_a_list_stays_a_list(alice_calls: Caller, connected: CloudAccount) -> None:
    scan(connected)
    row = row_of(alice_calls, connected)
    assert (row["regions"], row["coverage"]["regions"]) == (["left"], {"enabled": 2, "read": 1})
    assert row["coverage"]["percent"] == 50


def test_regions_can_be_changed_to_all_and_back(alice_calls: Caller, connected: CloudAccount) -> None:
    path = f"cloud-accounts/{connected.pk}"
    assert alice_calls.patch(path, {"regions": "all"}).json()["regions"] == "all"
    assert alice_calls.patch(path, {"name": "renamed"}).json()["regions"] == "all"
    assert alice_calls.patch(path, {"regions": ["right"]}).json()["regions"] == ["right"]
    assert not CloudAccount.objects.get().all_regions


def test_before_the_first_scan_coverage_is_not_known(alice_calls: Caller, connected: CloudAccount) -> None:
    row = row_of(alice_calls, connected)
    assert row["coverage"] == {
        "percent": None, "regions": {"enabled": None, "read": 0}, "units": {"total": 0, "read": 0, "stale": 0},
        "permissions": {"needed": 1, "granted": 1, "denied": 0, "unverifiable": 0}, "gaps": [],
        "switched_off": [],
    }  # fmt: skip
    assert (row["posture"], row["last_scan"]) == (None, None)


def test_one_account_has_gaps_and_a_list_has_numbers(
    alice_calls: Caller, connected: CloudAccount, toycloud: State
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan(connected)
    one = row_of(alice_calls, connected)
    (gap,) = one["coverage"]["gaps"]
    assert set(gap) == {"kind", "what", "why", "blinds", "since"}
    assert (gap["kind"], gap["what"]) == ("region", "right")
    (listed,) = alice_calls.get("cloud-accounts/").json()["items"]
    assert set(listed["coverage"]) == {"percent", "regions", "units", "permissions"}
    assert listed["posture"] == {"critical": 1, "high": 0, "medium": 0, "low": 0, "score": 0}
    assert listed["last_scan"]["status"] == "completed"
    assert listed["status"] == "active"


@pytest.mark.parametrize(("coverage", "count"), [("gaps", 1), ("complete", 0), ("unknown", 0), ("", 1)])
def test_accounts_are_found_by_coverage(
    alice_calls: Caller, connected: CloudAccount, coverage: str, count: int
) -> None:
    scan(connected)
    assert alice_calls.get(f"cloud-accounts/?coverage={coverage}").json()["count"] == count


@pytest.fixture
def less(connected: CloudAccount, toycloud: State) -> dict[str, Any]:
    """A credential that works and reads less than the one in use, which was granted ``boxes:Open``."""
    toycloud.denied = ["boxes:Open"]
    return {"credentials": {"token": toycloud.good_token}}


def test_a_credential_that_reads_less_is_asked_about(
    alice_calls: Caller, connected: CloudAccount, less: dict[str, Any]
) -> None:
    before = CloudCredential.objects.get().written_at
    answer = alice_calls.post(f"cloud-accounts/{connected.pk}/credentials", less)
    problem = assert_problem(answer, 409, "access_would_be_lost")
    (gap,) = problem["details"]["gaps"]
    assert (gap["kind"], gap["what"], gap["blinds"]) == ("permission", "boxes:Open", "boxes")
    assert "accept_loss" in problem["remedy"]
    assert "Retry-After" not in answer
    credential = CloudCredential.objects.get()
    assert (credential.written_at, credential.staged_id, credential.generation) == (before, None, 0)
    assert not CredentialRotation.objects.filter(active_account__isnull=False).exists()


def test_with_accept_loss_it_takes_over(alice_calls: Caller, connected: CloudAccount, less: dict[str, Any]) -> None:
    answer = alice_calls.post(f"cloud-accounts/{connected.pk}/credentials", {**less, "accept_loss": True})
    assert answer.status_code == 200
    assert CloudCredential.objects.get().generation == 1
    assert [gap["what"] for gap in row_of(alice_calls, connected)["coverage"]["gaps"]] == ["boxes:Open"]


def test_one_that_reads_as_much_is_not_asked_about(
    alice_calls: Caller, connected: CloudAccount, toycloud: State
) -> None:
    toycloud.denied = ["boxes:Lock"]  # never granted: nothing is lost
    body = {"credentials": {"token": toycloud.good_token}}
    assert alice_calls.post(f"cloud-accounts/{connected.pk}/credentials", body).status_code == 200


def test_what_was_lost_already_is_not_lost_again(
    alice_calls: Caller, connected: CloudAccount, less: dict[str, Any]
) -> None:
    assert alice_calls.post(f"cloud-accounts/{connected.pk}/revalidate").status_code == 200
    assert alice_calls.post(f"cloud-accounts/{connected.pk}/credentials", less).status_code == 200


def test_a_refused_credential_is_refused_as_before(
    alice_calls: Caller, connected: CloudAccount, less: dict[str, Any]
) -> None:
    wrong = {"credentials": {"token": "wrong"}, "accept_loss": True}
    assert_problem(alice_calls.post(f"cloud-accounts/{connected.pk}/credentials", wrong), 422, "wrong_key")
