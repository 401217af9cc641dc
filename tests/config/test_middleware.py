from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from config.middleware import TrustedProxyMiddleware
from tests.conftest import ALL_DATABASES


def after(settings: Settings, *, trusted: list[str], remote: str, **headers: str) -> HttpRequest:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/")
    request.META |= {"REMOTE_ADDR": remote, **headers}
    TrustedProxyMiddleware(lambda _: HttpResponse())(request)
    return request


def test_nobody_is_believed_by_default(settings: Settings) -> None:
    request = after(
        settings, trusted=[], remote="203.0.113.9", HTTP_X_FORWARDED_FOR="10.0.0.1", HTTP_X_FORWARDED_PROTO="https"
    )
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert not request.is_secure()


def test_a_trusted_proxy_tells_who_asks_and_how(settings: Settings) -> None:
    request = after(
        settings,
        trusted=["10.0.0.0/8"],
        remote="10.0.0.2",
        HTTP_X_FORWARDED_FOR="203.0.113.9",
        HTTP_X_FORWARDED_PROTO="https",
    )
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert request.is_secure()


def test_what_the_client_itself_wrote_to_the_left_does_not_count(settings: Settings) -> None:
    request = after(
        settings, trusted=["10.0.0.0/8"], remote="10.0.0.2", HTTP_X_FORWARDED_FOR="127.0.0.1, 203.0.113.9, 10.0.0.3"
    )
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"


def test_nobody_is_this_machine_itself_by_a_header(settings: Settings) -> None:
    for trusted in (["10.0.0.0/8"], ["10.0.0.0/8", "127.0.0.0/8", "::1"]):
        for hop in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1, 127.0.0.9"):
            request = after(settings, trusted=trusted, remote="10.0.0.2", HTTP_X_FORWARDED_FOR=hop)
            assert request.META["REMOTE_ADDR"] == "10.0.0.2"
    request = after(
        settings, trusted=["10.0.0.0/8", "127.0.0.1"], remote="10.0.0.2", HTTP_X_FORWARDED_FOR="203.0.113.9, 127.0.0.1"
    )
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"


def test_nonsense_in_the_header_leaves_the_proxys_address(settings: Settings) -> None:
    request = after(settings, trusted=["10.0.0.0/8"], remote="10.0.0.2", HTTP_X_FORWARDED_FOR="<script>")
    assert request.META["REMOTE_ADDR"] == "10.0.0.2"


def test_a_setting_that_is_no_address_is_told(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["example.com"]
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        TrustedProxyMiddleware(lambda _: HttpResponse())


@pytest.mark.parametrize("remote", ["::ffff:10.0.0.2", "::ffff:a00:2"])
def test_a_proxy_that_comes_by_ipv6_is_the_same_proxy(settings: Settings, remote: str) -> None:
    request = after(settings, trusted=["10.0.0.0/8"], remote=remote, HTTP_X_FORWARDED_FOR="::ffff:203.0.113.9")
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("203.0.113.9:5555", "203.0.113.9"),
        ("[2001:db8::1]:5555", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_a_hop_may_carry_its_port(settings: Settings, hop: str, address: str) -> None:
    for forwarded in (hop, f"198.51.100.1, {hop}, 10.0.0.3:443"):
        request = after(settings, trusted=["10.0.0.0/8"], remote="10.0.0.2", HTTP_X_FORWARDED_FOR=forwarded)
        assert request.META["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    "hop",
    ["fe80::1%eth0", "fe80::1%" + "a" * 5000, "1" * 5000, "1.2.3.4:", "1.2.3.4:x", "[1.2.3.4", "[]:1", "1.2.3.4:5:6"],
)
def test_what_is_no_plain_address_is_not_believed(settings: Settings, hop: str) -> None:
    request = after(settings, trusted=["10.0.0.0/8"], remote="10.0.0.2", HTTP_X_FORWARDED_FOR=hop)
    assert request.META["REMOTE_ADDR"] == "10.0.0.2"


def test_a_unix_socket_is_trusted_where_it_is_named(settings: Settings) -> None:
    headers = {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https"}
    request = after(settings, trusted=["unix"], remote="", **headers)
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("203.0.113.9", True)
    request = after(settings, trusted=["unix", "203.0.113.0/24"], remote="", **headers)
    assert request.META["REMOTE_ADDR"] == "198.51.100.1"
    for trusted in ([], ["10.0.0.0/8"], ["0.0.0.0/0", "::/0"]):
        request = after(settings, trusted=trusted, remote="", **headers)
        assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("", False)
    request = after(settings, trusted=["unix"], remote="203.0.113.1", **headers)
    assert request.META["REMOTE_ADDR"] == "203.0.113.1"


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_pages_of_somebody_who_signed_in_are_stored_nowhere(alices: Client, client: Client, alice: User) -> None:
    for path in ("/", "/accounts/", "/profile/", "/nothing/", "/scans/now/"):
        assert alices.get(path)["Cache-Control"] == "no-store"
    assert alices.post("/logout/")["Cache-Control"] == "no-store"
    assert client.post("/login/", {"username": "alice", "password": "alice-knows-this"})["Cache-Control"] == "no-store"
    assert "Cache-Control" not in Client().get("/healthz")
