"""One sandbox for all tests here, reached as the product reaches it: real boto3, real TLS, through the proxy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from sandbox.control import Control
from sandbox.rig import Rig

Fields = Mapping[str, str]
MakeClient = Callable[..., Any]


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def control(rig: Rig) -> Iterator[Control]:
    control = rig.control
    control.clear_journal()
    yield control
    control.clear_faults()


@pytest.fixture(scope="session")
def session() -> boto3.session.Session:
    """Shared, so that each service's model is loaded once."""
    return boto3.session.Session()


def client_of(rig: Rig, session: boto3.session.Session, service: str, fields: Fields, **more: Any) -> Any:
    """A client with these credentials that tries once; `more` goes to botocore's Config."""
    region = more.pop("region", "us-east-1")
    given = {"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 5, **more}
    return session.client(  # type: ignore[call-overload] # the stubs want the service as a literal
        service,
        region_name=region,
        aws_access_key_id=fields["access_key_id"],
        aws_secret_access_key=fields["secret_access_key"],
        aws_session_token=fields.get("session_token"),
        verify=rig.ca_bundle,
        config=Config(proxies={"https": rig.proxy_url}, **given),
    )


@pytest.fixture
def client(rig: Rig, session: boto3.session.Session) -> MakeClient:
    """`client("sts", fields, region=…)`."""

    def make(service: str, fields: Fields, **more: Any) -> Any:
        return client_of(rig, session, service, fields, **more)

    return make


@pytest.fixture
def auditor(rig: Rig) -> Fields:
    fields: Fields = rig.scenario("Everything granted")["fields"]
    return fields


@pytest.fixture
def server(rig: Rig) -> Fields:
    """The product's own identity."""
    return {
        "access_key_id": rig.env["AWS_ACCESS_KEY_ID"],
        "secret_access_key": rig.env["AWS_SECRET_ACCESS_KEY"],
    }


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
    """The code and status that a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
