"""One call, over the wire: pinned, bounded, and nowhere else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.errors import DeliveryError
from cloudaccounts.notifications.outbound.hosts import Address, parse_address
from tests.receiver import Receiver, Reply, receiver


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as server:
        settings.CHANNEL_HOSTS = [server.named, "hooks.internal"]
        yield server


def test_a_call_arrives_with_its_name_at_the_address_that_was_looked_up(there: Receiver) -> None:
    address = parse_address(f"http://hooks.internal:{there.server_port}/path?x=1")
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    answer = http.call(address, body=b"{}", resolve=resolve)
    assert (answer.status, answer.body) == (200, b"ok")
    (call,) = there.calls
    assert (call.path, call.headers["host"]) == ("/path?x=1", f"hooks.internal:{there.server_port}")
    assert asked == ["hooks.internal"]


def test_a_name_that_points_inside_a_moment_later_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the check sees one answer, the connection would see another."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    connected: list[Any] = []

    def connect(address: Any, **_: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(DeliveryError, match="receiver_unreachable"):
        http.call(parse_address("https://hooks.example.com/"), resolve=lambda *_: next(answers))
    assert connected == [("93.184.216.34", 443)]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://hooks.example.com/", "93.184.216.34"),  # a stranger's: the number that was checked
        ("https://hooks.slack.com/", "hooks.slack.com"),  # a vendor's: resolved where the proxy is
    ],
)
def test_an_egress_proxy_gets_what_was_checked(monkeypatch: pytest.MonkeyPatch, address: str, host: str) -> None:
    through: list[tuple[Any, str, int]] = []

    def refuse(proxy: Any, host: str, port: int, _: float) -> socket.socket:
        through.append((proxy, host, port))
        raise ConnectionRefusedError

    monkeypatch.setenv("https_proxy", "http://proxy.internal:8080")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setattr(http, "_through", refuse)
    with pytest.raises(DeliveryError):
        http.call(parse_address(address, vendor_hosts=[] if "example" in address else ["hooks.slack.com"]),
                  resolve=lambda *_: ["93.184.216.34"])  # fmt: skip
    assert through == [(("proxy.internal", 8080), host, 443)]


def test_no_redirect_is_followed(there: Receiver) -> None:
    there.reply = Reply(302, headers={"Location": f"{there.origin}/elsewhere"})
    assert http.call(parse_address(there.origin)).status == 302
    assert [call.path for call in there.calls] == ["/"]


def test_an_answer_byte_by_byte_ends_at_the_deadline(there: Receiver) -> None:
    there.drips = 0.02
    with pytest.raises(DeliveryError, match="did not answer in time"):
        http.call(parse_address(there.origin), deadline=0.3)


def test_of_a_long_answer_the_beginning_is_read(there: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
    there.reply = Reply(body=b"x" * 5_000_000)
    assert len(http.call(parse_address(there.origin)).body) == 1000


def test_nobody_there_is_a_sentence(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.CHANNEL_HOSTS = [f"127.0.0.1:{probe.getsockname()[1]}"]
        with pytest.raises(DeliveryError) as caught:
            http.call(parse_address(f"http://{settings.CHANNEL_HOSTS[0]}/"))
    assert caught.value.code == "receiver_unreachable"


def test_a_header_cannot_be_ended(there: Receiver) -> None:
    with pytest.raises(ValueError, match="header"):
        http.call(parse_address(there.origin), headers={"Authorization": "Basic x\r\nHost: evil"})
    assert there.calls == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 1), ("-3", 1), ("1.2", 2), ("999999999", 86400), ("nan", None), ("soon", None), ("", None)],
)
def test_retry_after_in_seconds(text: str, seconds: int | None) -> None:
    assert http.Answer(429, {"retry-after": text}, b"").retry_after == seconds


def test_retry_after_as_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 <= (http.Answer(429, {"retry-after": at}, b"").retry_after or 0) <= 91


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "receiver_busy"), (503, "receiver_busy"), (400, "message_refused"), (413, "message_refused"),
        (410, "receiver_gone"), (401, "receiver_refused"), (404, "receiver_refused"), (307, "redirect_refused"),
        (500, "receiver_failed"),
    ],
)  # fmt: skip
def test_each_refusal_has_a_code(status: int, code: str) -> None:
    assert http.refusal(http.Answer(status, {}, b""), receiver="It").code == code


def test_what_an_address_shows_holds_no_token() -> None:
    address = parse_address("https://hooks.example.com/secret?token=x")
    assert isinstance(address, Address)
    assert address.origin == "https://hooks.example.com"
