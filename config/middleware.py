"""Who is really asking, behind a proxy or not."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")


class TrustedProxyMiddleware:
    """Believes X-Forwarded-* only from TRUSTED_PROXIES, and puts the client's own address into REMOTE_ADDR.

    The address is the rightmost one of X-Forwarded-For that is not itself a trusted proxy: everything left of it was
    written by whoever asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        try:
            self.trusted: list[Network] = [
                ipaddress.ip_network(item, strict=False) for item in settings.TRUSTED_PROXIES
            ]
        except ValueError as error:
            raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from error

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        if not self._trusts(meta.get("REMOTE_ADDR", "")):
            for name in _FORWARDED:
                meta.pop(name, None)
        else:
            for hop in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")):
                address = hop.strip()
                if not _is_address(address):
                    break
                meta["REMOTE_ADDR"] = address
                if not self._trusts(address):
                    break
        return self.get_response(request)

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self.trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
