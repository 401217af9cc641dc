"""Fetches what identity providers say of themselves: by the scheduler, bounded, from where the operator said."""

from __future__ import annotations

import ipaddress
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.deadlines import within
from config.signin.models import ProviderDocument

logger = logging.getLogger(__name__)
OIDC, SAML = "oidc", "saml"
WELL_KNOWN = "/.well-known/openid-configuration"
FRESH = timedelta(hours=1)
LARGEST = 512 * 1024  # bytes; metadata of a large federation is larger, and names others than one's own provider
SECONDS = 10.0
REDIRECTS = 3
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class DocumentError(Exception):
    """Why a document is not taken, in a sentence."""


def refresh(*, fresh: timedelta = FRESH) -> int:
    """Fetches what is older than ``fresh``. How many were fetched. Asks the network."""
    return sum(_refresh(kind, source, read, fresh) for kind, source, read in _configured())


def document(kind: str) -> dict[str, Any] | None:
    """As it was fetched last; None before that, or where the setting names another source since."""
    sources = {known: source for known, source, _ in _configured()}
    row = ProviderDocument.objects.filter(kind=kind, source=sources.get(kind, ""), fetched_at__isnull=False).first()
    return dict(row.content) if row is not None else None


def _configured() -> list[tuple[str, str, Callable[[str], dict[str, Any]]]]:
    sources: list[tuple[str, str, Callable[[str], dict[str, Any]]]] = []
    if settings.OIDC_ISSUER:
        sources.append((OIDC, settings.OIDC_ISSUER, _discovery))
    if settings.SAML_METADATA_FILE:
        sources.append((SAML, settings.SAML_METADATA_FILE, _metadata_of_file))
    elif settings.SAML_METADATA_URL:
        sources.append((SAML, settings.SAML_METADATA_URL, _metadata_of_url))
    return sources


def _refresh(kind: str, source: str, read: Callable[[str], dict[str, Any]], fresh: timedelta) -> bool:
    row = ProviderDocument.objects.filter(kind=kind, source=source).first()
    now = timezone.now()
    if row is not None and not row.problem and row.fetched_at is not None and row.fetched_at > now - fresh:
        return False
    try:
        content = read(source)
    except (DocumentError, ProviderError, requests.RequestException, OSError) as error:
        problem = str(error)[:300] if isinstance(error, DocumentError) else f"It could not be fetched: {_kind(error)}."
        logger.warning("identity_provider.not_read", extra={"kind": kind, "why": problem})
        # What was fetched before stays in use: a provider that is away for an hour has not changed.
        if not ProviderDocument.objects.filter(kind=kind, source=source).update(problem=problem):
            _store(kind, source, {}, None, problem)
        return False
    _store(kind, source, content, now)
    return True


def _store(kind: str, source: str, content: dict[str, Any], fetched_at: datetime | None, problem: str = "") -> None:
    values = {"source": source, "content": content, "fetched_at": fetched_at, "problem": problem}
    ProviderDocument.objects.update_or_create(kind=kind, defaults=values)


def _kind(error: Exception) -> str:
    return error.cause if isinstance(error, ProviderError) else type(error).__name__


def _discovery(issuer: str) -> dict[str, Any]:
    try:
        content = json.loads(fetch(issuer.rstrip("/") + WELL_KNOWN))
    except ValueError as error:
        raise DocumentError("The discovery document is no JSON.") from error
    if not isinstance(content, dict) or str(content.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        # OpenID Connect Discovery 1.0, 4.3: else another provider's word would count as this one's.
        raise DocumentError("The discovery document names another issuer than OIDC_ISSUER.")
    for name in _ENDPOINTS:
        if not isinstance(content.get(name), str):
            raise DocumentError(f"The discovery document has no {name}.")
    kept = (*_ENDPOINTS, "issuer", "userinfo_endpoint", "token_endpoint_auth_methods_supported")
    document = {name: content[name] for name in kept if name in content}
    for name in (*_ENDPOINTS, "userinfo_endpoint"):
        if name in document:
            must_be_safe(str(document[name]))
    return document


def _metadata_of_url(url: str) -> dict[str, Any]:
    return _metadata(fetch(url))


def _metadata_of_file(path: str) -> dict[str, Any]:
    with Path(path).open("rb") as file:
        return _metadata(file.read(LARGEST + 1))


def _metadata(text: bytes) -> dict[str, Any]:
    from config.signin.saml import read_metadata

    if len(text) > LARGEST:
        raise DocumentError("The metadata are larger than half a megabyte: give those of your provider alone.")
    return read_metadata(text)


def fetch(url: str) -> bytes:
    """Raises `DocumentError`, `ProviderError` past the deadline, and what requests raises."""
    return within(SECONDS, "the identity provider", lambda: _fetch(url))


def _fetch(url: str) -> bytes:
    host = urlsplit(url).hostname
    for _ in range(REDIRECTS + 1):
        must_be_safe(url)
        # Not by requests itself, which follows to any host.
        with requests.get(url, timeout=SECONDS, stream=True, allow_redirects=False) as answer:
            if answer.is_redirect:
                url = urljoin(url, answer.headers["location"])
                if urlsplit(url).hostname != host:
                    raise DocumentError("It leads to another host: set the address where it really is.")
                continue
            answer.raise_for_status()
            return bounded(answer)
    raise DocumentError("It leads from one address to the next.")


def bounded(answer: requests.Response) -> bytes:
    content = b""
    for chunk in answer.iter_content(16 * 1024):
        content += chunk
        if len(content) > LARGEST:
            raise DocumentError("The answer is larger than half a megabyte.")
    return content


def must_be_safe(url: str) -> None:
    """HTTPS; plain HTTP to this machine alone. Raises `DocumentError`."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise DocumentError("Identity providers are asked by https:// alone.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
