"""Which addresses a channel may name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from cloudaccounts.notifications.outbound.errors import DeliveryError, HostRefusedError
from cloudaccounts.notifications.outbound.hosts import parse_address, pinned

SLACK = ("hooks.slack.com",)
AZURE = ("*.logic.azure.com",)


@pytest.mark.parametrize(
    ("text", "vendors"),
    [
        ("https://hooks.slack.com/services/T/B/x", SLACK),
        ("https://HOOKS.slack.com:443/services/T/B/x", SLACK),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/1?sig=a-b_c&sv=1.0&sp=%2Ftriggers", AZURE),
        ("https://hooks.example.com/x?y=z", ()),
        ("https://hooks.example.com", ()),
        ("https://xn--bcher-kva.example/", ()),
    ],
)
def test_addresses_that_are_taken(text: str, vendors: tuple[str, ...]) -> None:
    address = parse_address(text, vendor_hosts=vendors)
    assert address.port == 443
    assert not address.trusted


@pytest.mark.parametrize(
    ("text", "vendors"),
    [
        ("http://hooks.slack.com/services/T/B/x", SLACK),
        ("https://hooks.slack.com.evil.example/", SLACK),
        ("https://evilhooks.slack.com/", SLACK),
        ("https://hooks.slack.com@evil.example/", SLACK),
        ("https://user:word@hooks.slack.com/", SLACK),
        ("https://evil.example/?https://hooks.slack.com", SLACK),
        ("https://evil.example#hooks.slack.com", SLACK),
        ("https://evil.example\\@hooks.slack.com/", SLACK),
        ("https://logic.azure.com/", AZURE),
        ("https://evillogic.azure.com/", AZURE),
        ("https://hooks.example.com:8443/", ()),
        ("https://hooks.example.com:22/", ()),
        ("https://127.0.0.1/", ()),
        ("https://8.8.8.8/", ()),
        ("https://[::1]/", ()),
        ("https://[::ffff:127.0.0.1]/", ()),
        ("https://2130706433/", ()),
        ("https://0x7f.0.0.1/", ()),
        ("https://0177.0.0.1/", ()),
        ("https://127.1/", ()),
        ("https://localhost/", ()),
        ("https://intranet/", ()),
        ("https://hooks.example.com/a b", ()),
        ("https://hooks.example.com/\r\nHost: evil", ()),
        ("https://hooks.example.com/#part", ()),
        ("https://hooks.exa\u200bmple.com/", ()),
        ("https://ｅvil.example/", ()),
        ("https://hooks.example.com:99999/", ()),
        ("ftp://hooks.example.com/", ()),
        ("file:///etc/passwd", ()),
        ("gopher://hooks.example.com/", ()),
        ("//hooks.example.com/", ()),
        ("hooks.example.com", ()),
        ("", ()),
        ("https://", ()),
        ("https://hooks.example.com/" + "x" * 3000, ()),
    ],
)
def test_addresses_that_are_refused(text: str, vendors: tuple[str, ...]) -> None:
    with pytest.raises(HostRefusedError):
        parse_address(text, vendor_hosts=vendors)


@given(st.text(max_size=80).map(lambda text: f"https://{text}"))
def test_whatever_is_typed_leads_to_a_name_on_port_443_or_nowhere(text: str) -> None:
    try:
        address = parse_address(text)
    except HostRefusedError:
        return
    assert address.port == 443
    assert "." in address.host
    assert address.host.isascii()
    assert not set("\r\n\0 ") & set(address.host + address.target)


def test_the_operator_can_name_hosts_of_the_network(settings: Settings) -> None:
    settings.CHANNEL_HOSTS = ["Hooks.internal", "127.0.0.1:8099"]
    assert parse_address("http://hooks.internal:9/x", vendor_hosts=SLACK).trusted
    assert pinned(parse_address("http://127.0.0.1:8099/"), resolve=lambda *_: ["127.0.0.1"]) == "127.0.0.1"
    with pytest.raises(HostRefusedError):
        parse_address("http://127.0.0.1:8098/")


@pytest.mark.parametrize("numbers", [["10.0.0.1"], ["8.8.8.8", "169.254.169.254"], ["2606:4700::1", "::1"]])
def test_a_name_that_stands_for_something_inside_is_refused(numbers: list[str]) -> None:
    with pytest.raises(HostRefusedError):
        pinned(parse_address("https://hooks.example.com/"), resolve=lambda *_: numbers)


def test_a_vendors_name_is_checked_as_well() -> None:
    with pytest.raises(HostRefusedError):
        pinned(parse_address("https://hooks.slack.com/", vendor_hosts=SLACK), resolve=lambda *_: ["127.0.0.1"])


def test_a_name_without_an_address_says_so() -> None:
    with pytest.raises(DeliveryError, match="host_unknown"):
        pinned(parse_address("https://hooks.example.com/"), resolve=lambda *_: [])
