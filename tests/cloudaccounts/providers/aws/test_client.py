"""Connections: hermetic, sharing models and never credentials."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials as SdkCredentials

from cloudaccounts.providers.aws.client import LOADER, Connection, hermetic_session
from cloudaccounts.providers.aws.errors import Who
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, Cloud

ROOT = Path(__file__).resolve().parents[4]


def connection(key: str = "AKIAIOSFODNN7EXAMPLE", partition: str = "aws") -> Connection:
    return Connection(SdkCredentials(key, "s" * 40), partition=partition, timeout=5.0, who=Who.KEYS)


@pytest.mark.parametrize(
    ("partition", "hosts"),
    [
        ("aws", "sts.us-east-1.amazonaws.com iam.amazonaws.com s3.us-east-1.amazonaws.com ec2.us-east-1.amazonaws.com"),
        (
            "aws-us-gov",
            "sts.us-gov-west-1.amazonaws.com iam.us-gov.amazonaws.com s3.us-gov-west-1.amazonaws.com "
            "ec2.us-gov-west-1.amazonaws.com",
        ),
        (
            "aws-cn",
            "sts.cn-north-1.amazonaws.com.cn iam.cn-north-1.amazonaws.com.cn s3.cn-north-1.amazonaws.com.cn "
            "ec2.cn-north-1.amazonaws.com.cn",
        ),
    ],
)
def test_no_environment_variable_or_file_moves_an_endpoint(
    partition: str, hosts: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[default]\nendpoint_url = https://evil.com\nregion = eu-west-9\nuse_fips_endpoint = true\n"
        "sts_regional_endpoints = legacy\ns3 =\n  use_dualstack_endpoint = true\n"
    )
    for name, value in {
        "AWS_CONFIG_FILE": str(config),
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "https://evil.com",
        "AWS_ENDPOINT_URL_STS": "https://evil.com",
        "AWS_ENDPOINT_URL_S3": "https://evil.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_DEFAULT_REGION": "eu-west-9",
        "AWS_DATA_PATH": str(tmp_path),
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy",
        "AWS_MAX_ATTEMPTS": "99",
    }.items():
        monkeypatch.setenv(name, value)
    made = connection(partition=partition)
    clients = [made.client("sts"), made.client("iam"), made.client("s3"), made.client("ec2")]
    assert [client.meta.endpoint_url for client in clients] == [f"https://{host}" for host in hosts.split()]
    settings: Any = clients[0].meta.config
    assert settings.retries == {"mode": "standard", "total_max_attempts": 3}


def test_a_session_looks_for_no_other_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7SERVERS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
    given = SdkCredentials("one", "x")
    assert hermetic_session(given).get_credentials() is given


def test_models_are_shared_and_credentials_are_not() -> None:
    one, other = connection("AKIAIOSFODNN7EXAMPLE"), connection("AKIAIOSFODNN7ANOTHER")
    sessions = [made._session for made in (one, other)]
    assert all(session.get_component("data_loader") is LOADER for session in sessions)
    assert sessions[0].get_credentials() is not sessions[1].get_credentials()
    assert one.client("sts") is one.client("sts")
    assert one.client("sts") is not other.client("sts")


def test_a_listener_of_one_account_hears_nothing_of_another() -> None:
    heard: list[str] = []
    one, other = connection(), connection()
    one.listen("x-tests", lambda **_: heard.append("one"))
    other.client("sts").meta.events.emit("x-tests")
    assert heard == []
    one.client("sts").meta.events.emit("x-tests")
    assert heard == ["one"]


def test_what_is_registered_at_a_client_stays_with_it() -> None:
    """Sessions share the built-in handlers: nothing that one account's client adds may reach another's."""
    heard: list[str] = []
    one, other = connection(), connection()
    one.client("sts").meta.events.register("x-tests.sts", lambda **_: heard.append("one"))
    other.client("sts").meta.events.emit("x-tests.sts.GetCallerIdentity")
    one.client("ec2").meta.events.emit("x-tests.sts.GetCallerIdentity")
    assert heard == []
    one.client("sts").meta.events.emit("x-tests.sts.GetCallerIdentity")
    assert heard == ["one"]


def test_what_is_printed_of_a_connection_shows_no_key() -> None:
    assert repr(connection()) == "<Connection of keys in aws>"


def test_the_sdk_logs_no_secret_even_when_it_is_asked_to_talk(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """Below WARNING botocore logs whole requests, so settings keep it there; this holds the level that they use."""
    caplog.set_level(logging.WARNING, logger="botocore")
    good = cloud.keys("good")
    cloud.control.fault("throttle", service="sts", times=1)
    cloud.validate(good)
    assert good["secret_access_key"] not in caplog.text


def test_importing_the_provider_loads_no_sdk() -> None:
    program = (
        "import django, sys; from django.conf import settings; settings.configure(); django.setup();"
        "from cloudaccounts.providers.aws.provider import PROVIDER as p;"
        "from cloudaccounts.contract.identity import ServerIdentity;"
        "from cloudaccounts.contract.setup import SetupContext;"
        f"c = SetupContext('{ACCOUNT}', 'aws', ('us-east-1',), 'ca-1', ServerIdentity('arn:aws:iam::1:x', '1'));"
        "[p.setup_guides(m.key, c) for m in p.methods]; p.regions('aws'); p.plan('access_keys');"
        "print([name for name in sys.modules if name.split('.')[0] in ('boto3', 'botocore', 's3transfer', 'urllib3')])"
    )
    done = subprocess.run(  # our own interpreter and program
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_the_sdk_side_loads_no_django() -> None:
    program = (
        "import sys; import cloudaccounts.providers.aws.validation, cloudaccounts.providers.aws.inventory;"
        "print([name for name in sys.modules if name.split('.')[0] == 'django'])"
    )
    done = subprocess.run(  # our own interpreter and program
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
