"""Onboarding over HTTP against the simulated clouds: the real providers and the real SDKs, down to the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.models import CloudAccount
from cloudaccounts.providers.aws import role, server
from sandbox.rig import Rig
from tests.api.conftest import Caller, assert_problem
from tests.cloudaccounts.providers.azure.conftest import TAG
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(scope="module")
def running_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as rig:
        yield rig


@pytest.fixture
def rig(running_rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """This process reaches the simulated clouds as a product process does: by proxy and CA."""
    for name, value in running_rig.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(role, "RETRY_WAITS", (0.05,))
    server.forget()
    yield running_rig
    running_rig.control.clear_faults()


REGIONS = {"aws": ["us-east-1"], "azure": ["westeurope"], "gcp": ["europe-west1"]}


def body(cloud: str, account_id: str, method: str, credentials: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "provider": cloud, "account_id": account_id, "name": "by script", "environment": "staging",
        "regions": REGIONS[cloud], "auth_method": method, "credentials": credentials, **more,
    }  # fmt: skip


def of_scenario(rig: Rig, cloud: str, title: str) -> dict[str, Any]:
    new_account = rig.scenario(title, cloud)
    return body(cloud, new_account["account_id"], new_account["method"], new_account["fields"])


def assert_connected(answer: Any, secret: str) -> CloudAccount:
    assert answer.status_code == 201, answer.content
    data = answer.json()
    account = CloudAccount.objects.get(pk=data["id"])
    assert (account.status, account.environment) == ("active", "staging")
    assert data["validation"]["ok"]
    assert data["validation"]["identity"]
    assert data["scan_run_id"] == str(account.latest_scan_run_id)
    assert data["auto_scan_initiated"] is True
    assert not secret or secret not in answer.content.decode()
    return account


@pytest.mark.parametrize(
    ("cloud", "title", "secret"),
    [
        ("aws", "Everything granted", "secret_access_key"),
        ("aws", "Temporary credentials", "session_token"),
        ("azure", "Everything granted", "client_secret"),
        ("gcp", "Everything granted", "service_account_json"),
    ],
)
def test_a_credential_that_works_is_connected(
    rig: Rig, alice_calls: Caller, cloud: str, title: str, secret: str
) -> None:
    new_account = of_scenario(rig, cloud, title)
    assert_connected(alice_calls.post("cloud-accounts/", new_account), new_account["credentials"][secret])


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_gaps_are_told_and_accepted(rig: Rig, alice_calls: Caller, cloud: str) -> None:
    data = alice_calls.post("cloud-accounts/", of_scenario(rig, cloud, "Some permissions denied")).json()
    statuses = {permission["status"] for permission in data["validation"]["permissions"]}
    assert {"granted", "denied"} <= statuses
    assert data["validation"]["ok"]
    assert any(check["status"] == "warning" for check in data["validation"]["checks"])


def test_a_role_is_connected_with_the_callers_own_external_id(rig: Rig, alice: User, alice_calls: Caller) -> None:
    external_id = alice_calls.get("cloud-accounts/external-id").json()["external_id"]
    arn = rig.control.put_role("444455556666", "api-reader", external_id=external_id)
    new_account = body("aws", "4444-5555-6666", "cross_account_role", {"role_arn": arn})
    account = assert_connected(alice_calls.post("cloud-accounts/", new_account), "")
    assert account.account_id == "444455556666"
    assert account.credential_secretless


def test_a_role_of_somebody_else_is_refused(rig: Rig, alice: User, bob_calls: Caller) -> None:
    arn = rig.control.put_role("444455556666", "alices-reader", external_id=external_id_for(str(alice.pk)))
    answer = bob_calls.post("cloud-accounts/", body("aws", "444455556666", "cross_account_role", {"role_arn": arn}))
    assert answer.status_code == 422
    assert not answer.json()["details"]["validation"]["ok"]
    assert not CloudAccount.objects.exists()


def test_a_certificate_is_connected(rig: Rig, alice_calls: Caller) -> None:
    new_account = of_scenario(rig, "azure", "Certificate")
    assert_connected(
        alice_calls.post("cloud-accounts/", new_account), new_account["credentials"]["certificate_pem"][30:90]
    )


@pytest.mark.parametrize(
    ("title", "cloud", "region"),
    [("Azure US Government", "AzureUSGovernment", "usgovvirginia"), ("Azure China", "china", "chinaeast2")],
)
def test_a_sovereign_cloud_is_named_with_the_credential(
    rig: Rig, alice_calls: Caller, title: str, cloud: str, region: str
) -> None:
    new_account = of_scenario(rig, "azure", title)
    new_account |= {"regions": [region], "credentials": {**new_account["credentials"], "cloud": cloud}}
    account = assert_connected(
        alice_calls.post("cloud-accounts/", new_account), new_account["credentials"]["client_secret"]
    )
    assert account.partition != "public"


def test_federation_is_bound_to_the_caller_by_the_subscriptions_tag(
    rig: Rig, alice: User, alice_calls: Caller, bob_calls: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.write_text(rig.control.server_token())
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(path))
    place = next(
        subscription["id"] for subscription in rig.control.subscriptions() if subscription["name"] == "legacy-reporting"
    )
    made = rig.control.put_app(place, "api-federated", federated={})
    rig.control.put_tag(place, TAG, external_id_for(str(alice.pk)))
    new_account = body("azure", place, "federated", {name: made[name] for name in ("tenant_id", "client_id")})
    assert bob_calls.post("cloud-accounts/", new_account).status_code == 422
    assert_connected(alice_calls.post("cloud-accounts/", new_account), "")


@pytest.mark.parametrize("method", ["impersonation", "workload_identity"])
def test_googles_methods_without_a_key_are_bound_to_the_caller_by_the_projects_label(
    rig: Rig, alice: User, alice_calls: Caller, bob_calls: Caller, method: str
) -> None:
    new_account = of_scenario(rig, "gcp", "Impersonation" if method == "impersonation" else "Workload identity")
    rig.control.gcp.set_label(new_account["account_id"], "cloud-accounts-external-id", external_id_for(str(alice.pk)))
    assert bob_calls.post("cloud-accounts/", new_account).status_code == 422
    assert_connected(alice_calls.post("cloud-accounts/", new_account), "")


def test_a_key_file_may_be_given_as_the_object_that_it_is(rig: Rig, alice_calls: Caller) -> None:
    new_account = of_scenario(rig, "gcp", "Everything granted")
    text = new_account["credentials"]["service_account_json"]
    new_account["credentials"] = {"service_account_json": json.loads(text)}
    assert_connected(alice_calls.post("cloud-accounts/", new_account), json.loads(text)["private_key"][40:90])


def test_a_key_that_was_rotated_at_the_cloud_is_swapped_by_a_call(rig: Rig, alice_calls: Caller) -> None:
    new_account = of_scenario(rig, "aws", "Everything granted")
    account = assert_connected(alice_calls.post("cloud-accounts/", new_account), "")
    made = rig.control.put_user(new_account["account_id"], "next-auditor")
    new = {"credentials": {name: made[name] for name in ("access_key_id", "secret_access_key")}}
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/credentials", new)
    assert (answer.status_code, answer.json()["status"]) == (200, "active"), answer.content
    assert made["secret_access_key"] not in answer.content.decode()
    rig.control.set_key_status(new_account["credentials"]["access_key_id"], "Inactive")
    checked = alice_calls.post(f"cloud-accounts/{account.pk}/revalidate").json()
    rig.control.set_key_status(new_account["credentials"]["access_key_id"], "Active")
    assert (checked["status"], checked["validation"]["ok"]) == ("active", True)


def test_a_refused_key_is_told_with_its_cause(rig: Rig, alice_calls: Caller) -> None:
    new_account = of_scenario(rig, "aws", "Inactive key")
    answer = alice_calls.post("cloud-accounts/", new_account)
    report = answer.json()["details"]["validation"]
    data = assert_problem(answer, 422, report["code"])
    assert data["message"] == report["cause"]
    assert data["remedy"] == report["remedy"]
    assert not CloudAccount.objects.exists()
