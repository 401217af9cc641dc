"""What clients of botocore are put together from, made once for a process. No Django.

A client belongs to one region, so a scan of seventeen makes some 350 of them. What each would make anew, and what is
the same for all, stands here: the built-in handlers that concern a service, the names of events, the sender with the
certificates that are trusted.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from botocore.awsrequest import AWSPreparedRequest
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from botocore.session import Session as SdkSession
from botocore.utils import hyphenize_service_id

# One name stands for another in some events. Which, never changes, so what one client looked up serves all.
_ALIASES: dict[str, str] = {}


class Aliaser(EventAliaser):
    def __init__(self, event_emitter: Any, event_aliases: Any = None) -> None:
        super().__init__(event_emitter, event_aliases)
        self._alias_name_cache = _ALIASES


class _Handlers(HierarchicalEmitter):
    """Takes the handlers that concern one service. Each client copies what was taken: of 130 built-in ones, a dozen."""

    def __init__(self, service: str = "") -> None:
        super().__init__()
        self._service = service

    def register(self, event_name: str, handler: Callable[..., Any], *more: Any, **others: Any) -> Any:
        if self._concerns(event_name):
            super().register(event_name, handler, *more, **others)

    def register_first(self, event_name: str, handler: Callable[..., Any], *more: Any, **others: Any) -> Any:
        if self._concerns(event_name):
            super().register_first(event_name, handler, *more, **others)

    def register_last(self, event_name: str, handler: Callable[..., Any], *more: Any, **others: Any) -> Any:
        if self._concerns(event_name):
            super().register_last(event_name, handler, *more, **others)

    def _concerns(self, event_name: str) -> bool:
        """Events are "what", or "what.service.operation"; those of "docs" write the SDK's documentation."""
        what, *of = event_name.split(".")
        return what != "docs" and (not of or of[0] in ("*", self._service))


@cache
def handlers_of(service_id: str) -> HierarchicalEmitter:
    """The built-in handlers for a service (``serviceId`` in its model). Never changed: a client copies them before it
    adds its own.
    """
    taken = _Handlers(hyphenize_service_id(service_id))
    SdkSession(event_hooks=taken)
    return taken


class NoTokens:
    """In the place of the SDK's search for bearer tokens in this server's environment and files."""

    def load_token(self, **_: Any) -> None:
        return None


@lru_cache(maxsize=4)
def _trusting(path: str, _changed_at: int) -> ssl.SSLContext:
    context: ssl.SSLContext = create_urllib3_context()
    context.load_verify_locations(path)
    return context


class _Sender(URLLib3Session):
    """Reads the certificates that are trusted once, and not with each connection: the usual bundle takes 16 ms."""

    def __init__(self, bundle: str, **others: Any) -> None:
        self._bundle = bundle
        super().__init__(**others)

    def _get_ssl_context(self) -> ssl.SSLContext:
        # By the file's date, so that a bundle that was renewed is read again.
        return _trusting(self._bundle, Path(self._bundle).stat().st_mtime_ns)

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


class Senders:
    """Sends what all clients of one connection ask: by this server's proxy, or directly to hosts that are left out."""

    def __init__(self, bundle: str | None, **others: Any) -> None:
        path = bundle or os.environ.get("REQUESTS_CA_BUNDLE") or str(get_cert_path(True))
        proxies = {scheme: proxy for scheme, proxy in getproxies().items() if scheme != "no"}
        self._direct = _Sender(path, **others)
        self._by_proxy = _Sender(path, proxies=proxies, **others) if proxies else None
        self._bypasses: dict[str, bool] = {}

    def answer(self, request: AWSPreparedRequest, **_: Any) -> Any:
        """For the event "before-send", whose answer takes the place of a client's own sending."""
        return self._of(urlsplit(request.url).netloc).send(request)

    def close(self) -> None:
        for sender in (self._direct, self._by_proxy):
            if sender is not None:
                sender.close()

    def _of(self, host: str) -> _Sender:
        if self._by_proxy is None:
            return self._direct
        if host not in self._bypasses:
            self._bypasses[host] = bool(proxy_bypass(host))
        return self._direct if self._bypasses[host] else self._by_proxy
