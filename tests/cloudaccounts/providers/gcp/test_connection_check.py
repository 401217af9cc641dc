from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.health.state_machine import Event, Observation
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import LABEL, METHODS, Cloud


def light(cloud: Cloud, credentials: Credentials, **target: Any) -> None:
    PROVIDER.check_connection(credentials, cloud.target(**target))


def refusal(cloud: Cloud, credentials: Credentials, **target: Any) -> Observation:
    with pytest.raises(ProviderError) as caught:
        light(cloud, credentials, **target)
    return Observation.of_error(caught.value)


@pytest.mark.parametrize("method", METHODS)
def test_good_credentials_of_each_method_pass_with_one_look_at_the_project(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.control.clear_journal()
    light(cloud, credentials)
    assert len(cloud.calls("GetProject")) == 1
    assert not cloud.calls("TestIamPermissions", "ListAssets")


def test_a_disabled_service_account_is_refused_for_good(cloud: Cloud) -> None:
    credentials = cloud.key()
    light(cloud, credentials)
    cloud.admin.set_service_account_disabled(f"reader-account@{cloud.project}.iam.gserviceaccount.com")
    assert refusal(cloud, credentials).event is Event.REFUSED


def test_roles_that_were_taken_away_are_a_refusal(cloud: Cloud) -> None:
    seen = refusal(cloud, cloud.key(roles=[]))
    assert (seen.code, seen.event) == ("project_not_visible", Event.REFUSED)


@pytest.mark.parametrize("method", ["impersonation", "workload_identity"])
def test_a_label_that_names_somebody_else_is_a_refusal(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method)
    cloud.admin.set_label(cloud.project, LABEL, "ca-somebody-elses")
    assert refusal(cloud, credentials).event is Event.REFUSED


def test_a_project_marked_for_deletion_is_a_refusal(cloud: Cloud) -> None:
    scenario = cloud.rig.scenario("Project marked for deletion", "gcp")
    credentials = cloud.scenario("Project marked for deletion")
    assert refusal(cloud, credentials, account_id=scenario["account_id"]).code == "project_not_active"


def test_our_own_token_missing_is_our_trouble(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = cloud.workload()
    monkeypatch.setenv("GCP_WORKLOAD_TOKEN_FILE", "")
    assert refusal(cloud, credentials).event is Event.OUR_TROUBLE


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "throttle", "action": "GetProject"}, id="throttled"),
        pytest.param({"kind": "error", "action": "GetProject", "status": 503}, id="5xx"),
        pytest.param({"kind": "delay", "action": "GetProject", "seconds": 4}, id="timeout"),
        pytest.param({"kind": "unreachable", "host": "oauth2.googleapis.com", "mode": "drop"}, id="egress drops"),
        pytest.param({"kind": "unreachable", "host": "oauth2.googleapis.com"}, id="egress refuses"),
    ],
)
def test_what_can_pass_by_itself_is_told_as_such(cloud: Cloud, fault: dict[str, Any]) -> None:
    credentials = cloud.key()
    cloud.control.fault(**fault)
    assert refusal(cloud, credentials, timeout=1.0).event is Event.OUT_OF_REACH
