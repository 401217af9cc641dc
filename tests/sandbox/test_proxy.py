"""The CONNECT proxy: the way to the simulated clouds, and the tripwire for everything else."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ProxyConnectionError

from sandbox.control import Control
from sandbox.rig import Rig
from tests.sandbox.conftest import Fields, MakeClient


def connect(rig: Rig, target: str) -> tuple[socket.socket, str]:
    address = urlsplit(rig.proxy_url)
    connection = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5)
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return connection, connection.recv(4096).decode().splitlines()[0]


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "evil.amazonaws.com:443",
        "amazonaws.com:443",
        "sts.us-east-1.amazonaws.com.evil.com:443",
        "sts.moon-east-1.amazonaws.com:443",
        "sts.us-east-1.amazonaws.com.cn:443",
        "sts.us-east-1.amazonaws.com:22",
        "169.254.169.254:443",
        "localhost:443",
    ],
)
def test_it_refuses_and_notes_every_other_host(rig: Rig, control: Control, target: str) -> None:
    connection, status = connect(rig, target)
    connection.close()
    assert status == "HTTP/1.1 403 Forbidden"
    assert control.refused_hosts() == [target.rpartition(":")[0]]


def test_it_notes_the_hosts_that_it_joins(client: MakeClient, auditor: Fields, control: Control) -> None:
    client("sts", auditor, region="eu-west-1").get_caller_identity()
    asked = control.hosts()
    assert [(one["host"], one["port"], one["verdict"]) for one in asked] == [
        ("sts.eu-west-1.amazonaws.com", 443, "joined")
    ]
    assert control.refused_hosts() == []


@pytest.mark.parametrize(
    "host",
    [
        "iam.amazonaws.com",
        "iam.us-gov.amazonaws.com",
        "iam.cn-north-1.amazonaws.com.cn",
        "sts.cn-north-1.amazonaws.com.cn",
        "sts.amazonaws.com",
        "ec2.ap-southeast-2.amazonaws.com",
        "some-bucket.s3.eu-west-1.amazonaws.com",
        "111122223333.s3-control.eu-west-1.amazonaws.com",
        "account.us-east-1.amazonaws.com",
        "organizations.us-east-1.amazonaws.com",
    ],
)
def test_its_certificate_is_for_the_asked_host(rig: Rig, host: str) -> None:
    connection, status = connect(rig, f"{host}:443")
    assert status.startswith("HTTP/1.1 200")
    context = ssl.create_default_context(cafile=rig.ca_bundle)
    with connection, context.wrap_socket(connection, server_hostname=host) as secured:
        assert secured.version() == "TLSv1.3"


def test_a_client_that_does_not_know_the_authority_refuses_the_connection(rig: Rig) -> None:
    connection, _ = connect(rig, "sts.us-east-1.amazonaws.com:443")
    with connection, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname="sts.us-east-1.amazonaws.com")


def test_it_keeps_connections_open(client: MakeClient, auditor: Fields, control: Control) -> None:
    sts = client("sts", auditor)
    for _ in range(5):
        sts.get_caller_identity()
    assert len(control.hosts()) == 1
    assert len(control.calls()) == 5


@pytest.mark.parametrize(
    ("mode", "error"),
    [("refuse", ProxyConnectionError), ("drop", BotoCoreError), ("hang", BotoCoreError)],
)
def test_a_host_can_be_made_unreachable(
    client: MakeClient, auditor: Fields, control: Control, mode: str, error: type[Exception]
) -> None:
    control.fault("unreachable", host="ec2.eu-west-1.amazonaws.com", mode=mode, seconds=3)
    with pytest.raises(error):
        client("ec2", auditor, region="eu-west-1", read_timeout=1, connect_timeout=1).describe_vpcs()
    assert client("ec2", auditor, region="us-east-1").describe_vpcs()["Vpcs"]


def test_an_open_connection_breaks_when_its_host_becomes_unreachable(
    client: MakeClient, auditor: Fields, control: Control
) -> None:
    sts = client("sts", auditor)
    sts.get_caller_identity()
    control.fault("unreachable", host="sts.*")
    with pytest.raises(BotoCoreError):
        sts.get_caller_identity()


def test_it_answers_many_threads_at_once(client: MakeClient, auditor: Fields) -> None:
    accounts: list[str] = []

    def ask(own: Iterable[int]) -> None:
        sts = client("sts", auditor)
        accounts.extend(sts.get_caller_identity()["Account"] for _ in own)

    threads = [threading.Thread(target=ask, args=(range(10),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accounts == ["111122223333"] * 80


def test_it_splices_to_an_emulator_that_speaks_tls_itself() -> None:
    """Room for gRPC, which needs HTTP/2."""
    from sandbox.authority import Authority
    from sandbox.faults import Faults
    from sandbox.journal import Journal
    from sandbox.proxy import Proxy
    from tests.sandbox.echo import EchoCloud

    with EchoCloud() as cloud:
        proxy = Proxy(0, Authority(cloud.folder), [cloud], Faults(), Journal())
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        with socket.create_connection(("127.0.0.1", proxy.server_address[1]), timeout=5) as connection:
            connection.sendall(b"CONNECT echo.example:443 HTTP/1.1\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            connection.sendall(b"hello")
            assert connection.recv(4096) == b"hello"
        proxy.shutdown()
        proxy.server_close()
