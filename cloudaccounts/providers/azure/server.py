"""This server's own identity for federated credentials: a signed token (JWT) in a file. No Django, no SDK.

The operator names the file in ``AZURE_FEDERATED_TOKEN_FILE``, as Azure's own workload identity does; whatever issued it
(Kubernetes, a cloud, a CI system) renews the file, so it is read anew for each sign-in. No form or call names a file.
https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import time
from pathlib import Path
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import ServerIdentity

VARIABLE = "AZURE_FEDERATED_TOKEN_FILE"
MAX_TOKEN = 64 * 1024  # bytes


def token_file() -> str:
    """The operator's setting; empty where there is none."""
    return os.environ.get(VARIABLE, "").strip()


def assertion() -> str:
    """The token as it is now. Raises `ProviderError` (``server_identity_missing``, ``server_identity_invalid``)."""
    token = _read(token_file())
    claims = claims_of(token)
    if claims is None:
        raise _invalid("does not hold a signed token (JWT)")
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires <= time.time():
        raise _invalid("holds a token that has expired")
    return token


def server_identity() -> ServerIdentity:
    """Issuer and subject of the token: what a customer's federated credential must name. Never raises."""
    try:
        claims = claims_of(assertion()) or {}
    except ProviderError as error:
        return ServerIdentity(error_code=error.code, error=error.cause, remedy=error.remedy)
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer.startswith("https://") and isinstance(subject, str) and subject):
        unnamed = _invalid("holds a token without issuer (iss) or subject (sub)")
        return ServerIdentity(error_code=unnamed.code, error=unnamed.cause, remedy=unnamed.remedy)
    return ServerIdentity(principal=subject, issuer=issuer)


def claims_of(token: str) -> dict[str, Any] | None:
    """What a JWT says, unproven: whoever receives it proves it. None for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _read(path: str) -> str:
    if not path:
        raise ProviderError(
            "server_identity_missing",
            "This server has no identity for federated credentials.",
            f"The operator must point {VARIABLE} at a file with a signed token of this server. Until then, use a "
            "certificate or a client secret.",
        )
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_TOKEN + 1)
    except OSError:
        raise _invalid("cannot be read") from None
    if len(content) > MAX_TOKEN or not content.isascii():
        raise _invalid("does not hold a signed token (JWT)")
    return content.decode().strip()


def _invalid(what: str) -> ProviderError:
    return ProviderError(
        "server_identity_invalid",
        f"The file with this server's own token {what}.",
        f"The operator must fix the file that {VARIABLE} names; nothing is wrong with what you entered.",
    )
