"""Impersonation and workload identity: our own identity enters a customer's project, and only the owner's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import EXTERNAL_ID, LABEL, SERVER, Cloud, check

BOBS = "ca-00000000-0000-4000-8000-000000000b0b"
by_server = pytest.mark.parametrize("method", ["impersonation", "workload_identity"])


@by_server
def test_a_project_without_the_label_is_refused_with_the_command_that_sets_it(cloud: Cloud, method: str) -> None:
    report = cloud.validate(cloud.by(method, label=False))
    assert report.code == "external_id_missing"
    command = f"gcloud alpha projects update {cloud.project} --update-labels={LABEL}={EXTERNAL_ID}"
    assert command in report.remedy
    assert report.mending == command


@by_server
@pytest.mark.parametrize("label", [None, BOBS])
@pytest.mark.parametrize("state", ["ACTIVE", "DELETE_REQUESTED"])
def test_of_a_project_without_the_owners_label_nothing_is_read_or_told(
    cloud: Cloud, method: str, label: str | None, state: str
) -> None:
    credentials = cloud.by(method, label=False)
    number = cloud.admin.put_project(cloud.project, "Alices secret plans", state=state)
    cloud.admin.put_service_account(cloud.project, credentials["service_account_email"].split("@")[0])
    cloud.admin.set_label(cloud.project, LABEL, label)
    cloud.control.clear_journal()
    report = cloud.validate(credentials)
    assert report.code == ("external_id_other" if label else "external_id_missing")
    shown = str(report.to_dict())
    assert "secret plans" not in shown
    assert number not in shown
    assert "deletion" not in shown
    assert {item.status for item in report.checks[3:]} == {CheckStatus.SKIPPED}
    assert not report.permissions
    assert {call["action"] for call in cloud.control.calls("gcp")} <= {"token", "generateAccessToken", "GetProject"}
    with pytest.raises(ProviderError) as refused:
        PROVIDER.open_session(credentials, cloud.target())
    assert refused.value.code == report.code
    with pytest.raises(ProviderError) as refused:
        list(PROVIDER.visible_accounts(credentials, cloud.target()))
    assert refused.value.code == report.code


@by_server
def test_bob_cannot_onboard_alices_project(cloud: Cloud, method: str) -> None:
    """Everything is Alice's and works for her; Bob guesses it all, and his own external ID gives him away."""
    alices = cloud.by(method)
    assert cloud.validate(alices).ok
    report = cloud.validate(alices, external_id=BOBS)
    assert report.code == "external_id_other"
    assert EXTERNAL_ID not in str(report.to_dict())
    with pytest.raises(ProviderError) as refused:
        PROVIDER.open_session(alices, cloud.target(external_id=BOBS))
    assert refused.value.code == "external_id_other"


@by_server
def test_an_empty_external_id_never_matches(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.admin.set_label(cloud.project, LABEL, "")
    assert cloud.validate(credentials, external_id="").code == "external_id_missing"


@by_server
def test_a_scan_is_refused_once_the_label_is_gone(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.admin.set_label(cloud.project, LABEL, None)
    with pytest.raises(ProviderError) as refused:
        PROVIDER.open_session(credentials, cloud.target())
    assert refused.value.code == "external_id_missing"


def test_a_key_needs_no_label(cloud: Cloud) -> None:
    assert cloud.validate(cloud.key()).ok


def test_a_service_account_that_does_not_let_us_in_is_told(cloud: Cloud) -> None:
    email = cloud.admin.put_service_account(cloud.project, "closed")
    report = cloud.validate(Credentials("impersonation", {"service_account_email": email}))
    assert (report.code, report.permanent) == ("impersonation_denied", True)
    assert check(report, "identity").sdk_error == "IAM_PERMISSION_DENIED"


def test_a_service_account_that_does_not_exist_gets_the_same_answer(cloud: Cloud) -> None:
    email = f"nobody-here@{cloud.project}.iam.gserviceaccount.com"
    assert cloud.validate(Credentials("impersonation", {"service_account_email": email})).code == "impersonation_denied"


@by_server
def test_a_disabled_service_account_is_told(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.admin.set_service_account_disabled(credentials["service_account_email"])
    assert cloud.validate(credentials).code == "service_account_disabled"


def test_a_server_without_an_identity_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    credentials = cloud.impersonation()
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    assert cloud.validate(credentials).code == "server_identity_missing"
    assert PROVIDER.server_identity(5).error_code == "server_identity_missing"


@pytest.mark.parametrize("content", ["", "{}", "no json", '{"type": "service_account"}'])
def test_a_broken_identity_of_the_server_is_the_operators(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "own.json"
    path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    report = cloud.validate(cloud.impersonation())
    assert report.code == "server_identity_invalid"
    assert str(path) not in str(report.to_dict())


def test_a_refused_identity_of_the_server_is_not_blamed_on_the_customer(cloud: Cloud) -> None:
    own = "cloud-accounts-own"
    cloud.control.gcp.set_service_account_disabled(SERVER)
    try:
        report = cloud.validate(cloud.impersonation())
    finally:
        cloud.control.gcp.set_service_account_disabled(SERVER, disabled=False)
    assert report.code == "server_identity_invalid"
    assert "nothing is wrong with your project" in report.remedy
    assert PROVIDER.server_identity(5).account_id == own


def test_the_server_knows_its_own_name(cloud: Cloud) -> None:
    assert PROVIDER.server_identity(5).principal == SERVER


def test_workload_identity_needs_no_identity_of_the_server(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    assert cloud.validate(cloud.workload()).ok


@pytest.mark.parametrize(
    ("pool", "code"),
    [
        ({"disabled": True}, "workload_provider_missing"),
        ({"issuer": "https://other.example"}, "workload_issuer_refused"),
        ({"audiences": ["somebody-else"]}, "workload_audience_refused"),
        ({"subjects": ["somebody-else"]}, "workload_condition_refused"),
    ],
)
def test_each_way_that_a_provider_refuses_our_token_is_told(cloud: Cloud, pool: dict[str, Any], code: str) -> None:
    assert cloud.validate(cloud.workload(**pool)).code == code


def test_a_provider_that_does_not_exist_is_told(cloud: Cloud) -> None:
    credentials = cloud.workload()
    other = credentials["audience"].replace("/providers/cloud-accounts", "/providers/other-name")
    report = cloud.validate(Credentials("workload_identity", {**credentials.values, "audience": other}))
    assert (report.code, check(report, "identity").sdk_error) == ("workload_provider_missing", "invalid_target")


def test_a_pool_identity_that_may_not_act_as_the_account_is_told(cloud: Cloud) -> None:
    email = cloud.admin.put_service_account(cloud.project, "closed")
    audience = cloud.admin.put_pool(cloud.project)
    report = cloud.validate(Credentials("workload_identity", {"audience": audience, "service_account_email": email}))
    assert report.code == "impersonation_denied"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "server_token_unreadable"),
        ("", "server_token_unreadable"),
        ("no token", "server_token_unreadable"),
        ("a.b.c", "server_token_unreadable"),
        ("x" * 100_000, "server_token_unreadable"),
        ("expired", "server_token_expired"),
    ],
)
def test_a_bad_token_of_the_server_is_the_operators(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, code: str
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(cloud.admin.identity_token(seconds=-60) if content == "expired" else content)
    monkeypatch.setenv("GCP_WORKLOAD_TOKEN_FILE", str(path))
    report = cloud.validate(cloud.workload())
    assert report.code == code
    assert "operator" in report.remedy
    assert not cloud.calls("token")


def test_a_server_without_a_token_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GCP_WORKLOAD_TOKEN_FILE")
    assert cloud.validate(cloud.workload()).code == "server_token_missing"
    assert "GCP_WORKLOAD_TOKEN_FILE" not in os.environ


def test_a_renewed_token_is_read_each_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "token"
    monkeypatch.setenv("GCP_WORKLOAD_TOKEN_FILE", str(path))
    credentials = cloud.workload()
    path.write_text(cloud.admin.identity_token(subject="somebody-else"))
    assert cloud.validate(credentials).code == "workload_condition_refused"
    path.write_text(cloud.admin.identity_token())
    assert cloud.validate(credentials).ok


@by_server
def test_other_projects_are_offered_only_with_the_owners_label(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    email = credentials["service_account_email"]
    for name, label in (
        (f"{cloud.project}-mine", EXTERNAL_ID),
        (f"{cloud.project}-hers", BOBS),
        (f"{cloud.project}-bare", None),
    ):
        cloud.admin.put_project(name)
        cloud.admin.put_service_account(cloud.project, email.split("@")[0], on=name)
        cloud.admin.set_label(name, LABEL, label)
    cloud.admin.put_service_account(cloud.project, email.split("@")[0])
    found = list(PROVIDER.visible_accounts(credentials, cloud.target()))
    assert [item.account_id for item in found] == [f"{cloud.project}-mine"]


def test_a_key_sees_the_other_active_projects_that_it_has_a_role_on(cloud: Cloud) -> None:
    for state in ("ACTIVE", "DELETE_REQUESTED"):
        name = f"{cloud.project}-{state[:3].lower()}"
        cloud.admin.put_project(name, "Other one", state=state)
        cloud.admin.put_service_account(cloud.project, "reader-account", on=name)
    found = list(PROVIDER.visible_accounts(cloud.key(), cloud.target()))
    assert [(item.account_id, item.name, item.enabled) for item in found] == [
        (f"{cloud.project}-act", "Other one", True)
    ]
