"""The client's address behind proxies, who calls, caching of pages, and 429 where a team asks for too much at once."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from cloudaccounts.errors import TeamLimitError
from teams.present import known_scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")
# What who asks this server itself sends, a program or Prometheus (see
# https://github.com/prometheus/prometheus/blob/main/scrape/scrape.go). Proxies have too many headers for a list of
# theirs: whatever is not one of these, a proxy may have written.
_OF_PROGRAMS = frozenset(
    {
        "HTTP_HOST",
        "HTTP_USER_AGENT",
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_CHARSET",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_AUTHORIZATION",
        "HTTP_CACHE_CONTROL",
        "HTTP_CONNECTION",
        "HTTP_COOKIE",
        "HTTP_X_PROMETHEUS_SCRAPE_TIMEOUT_SECONDS",
    }
)
UNIX = "unix"  # in TRUSTED_PROXIES: whoever may open the unix socket that this server listens at
_LONGEST = 45  # characters: an IPv6 address with an IPv4 one at its end
_WITH_PORT = re.compile(r"(?P<four>[0-9.]{7,15}):[0-9]{1,5}|\[(?P<six>[0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?")


class TrustedProxyMiddleware:
    """Trusts X-Forwarded-* from TRUSTED_PROXIES only, and puts the client's own address into REMOTE_ADDR.

    Each proxy appends the address that it was called from. So the client is the rightmost address of X-Forwarded-For
    that is not itself a trusted proxy: everything left of it was written by the client. A loopback address there is not
    taken, since it would look like this machine itself.

    Behind a unix socket the caller has no address. It is trusted where TRUSTED_PROXIES names ``unix``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        try:
            self.trusted: list[Network] = [
                ipaddress.ip_network(item, strict=False) for item in settings.TRUSTED_PROXIES if item != UNIX
            ]
        except ValueError as error:
            raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from error
        self.trusts_sockets = UNIX in settings.TRUSTED_PROXIES

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        caller = meta.get("REMOTE_ADDR", "")
        if not (self._trusts(caller) if caller else self.trusts_sockets):
            # Removed, so that nothing behind this (SECURE_PROXY_SSL_HEADER, say) can believe what a client wrote.
            for name in FORWARDED:
                if meta.pop(name, None) is not None:
                    meta["FORWARDED_UNTRUSTED"] = True
        else:
            for hop in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")):
                address = _address(_without_port(hop.strip()))
                # What is no address no proxy of ours has written: nothing to the left of it can be believed either.
                if address is None:
                    break
                trusted = self._trusts(str(address))
                if not address.is_loopback:
                    meta["REMOTE_ADDR"] = str(address)
                if not trusted:
                    break
        return self.get_response(request)

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.trusted)


def _address(text: str) -> Address | None:
    """The address of a text, None where it is none. IPv4 within IPv6 (::ffff:10.0.0.1) becomes plain IPv4.

    A scope id (fe80::1%eth0) has a meaning on the machine that wrote it only, and may hold any text: refused.
    """
    if "%" in text or len(text) > _LONGEST:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(hop: str) -> str:
    """The address alone: some proxies write ``1.2.3.4:5555``, ``[2001:db8::1]:5555`` or ``[2001:db8::1]``."""
    match = _WITH_PORT.fullmatch(hop)
    return match["four"] or match["six"] if match else hop


def asks_directly(request: HttpRequest) -> bool:
    """Whether a program of this machine asks this server itself, as far as that can be told.

    By its address, by the host that it asked, which is this machine's as well, and by sending nothing but what
    programs send. A proxy on this machine that writes no header and asks for a loopback address cannot be told from
    them: operations.md says to close /metrics there.
    """
    meta = request.META
    if meta.get("FORWARDED_UNTRUSTED") or any(name.startswith("HTTP_") and name not in _OF_PROGRAMS for name in meta):
        return False
    address = _address(meta.get("REMOTE_ADDR", ""))
    return address is not None and address.is_loopback and _is_loopback_host(meta.get("HTTP_HOST", ""))


def _is_loopback_host(host: str) -> bool:
    """Of a Host header: localhost or a loopback address, with or without a port."""
    name = _without_port(host)
    if name.rpartition(":")[2].isdecimal() and name.count(":") == 1:
        name = name.partition(":")[0]
    address = _address(name)
    return name.lower() == "localhost" or (address is not None and address.is_loopback)


class NotStoredMiddleware:
    """Keeps pages of signed-in users out of caches: a proxy's, and the browser's own, which shows them after logging
    out.

    Static files are served before this, and keep their own headers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated  # asked before and after: the view may log in or out
        response = self.get_response(request)
        if signed_in or request.user.is_authenticated:
            response["Cache-Control"] = "no-store"
        return response


class CallerMiddleware:
    """Leaves in the environment which team asked, by session or token: the web server's lanes take turns by that.

    See `config.running.lanes`, which remembers it for the caller's next request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Asked afterwards: the API knows its caller only once it has looked the token up.
        if request.user.is_authenticated:
            scope = known_scope(request)
            request.META["cloudaccounts.caller"] = scope.owner if scope else str(request.user.pk)
        return response


class TeamLimitMiddleware:
    """Where a team has as much under way as one may, its pages answer 429, as the API does (cloudaccounts.api)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TeamLimitError):
            return None
        headers = {"Retry-After": str(exception.seconds)}
        return HttpResponse(render_to_string("429.html", {"error": exception}, request), status=429, headers=headers)
