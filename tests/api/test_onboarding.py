from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential
from scans.models import ScanRun
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_it_connects_a_proven_account(alice: User, alice_calls: Caller, toybox: dict[str, Any]) -> None:
    answer = alice_calls.post("cloud-accounts/", toybox)
    assert answer.status_code == 201, answer.content
    data = answer.json()
    account, run = CloudAccount.objects.get(), ScanRun.objects.get()
    assert set(data) == {
        "id", "provider", "account_id", "name", "status", "scan_run_id", "auto_scan_initiated", "validation",
    }  # fmt: skip
    assert (data["id"], data["status"], account.owner) == (str(account.pk), "active", str(alice.pk))
    assert (data["scan_run_id"], data["auto_scan_initiated"]) == (str(run.run_id), True)
    assert data["validation"]["ok"]
    assert data["validation"]["identity"] == "toy:abcdef"
    assert AuditEvent.objects.get(action="account.created").via == "api"


def test_the_credential_never_comes_back(alice_calls: Caller, toybox: dict[str, Any], toycloud: State) -> None:
    created = alice_calls.post("cloud-accounts/", toybox)
    stored = alice_calls.get(f"cloud-accounts/{created.json()['id']}")
    refused = alice_calls.post("cloud-accounts/", {**toybox, "account_id": "ghijkl", "name": "x" * 500})
    for answer in (created, stored, alice_calls.get("cloud-accounts/"), refused):
        assert toycloud.good_token not in answer.content.decode()


def test_a_second_one_is_a_conflict_that_names_the_first(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    first = alice_calls.post("cloud-accounts/", toybox).json()
    data = assert_problem(alice_calls.post("cloud-accounts/", toybox), 409, "account_exists")
    assert data["details"] == {"id": first["id"]}
    assert CloudAccount.objects.count() == 1


def test_somebody_elses_account_is_no_conflict(alice_calls: Caller, bob_calls: Caller, toybox: dict[str, Any]) -> None:
    assert alice_calls.post("cloud-accounts/", toybox).status_code == 201
    assert bob_calls.post("cloud-accounts/", toybox).status_code == 201


def test_a_refused_credential_is_told_with_its_report_and_stores_nothing(
    alice_calls: Caller, toybox: dict[str, Any]
) -> None:
    answer = alice_calls.post("cloud-accounts/", {**toybox, "credentials": {"token": "stolen"}})
    data = assert_problem(answer, 422, "wrong_key")
    report = data["details"]["validation"]
    assert (report["ok"], report["code"]) == (False, "wrong_key")
    assert report["checks"][0]["status"] == "failed"
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()


def test_validating_stores_nothing_and_answers_with_the_report(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    good = alice_calls.post("cloud-accounts/validate", toybox)
    bad = alice_calls.post("cloud-accounts/validate", {**toybox, "credentials": {"token": "stolen"}})
    assert (good.status_code, good.json()["ok"]) == (200, True)
    assert (bad.status_code, bad.json()["ok"], bad.json()["code"]) == (200, False, "wrong_key")
    assert not CloudAccount.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "mars"}, "provider"),
        ({"account_id": "12"}, "account_id"),
        ({"account_id": 12}, "account_id"),
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"environment": "test"}, "environment"),
        ({"regions": []}, "regions"),
        ({"regions": ["nowhere"]}, "regions"),
        ({"regions": "left"}, "regions"),
        ({"regions": [1]}, "regions.0"),
        ({"auth_method": "password"}, "auth_method"),
        ({"auth_method": ""}, "auth_method"),
        ({"partition": "attic"}, "partition"),
        ({"group": "no-such"}, "group"),
        ({"credentials": {}}, "credentials.token"),
        ({"credentials": {"token": 5}}, "credentials.token"),
        ({"credentials": {"token": "let-me-in", "endpoint": "https://evil.example"}}, "credentials"),
        ({"credentials": "let-me-in"}, "credentials"),
        ({"owner": "2"}, "owner"),
        ({"external_id": "ca-mine"}, "external_id"),
    ],
)
def test_wrong_input_is_told_by_field(
    alice_calls: Caller, toybox: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    data = assert_problem(alice_calls.post("cloud-accounts/", {**toybox, **changes}), 422, "input_invalid")
    assert next(iter(data["details"]["fields"])) == field
    assert not CloudAccount.objects.exists()


def test_all_wrong_fields_are_told_at_once(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    wrong = {**toybox, "account_id": "1", "regions": [], "credentials": {"tokem": "x"}}
    data = assert_problem(alice_calls.post("cloud-accounts/", wrong), 422, "input_invalid")
    assert set(data["details"]["fields"]) == {"account_id", "regions", "credentials", "credentials.token"}


@pytest.mark.parametrize("missing", ["provider", "account_id", "name", "environment", "auth_method"])
def test_a_missing_field_is_named(alice_calls: Caller, toybox: dict[str, Any], missing: str) -> None:
    del toybox[missing]
    data = assert_problem(alice_calls.post("cloud-accounts/", toybox), 422, "input_invalid")
    assert data["details"]["fields"] == {missing: "This is missing."}


def test_the_partition_may_be_named_with_the_credentials(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    toybox["credentials"]["cloud"] = "Shelf"
    assert alice_calls.post("cloud-accounts/", toybox).status_code == 201
    assert CloudAccount.objects.get().partition == "shelf"


def test_two_different_clouds_in_one_call_are_refused(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    toybox |= {"partition": "shelf", "credentials": {**toybox["credentials"], "cloud": "attic"}}
    data = assert_problem(alice_calls.post("cloud-accounts/validate", toybox), 422, "input_invalid")
    assert set(data["details"]["fields"]) == {"partition"}


def test_trouble_of_the_cloud_is_no_failure_of_the_caller(
    alice_calls: Caller, toybox: dict[str, Any], toycloud: State
) -> None:
    toycloud.failure = ProviderError("throttled", "Too many calls.", "Wait.", permanent=False)
    for _ in range(30):
        assert_problem(alice_calls.post("cloud-accounts/", toybox), 422, "throttled")


def test_nobody_brings_malformed_json(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    bodies = [b"{", b"\xff", b'{"name": NaN}', b"[" * 50_000, b'{"name": "\\ud800"}', b"1" * 5000]
    for body in bodies:
        assert_problem(alice_calls.post("cloud-accounts/", body), 400, "json_malformed")
    assert_problem(alice_calls.post("cloud-accounts/", b"[]"), 422, "input_invalid")
    assert_problem(alice_calls.post("cloud-accounts/"), 422, "input_invalid")
    form = alice_calls.post("cloud-accounts/", b"provider=toy", content_type="application/x-www-form-urlencoded")
    assert_problem(form, 415, "not_json")
    assert_problem(alice_calls.post("cloud-accounts/", b" " * 1_100_000), 413, "too_large")


def test_a_defect_of_ours_is_told_without_its_cause(
    alice_calls: Caller, toybox: dict[str, Any], toycloud: State, caplog: pytest.LogCaptureFixture
) -> None:
    toycloud.failure = 5  # type: ignore[assignment]  # no ProviderError at all
    toybox["credentials"] = {"token": "opensesame-opensesame"}
    data = assert_problem(alice_calls.post("cloud-accounts/", toybox), 500, "internal_error")
    assert "opensesame" not in json.dumps(data) + caplog.text
    assert "api.defect" in caplog.text
