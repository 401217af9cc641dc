"""The sandbox as a process: its files, its end, and what outlives a restart."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.control import Control, ControlError
from sandbox.files import read_json
from sandbox.rig import REPOSITORY, Rig
from tests.sandbox.conftest import client_of

PAYMENTS = "444455556666"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_its_files_are_readable_by_their_owner_alone(rig: Rig) -> None:
    assert mode(rig.data_dir) == 0o700
    assert {mode(path) for path in rig.data_dir.glob("*.json")} == {0o600}
    assert mode(rig.data_dir / "ca.key") == 0o600


def test_it_tells_all_that_a_product_process_needs(rig: Rig) -> None:
    names = "HTTPS_PROXY https_proxy NO_PROXY no_proxy AWS_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE"
    names += " GRPC_DEFAULT_SSL_ROOTS_FILE_PATH AWS_EC2_METADATA_DISABLED AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"
    assert set(names.split()) <= rig.env.keys()
    assert rig.env["HTTPS_PROXY"].startswith("http://127.0.0.1:")


def test_scenarios_name_what_the_wizard_asks_for(rig: Rig) -> None:
    scenarios = [one for one in rig.credentials if one["cloud"] == "aws"]
    assert len(scenarios) == 11
    for scenario in scenarios:
        assert scenario["method"] in ("access_keys", "cross_account_role")
        assert len(scenario["account_id"]) == 12
        assert scenario["fields"].keys() <= {"access_key_id", "secret_access_key", "session_token", "role_arn"}
        assert all(scenario["fields"].values())
        assert scenario["note"]


def test_the_control_api_refuses_a_wrong_token(rig: Rig) -> None:
    stranger = Control(rig._description["control_url"], "guessed")
    with pytest.raises(ControlError, match="token is wrong"):
        stranger.hosts()


def test_the_control_api_says_what_is_wrong_with_a_command(control: Control) -> None:
    with pytest.raises(ControlError, match="no account 000000000000"):
        control.put_role("000000000000")
    with pytest.raises(ControlError, match="no such fault: storm"):
        control.fault("storm")
    with pytest.raises(ControlError, match="unknown fault settings: colour"):
        control.fault("throttle", colour="red")


def test_a_customer_makes_the_role_by_hand(rig: Rig) -> None:
    command = [sys.executable, "-m", "sandbox.role", "--data-dir", str(rig.data_dir), "--account", PAYMENTS]
    env = {**os.environ, "CLOUD_ACCOUNTS_SANDBOX": "1"}
    made = subprocess.run(
        [*command, "--name", "by-hand", "--external-id", "owner-7"],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == f"arn:aws:iam::{PAYMENTS}:role/by-hand\n"
    refused = subprocess.run([*command, "--name", "x"], cwd=REPOSITORY, env=env, capture_output=True, check=False)
    assert refused.returncode == 2  # neither an external ID nor the wish for none


def _picture(rig: Rig, session: boto3.session.Session) -> dict[str, Any]:
    fields = rig.scenario("Everything granted")["fields"]
    ec2 = client_of(rig, session, "ec2", fields)
    untouched = client_of(rig, session, "ec2", fields, region="us-east-2")
    calls = {
        "instances": ec2.describe_instances,
        "volumes": ec2.describe_volumes,
        "groups": ec2.describe_security_groups,
        "networks": untouched.describe_vpcs,
        "users": client_of(rig, session, "iam", fields).list_users,
        "roles": client_of(rig, session, "iam", fields).list_roles,
        "keys": client_of(rig, session, "kms", fields).list_keys,
        "snapshots": ec2.describe_snapshots,
        "buckets": client_of(rig, session, "s3", fields).list_buckets,
    }
    answers = {name: call() for name, call in calls.items()}
    for answer in answers.values():
        del answer["ResponseMetadata"]
    return answers


def test_everything_is_the_same_after_a_restart(tmp_path: Path, session: boto3.session.Session) -> None:
    with Rig(tmp_path) as rig:
        before = _picture(rig, session)
        arn = rig.control.put_role(PAYMENTS, "kept", external_id="owner-1")
        user = rig.control.put_user(PAYMENTS, "rotating", inline={"own-keys": [_ALLOW_OWN_KEYS]})
        iam = client_of(rig, session, "iam", user)
        new = iam.create_access_key(UserName="rotating")["AccessKey"]
        iam.update_access_key(UserName="rotating", AccessKeyId=user["access_key_id"], Status="Inactive")
        kept = {key: value for key, value in rig.env.items() if "PROXY" in key or "KEY" in key}
        fields = rig.scenario("Everything granted")["fields"]
    with Rig(tmp_path) as rig:
        assert _picture(rig, session) == before
        assert kept.items() <= rig.env.items()
        assert rig.scenario("Everything granted")["fields"] == fields
        server = {
            "access_key_id": rig.env["AWS_ACCESS_KEY_ID"],
            "secret_access_key": rig.env["AWS_SECRET_ACCESS_KEY"],
        }
        sts = client_of(rig, session, "sts", server)
        assert sts.assume_role(RoleArn=arn, RoleSessionName="again", ExternalId="owner-1")["Credentials"]
        rotated = {"access_key_id": new["AccessKeyId"], "secret_access_key": new["SecretAccessKey"]}
        keys = client_of(rig, session, "iam", rotated).list_access_keys(UserName="rotating")["AccessKeyMetadata"]
        assert {key["AccessKeyId"]: key["Status"] for key in keys} == {
            user["access_key_id"]: "Inactive",
            new["AccessKeyId"]: "Active",
        }


_ALLOW_OWN_KEYS = {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": f"arn:aws:iam::{PAYMENTS}:user/rotating"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--data-dir", str(tmp_path)]
    env = {**os.environ, "CLOUD_ACCOUNTS_SANDBOX": "1"}
    process = subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline().startswith("sandbox ready: proxy http://127.0.0.1:")
        assert read_json(tmp_path / "sandbox.json")["pid"] == process.pid
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""
    assert not (tmp_path / "sandbox.json").exists()


def test_it_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    rig = Rig(tmp_path).start()
    process = rig._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # what the kernel does to the pipes of a killed process
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.returncode == 0
    rig.stop()


def test_two_sandboxes_do_not_share_a_folder(rig: Rig) -> None:
    with pytest.raises(RuntimeError, match="another sandbox is running on"):
        Rig(rig.data_dir / ".." / rig.data_dir.name).start()
    assert rig.control.accounts()
    assert Control.of(rig.data_dir).accounts()  # whoever comes later still finds the first
