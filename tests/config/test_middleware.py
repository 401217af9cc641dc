from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from config.middleware import TrustedProxyMiddleware


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


def test_nonsense_in_the_header_leaves_the_proxys_address(settings: Settings) -> None:
    request = after(settings, trusted=["10.0.0.0/8"], remote="10.0.0.2", HTTP_X_FORWARDED_FOR="<script>")
    assert request.META["REMOTE_ADDR"] == "10.0.0.2"


def test_a_setting_that_is_no_address_is_told(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["example.com"]
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        TrustedProxyMiddleware(lambda _: HttpResponse())
