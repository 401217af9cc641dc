"""One call to a receiver: no redirect, a deadline for all of it, an answer of bounded size.

Our own and small, because of what libraries do not offer together: the connection goes to the very IP address that was
checked, while TLS and the Host header keep the name. A name that points elsewhere a moment later changes nothing.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from cloudaccounts.notifications.outbound.errors import DeliveryError
from cloudaccounts.notifications.outbound.hosts import Address, Resolve, pinned

DEADLINE = 15.0  # seconds, of the whole call
LARGEST_ANSWER = 256 * 1024  # bytes that are read of it
LONGEST_WAIT = 24 * 3600  # seconds of a Retry-After that are believed
_HEADER = re.compile(r"[\t -~\x80-\xff]*\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Raises `DeliveryError` where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise DeliveryError(
                "answer_unreadable", "The receiver's answer is no JSON.", "Check the address of this channel."
            ) from None

    @property
    def retry_after(self) -> int | None:
        """Seconds; None where it does not say. RFC 9110, 10.2.3: a number of seconds or a date."""
        text = self.headers.get("retry-after", "").strip()
        if not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            try:
                at = parsedate_to_datetime(text)
            except ValueError:
                return None
            seconds = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() - time.time()
        return min(max(math.ceil(seconds), 1), LONGEST_WAIT) if math.isfinite(seconds) else None


def call(
    address: Address,
    *,
    method: str = "POST",
    target: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    deadline: float | None = None,
    resolve: Resolve | None = None,
) -> Answer:
    """Raises `DeliveryError`. ``target`` replaces the address's own path. Asks the network."""
    ends = time.monotonic() + (DEADLINE if deadline is None else deadline)
    usual = {"https": 443, "http": 80}[address.scheme]
    lines = {
        "Host": address.host if address.port == usual else f"{address.host}:{address.port}",
        "User-Agent": "CloudAccounts",
        "Accept-Encoding": "identity",  # a small answer that unpacks to a large one would pass the bound below
        "Connection": "close",
        **({"Content-Length": str(len(body))} if body or method != "GET" else {}),
        **(headers or {}),
    }
    if not all(_HEADER.match(f"{name}{value}") for name, value in lines.items()):
        raise ValueError("a header holds a character that ends it")  # ours to see to: settings are cleaned
    head = [f"{method} {target or address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
    try:
        with _connect(address, ends, resolve) as connection:
            connection.settimeout(_left(ends))
            connection.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)
            return _read(connection, method, ends)
    except TimeoutError:
        raise _unreachable(f"{address.host} did not answer in time.") from None
    except ssl.SSLCertVerificationError:
        raise _unreachable(f"The certificate of {address.host} is not one that this server trusts.") from None
    except (OSError, HTTPException) as error:
        raise _unreachable(f"{address.host} cannot be reached: {type(error).__name__}.") from None


def call_json(address: Address, content: Any, *, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    body = json.dumps(content, ensure_ascii=False).encode()
    lines = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json", **(headers or {})}
    return call(address, body=body, headers=lines, **more)


def _connect(address: Address, ends: float, resolve: Resolve | None) -> socket.socket:
    proxy = _proxy(address)
    if proxy is None:
        connection = socket.create_connection((pinned(address, resolve=resolve), address.port), timeout=_left(ends))
    else:
        # A proxy resolves names by itself, so it gets a stranger's host as the number that was checked. Of vendors and
        # of what the operator named it gets the name: many networks resolve those at the proxy alone.
        host = address.host if address.vendor or address.trusted else pinned(address, resolve=resolve)
        connection = _through(proxy, host, address.port, ends)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if address.scheme == "http":
        return connection
    try:
        connection.settimeout(_left(ends))
        return _tls().wrap_socket(connection, server_hostname=address.host)
    except BaseException:  # a socket that nobody has would stay open
        connection.close()
        raise


def _proxy(address: Address) -> tuple[str, int] | None:
    """The egress proxy for it, from HTTPS_PROXY and NO_PROXY. Plain http goes to hosts of the operator's own alone."""
    url = getproxies().get("https") if address.scheme == "https" else None
    if not url or proxy_bypass(address.host):
        return None
    parts = urlsplit(url if "//" in url else f"http://{url}")
    return (parts.hostname, parts.port or 3128) if parts.hostname else None


def _through(proxy: tuple[str, int], host: str, port: int, ends: float) -> socket.socket:
    connection = socket.create_connection(proxy, timeout=_left(ends))
    try:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        connection.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode())
        head = b""
        # Byte by byte: what follows the head is TLS, and must stay in the socket.
        while not head.endswith(b"\r\n\r\n"):
            connection.settimeout(_left(ends))
            byte = connection.recv(1)
            if not byte or len(head) > 8192:
                raise ConnectionError("the proxy ended its answer early")
            head += byte
        if head.split(b" ", 2)[1:2] != [b"200"]:
            raise ConnectionRefusedError("the proxy refused")
    except BaseException:  # a socket that nobody has would stay open
        connection.close()
        raise
    return connection


class _Timed(io.RawIOBase):
    """A socket's bytes until a deadline: a timeout for each read alone would let a byte a second go on for ever."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._connection, self._ends = connection, ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._ends))
        return self._connection.recv_into(buffer)


class _Readable:
    """What `HTTPResponse` wants of a socket."""

    def __init__(self, raw: _Timed) -> None:
        self._raw = raw

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(self._raw)


def _read(connection: socket.socket, method: str, ends: float) -> Answer:
    answer = HTTPResponse(_Readable(_Timed(connection, ends)), method=method)  # type: ignore[arg-type] # makefile alone
    answer.begin()
    body = answer.read(LARGEST_ANSWER)
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def _tls() -> ssl.SSLContext:
    # As `requests` chooses, so that one variable sets the authorities of a company's proxy for all that calls out.
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    context = ssl.create_default_context(cafile=named)
    if named is None:
        context.load_verify_locations(_certifi())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _certifi() -> str:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # only workers make calls: a web process never loads it

    return str(DEFAULT_CA_BUNDLE_PATH)


def _unreachable(cause: str) -> DeliveryError:
    return DeliveryError("receiver_unreachable", cause, "It is tried again. Check the address if this goes on.")


def refusal(answer: Answer, *, receiver: str, said: str = "") -> DeliveryError:
    """The error for an answer that is no success. ``said``: the receiver's own word for it, one that we know."""
    words = f"{receiver} answered {answer.status}" + (f" ({said})" if said else "") + "."
    if answer.status in {429, 503}:
        return DeliveryError("receiver_busy", words, "It is sent again later.", retry_after=answer.retry_after)
    if answer.status in {400, 413, 415, 422}:
        return DeliveryError("message_refused", words, "Tell the operator: this message is not sent.", of_message=True)
    if answer.status == 410:
        return DeliveryError("receiver_gone", words, "Make a new channel with the receiver's new address.", gone=True)
    if answer.status in {401, 403, 404}:
        return DeliveryError("receiver_refused", words, "Check the address and the secret of this channel.")
    if 300 <= answer.status < 400:
        return DeliveryError("redirect_refused", words, "Give the address that it leads to: no redirect is followed.")
    return DeliveryError("receiver_failed", words, "It is tried again.", retry_after=answer.retry_after)
