"""This server's own OpenID Connect token, for workload identity. No SDK, no Django.

The operator names the file in ``GCP_WORKLOAD_TOKEN_FILE``; no form and no call can. Whatever issues the token renews
the file, so it is read each time.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.jwt import unverified_claims
from cloudaccounts.providers.gcp.error_messages import TOKEN_FILE

VARIABLE = "GCP_WORKLOAD_TOKEN_FILE"
_LONGEST = 16_384  # bytes
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class ServerToken:
    text: str = field(repr=False)
    issuer: str
    subject: str
    audience: str


def read() -> ServerToken:
    """Raises `ProviderError` (``server_token_missing``, ``…_unreadable``, ``…_expired``). Asks no network."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        raise _error("missing")
    try:
        with Path(path).open("rb") as file:
            # One byte more than is allowed, so that a larger file is noticed without being read whole.
            text = file.read(_LONGEST + 1).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise _error("unreadable") from None
    if len(text) > _LONGEST or not _JWT.fullmatch(text):
        raise _error("unreadable")
    claims = unverified_claims(text)
    if claims is None:
        raise _error("unreadable")
    try:
        expires = float(claims.get("exp", "inf"))
    except (ValueError, TypeError):
        raise _error("unreadable") from None
    if expires <= time.time():
        raise _error("expired")
    audience = claims.get("aud", "")
    # A JWT's audience may be one text or a list (RFC 7519, 4.1.3); the guides name one.
    first = audience[0] if isinstance(audience, list) and audience else audience
    return ServerToken(text, str(claims.get("iss", "")), str(claims.get("sub", "")), str(first))


def _error(kind: str) -> ProviderError:
    return TOKEN_FILE[kind].to_error()
