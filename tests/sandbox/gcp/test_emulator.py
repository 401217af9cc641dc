"""The simulated Google Cloud as a person finds it: scenarios, restarts, faults over gRPC, commands."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions as api

from sandbox.control import Control, ControlError
from sandbox.rig import Rig
from tests.sandbox.gcp.conftest import PROJECT, token_of

TITLES = [
    *("Everything granted", "Impersonation", "Workload identity", "Some permissions denied", "No permission at all"),
    *("Disabled key", "Organization", "API not enabled", "Project marked for deletion"),
]


@pytest.fixture
def projects(rig: Rig, token: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Google's own client over gRPC, without retries of its own."""
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    import grpc
    from google.cloud.resourcemanager_v3 import ProjectsClient
    from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsGrpcTransport

    roots = grpc.ssl_channel_credentials(Path(rig.ca_bundle).read_bytes())
    bearer = grpc.access_token_call_credentials(token)
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(
        "cloudresourcemanager.googleapis.com:443", grpc.composite_channel_credentials(roots, bearer), options
    ) as channel:
        yield ProjectsClient(transport=ProjectsGrpcTransport(channel=channel))


def get(projects: Any, name: str = PROJECT, timeout: float = 5) -> Any:
    return projects.get_project(name=f"projects/{name}", retry=None, timeout=timeout)


def test_there_is_a_scenario_for_each_situation(rig: Rig) -> None:
    found = [one for one in rig.credentials if one["cloud"] == "gcp"]
    assert [one["title"] for one in found] == TITLES
    assert all(one["fields"] and one["note"] and one["account_id"] for one in found)


def test_a_client_of_google_is_answered(projects: Any) -> None:
    assert get(projects).project_id == PROJECT
    permissions = ["cloudasset.assets.listResource", "compute.instances.delete"]
    answer = projects.test_iam_permissions(resource=f"projects/{PROJECT}", permissions=permissions, retry=None)
    assert list(answer.permissions) == permissions[:1]


def test_a_project_that_does_not_exist_is_denied_as_a_hidden_one_is(projects: Any) -> None:
    for name in ("no-such-project", "meadowlark-shop-prod"):
        with pytest.raises(api.PermissionDenied) as error:
            get(projects, name)
        assert error.value.reason == "IAM_PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "throttle"}, api.ResourceExhausted),
        ({"kind": "error", "status": 503}, api.ServiceUnavailable),
        ({"kind": "error", "status": 500}, api.InternalServerError),
        ({"kind": "deny"}, api.PermissionDenied),
        ({"kind": "expired_token"}, api.Unauthenticated),
        ({"kind": "unreachable"}, api.ServiceUnavailable),
    ],
)
def test_faults_reach_grpc(control: Control, projects: Any, fault: dict[str, Any], error: type[Exception]) -> None:
    get(projects)  # the connection is open: an unreachable host must fall silent on it as well
    control.fault(**fault, host="cloudresourcemanager.googleapis.com", times=1)
    with pytest.raises(error):
        get(projects)
    assert get(projects).project_id == PROJECT


def test_a_delay_reaches_grpc(control: Control, projects: Any) -> None:
    get(projects)
    control.fault("delay", cloud="gcp", action="GetProject", seconds=0.5, times=1)
    began = time.monotonic()
    get(projects)
    assert time.monotonic() - began >= 0.5


def test_a_fault_of_one_project_leaves_the_others_alone(control: Control, projects: Any) -> None:
    control.fault("error", account="another-project")
    assert get(projects)


def test_calls_are_in_the_journal(control: Control, projects: Any) -> None:
    get(projects)
    (call,) = [call for call in control.calls("gcp") if call["action"] == "GetProject"]
    assert (call["account"], call["permission"], call["status"]) == (PROJECT, "resourcemanager.projects.get", 200)
    assert call["key"].startswith("serviceAccount:")


def test_an_assertion_signed_for_another_account_is_refused(rig: Rig) -> None:
    from google.auth.exceptions import RefreshError

    stolen = json.loads(rig.scenario("Everything granted", "gcp")["fields"]["service_account_json"])
    stolen["client_email"] = f"airflow-loader@{PROJECT}.iam.gserviceaccount.com"
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        token_of(rig, json.dumps(stolen))


def test_keys_and_changes_outlive_a_restart(tmp_path: Path) -> None:
    with Rig(tmp_path) as first:
        scenario = first.scenario("Everything granted", "gcp")
        first.control.gcp.put_project("kept-project")
        email = first.control.gcp.put_service_account("kept-project", "kept-account")
        key = first.control.gcp.put_key(email)
        first.control.gcp.set_label("kept-project", "team", "data")
    with Rig(tmp_path) as second:
        assert second.scenario("Everything granted", "gcp") == scenario
        assert token_of(second, key)
        kept = next(one for one in second.control.gcp.projects() if one["id"] == "kept-project")
        assert kept["labels"] == {"team": "data"}


def test_secrets_are_readable_by_their_owner_alone(rig: Rig) -> None:
    for name in ("gcp-state.json", "gcp-server.json", "gcp-workload-token"):
        assert (rig.data_dir / name).stat().st_mode & 0o777 == 0o600


def test_a_person_sets_the_label_from_the_shell(rig: Rig, control: Control) -> None:
    command = [sys.executable, "-m", "sandbox.gcp.label", "--data-dir", str(rig.data_dir), "--project", PROJECT]
    subprocess.run([*command, "--external-id", "ca-1"], check=True, capture_output=True)
    labels = next(one["labels"] for one in control.gcp.projects() if one["id"] == PROJECT)
    assert labels["cloud-accounts-external-id"] == "ca-1"
    subprocess.run([*command, "--remove"], check=True, capture_output=True)
    assert (
        subprocess.run([*command[:-1], "nowhere-at-all", "--remove"], capture_output=True, check=False).returncode == 1
    )


def test_commands_say_what_is_wrong(control: Control) -> None:
    with pytest.raises(ControlError, match="no project"):
        control.gcp.set_label("nowhere-at-all", "a", "b")
    with pytest.raises(ControlError, match="no service account"):
        control.gcp.put_key("nobody@nowhere")


def test_starting_loads_no_google_package() -> None:
    """The other clouds should not wait for a second's import."""
    code = (
        "import os; os.environ['CLOUD_ACCOUNTS_SANDBOX'] = '1'\n"
        "import sys, sandbox.gcp.emulator\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'google', 'grpc'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
